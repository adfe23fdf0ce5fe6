import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../random.ts'
import { worldAnswers } from './answers.ts'
import { drawHistory, type Stay } from './history.ts'
import { draw, heavySize, type Law } from './laws.ts'
import { drawPopulation } from './population.ts'
import { endingCounts, hostings, restCount } from './shares.ts'
import { stateOn } from './state.ts'

const weeks = 23
const population = drawPopulation(4, 4000)
const history = drawHistory(4, population, weeks)
const stays = [...history.stays.values()].flat()
const near = (value: number, of: number, slack: number): void => assert.ok(Math.abs(value - of) <= slack, `${value}, not ${of} ± ${slack}`)

test('the same seed gives the same world, another seed another', () => {
  const again = drawPopulation(4, 4000)
  assert.deepEqual(again, population)
  assert.deepEqual(drawHistory(4, again, weeks), history)
  assert.notDeepEqual(drawPopulation(5, 4000).sites[0], population.sites[0])
})

test('endings and hostings are as the counted lists have them', () => {
  const total = Object.values(endingCounts).reduce((sum, count) => sum + count, restCount)
  assert.equal(total, 10_000)
  const share = (ending: string): number => population.sites.filter(({ host }) => host.replace(/^[^.]*\./, '') === ending).length / 4000
  for (const ending of ['com', 'net', 'ru', 'org']) near(share(ending), endingCounts[ending]! / 10_000, 0.03)
  const anycast = population.sites.filter(({ hosting }) => hosting === 0).length / 4000
  near(anycast, hostings[0]!.count / hostings.reduce((sum, { count }) => sum + count, 0), 0.03)
})

test('no name of a site can be registered, and none stands twice', () => {
  for (const { host } of population.sites) assert.match(host, /^..--/)
  assert.equal(new Set(population.sites.map(({ host }) => host)).size, 4000)
})

test('few third parties are nearly everywhere, most on few sites', () => {
  const counts = population.parties
    .map(({ number }) => population.sites.filter(({ parties }) => parties.includes(number)).length)
    .sort((a, b) => b - a)
  assert.ok(counts[0]! > 20 * counts[150]!, `${counts[0]} and ${counts[150]}`)
  for (const { parties } of population.sites) assert.ok(parties.length >= 1 && parties.length <= 8)
})

test('laws of time have the quantiles of their formulas', () => {
  const median = (law: Law): number =>
    Array.from({ length: 4001 }, (_, at) => draw(law, new Random(`law/${at}`))).sort((a, b) => a - b)[2000]!
  near(median({ law: 'lognormal', median: 30, sigma: 1 }), 30, 3)
  near(median({ law: 'weibull', shape: 0.6, scale: 60 }), 60 * Math.log(2) ** (1 / 0.6), 3.5)
  const sizes = Array.from({ length: 4000 }, (_, at) => heavySize(new Random(`size/${at}`), 1.15, 1000))
  assert.ok(Math.max(...sizes) > 100 && sizes.filter((size) => size === 1).length > 1500)
})

test('the history has all that a study has to tell apart', () => {
  const by = (what: (stay: Stay) => boolean): number => stays.filter(what).length
  assert.ok(by(({ service }) => service === 'coinhive') > by(({ service }) => service !== 'coinhive' && service !== 'authedmine'))
  assert.ok(by(({ service }) => service === 'authedmine') > 10)
  assert.ok(by(({ served }) => served < 1) > 10)
  const returning = [...history.stays.values()].filter((its) => new Set(its.map(({ service }) => service)).size === 1 && its.length > 1)
  assert.ok(returning.length > 10)
  const { shutdown, compromise, operators } = history
  assert.deepEqual(
    stays.filter(({ service, to }) => service === shutdown.service && to > shutdown.day),
    [],
  )
  assert.ok(stays.some(({ service, from }) => service === shutdown.fork && from > shutdown.day))
  assert.ok(compromise !== null && operators[compromise.operator]!.sites.length >= 3)
  assert.ok(operators.filter(({ sites }) => sites.length > 5).length > 5)
  for (const kind of ['mention', 'block-list', 'spoof'])
    assert.ok(
      population.sites.some((site) => site.kind === kind),
      kind,
    )
})

test('sites that mine go dark more often', () => {
  const mining = new Set(stays.filter(({ to, from }) => from < 80 && to > 80).map(({ site }) => site))
  const shareDark = (isIn: boolean): number => {
    const its = population.sites.filter(({ number }) => mining.has(number) === isIn)
    return its.filter(({ number }) => history.dark.has(number)).length / its.length
  }
  assert.ok(shareDark(true) > 1.4 * shareDark(false), `${shareDark(true)} and ${shareDark(false)}`)
})

test('a page carries its miner on the days of the truth, under another validator, and else not', () => {
  const answers = worldAnswers(4, population, history)
  const stay = stays.find(
    ({ by, service, served, from, to }) => by === 'snippet' && service === 'coinhive' && served === 1 && from > 7 && to < 150,
  )!
  const site = population.sites[stay.site]!
  const onDay = (day: number) => answers.answer(site.host, '/', stateOn(day, history))
  const [before, during] = [onDay(stay.from - 0.5), onDay(stay.from + 0.01)]
  assert.ok(!String(before.body()).includes(stay.account) && String(during.body()).includes(stay.account))
  assert.notEqual(before.etag, during.etag)
  assert.equal(String(during.body()), String(onDay(stay.from + 0.01).body()))
})

test('a compromised third party carries one miner for its days, to all', () => {
  const answers = worldAnswers(4, population, history)
  const { party, from, to, operator } = history.compromise!
  const { host, path } = population.parties[party]!
  const [account] = history.operators[operator]!.accounts
  const carries = [from - 0.1, from, to - 0.1, to].map((day) =>
    String(answers.answer(host, path, stateOn(day, history)).body()).includes(account!),
  )
  assert.deepEqual(carries, [false, true, true, false])
})
