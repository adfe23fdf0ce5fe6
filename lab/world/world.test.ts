import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyContext } from '#derive/deriver.ts'
import { htmlDeriver } from '#derive/html/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { Random } from '../random.ts'
import { worldAnswers } from './answers.ts'
import { drawHistory, type Stay } from './history.ts'
import { draw, heavySize, type Law } from './laws.ts'
import { drawPopulation } from './population.ts'
import { endingCounts, hostings, restCount } from './shares.ts'
import { stateOn } from './state.ts'
import { operatorSnippet } from './trackers.ts'

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

test('sites are measured by identifiers of their own and of their owners, some operators by theirs, beside the miner alone', () => {
  const answers = worldAnswers(4, population, history)
  const idsOn = (site: (typeof population.sites)[number], day: number): string[] => {
    const { features, inner } = htmlDeriver.derive(Buffer.from(answers.answer(site.host, '/', stateOn(day, history)).body()), emptyContext)
    const scripts = inner.flatMap(({ kind, bytes }) =>
      kind === 'javascript' ? javascriptDeriver.derive(bytes, emptyContext).features.trackers : [],
    )
    return [...features.trackers, ...scripts].map(({ kind, id }) => `${kind} ${id}`)
  }
  const own = population.sites.slice(0, 400).map((site) => idsOn(site, 0).filter((id) => id.startsWith('google-analytics')))
  const shared = Map.groupBy(own.flat(), (id) => id)
  near(own.filter(({ length }) => length === 1).length / own.length, 0.6, 0.08)
  assert.ok(shared.size > 150 && [...shared.values()].some(({ length }) => length > 2), `${shared.size}`)
  const counting = stays.filter(
    ({ by, served, operator, to, from }) =>
      by !== 'third-party' && served === 1 && to - from > 2 && operatorSnippet(4, { number: operator }) !== null,
  )
  for (const { site, from, operator } of counting.slice(0, 5)) {
    const id = `histats ${4_012_000 + operator}`
    assert.ok(idsOn(population.sites[site]!, from + 1).includes(id))
    if (from > 7 && !history.stays.get(site)!.some((stay) => stay.operator === operator && stay.from < from))
      assert.ok(!idsOn(population.sites[site]!, from - 1).includes(id))
  }
  assert.ok(counting.length > 5)
})
