import { before, test } from 'node:test'
import assert from 'node:assert/strict'
import { chromiumPath } from './chromium.ts'
import { closedAddresses, type CrawlAttackResult, crawlWays, runCrawlAttack } from './crawl-attack.ts'

/** Three processes crawl sites whose names move to closed addresses while they are visited, in both lanes, by a real DNS server. */
const skip = chromiumPath === null && 'no Chromium'
let result: CrawlAttackResult
before(
  async () => {
    if (skip === false) result = await runCrawlAttack()
  },
  { timeout: 300_000 },
)

test('every process did its part, and nothing connected to a closed address', { skip }, () => {
  assert.deepEqual(
    result.processes.map(({ command, code, error }) => [command, code, error]),
    ['crawl --lane http', 'crawl --lane browser', 'worker', 'crawl, everything opened'].map((command) => [command, 0, '']),
  )
  for (const lane of ['wide', 'deep']) assert.match(result.processes[2]?.out ?? '', new RegExp(`^${lane}: [1-9]\\d* visits`, 'm'))
  assert.ok(result.listeners.some(({ address }) => address === '127.0.0.1'))
  for (const { address, guarded, opened } of result.listeners) {
    assert.equal(guarded, 0, `connections to ${address}`)
    assert.ok(opened > 0, `with everything opened the same names lead to ${address}`)
  }
  const reached = result.visits.flatMap(({ connections }) => connections.filter(({ outcome }) => outcome === 'connected'))
  assert.deepEqual([...new Set(reached.map(({ address }) => address))], ['127.0.0.2'])
})

test('every name was answered with its closed address', { skip }, () => {
  const untold = result.visits.filter(({ way, closedAnswers }) => way !== 'parts' && closedAnswers === 0)
  assert.deepEqual(untold, [])
})

for (const way of ['start', 'robots', 'alias', 'redirect'] as const)
  test(`not observed, and why: ${crawlWays[way]}`, { skip }, () => {
    const visits = result.visits.filter((visit) => visit.way === way)
    assert.deepEqual(new Set(visits.map(({ address }) => address)), new Set(closedAddresses))
    assert.deepEqual(new Set(visits.map(({ lane }) => lane)), new Set(['http', 'browser']))
    for (const { host, status, failure, connections } of visits) {
      assert.deepEqual([status, failure], ['not-observed', 'guard'], host)
      // Where robots.txt was not reached there is no capture.
      if (way !== 'start') assert.equal(connections.at(-1)?.outcome, 'refused', host)
    }
  })

test('answers that hold both are used for what is open; those that change are one or the other', { skip }, () => {
  for (const { way, host, status, failure, connections } of result.visits) {
    if (way === 'both') {
      assert.deepEqual([failure, connections[0]?.outcome], [null, 'connected'], host)
      assert.match(connections[0]?.reason ?? '', /^not used: /, host)
    }
    if (way === 'turns') assert.ok(failure === 'guard' ? status === 'not-observed' : failure === null, `${host}: ${status}, ${failure}`)
  }
})

test('scripts, frames, sockets and workers of a page whose parts move are refused, one by one', { skip }, () => {
  const refused = (lane: string): Map<string, number> => {
    const visit = result.visits.find((each) => each.way === 'parts' && each.lane === lane)
    const counts = new Map<string, number>()
    for (const { host, outcome } of visit?.connections ?? []) if (outcome === 'refused') counts.set(host, (counts.get(host) ?? 0) + 1)
    return counts
  }
  assert.equal(refused('http').size, closedAddresses.length)
  const inBrowser = refused('browser')
  assert.equal(inBrowser.size, closedAddresses.length)
  for (const [host, count] of inBrowser) assert.ok(count >= 8, `${host}: ${count} refused`)
})
