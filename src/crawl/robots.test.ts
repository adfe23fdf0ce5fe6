import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { seedOf } from '#model/seed.ts'
import type { RobotsCache, RobotsEntry } from '#ledger/index/robots.ts'
import { Robots, type RobotsResponse } from './robots.ts'

const now = new Date('2026-01-05T00:00:00Z')
const later = (ms: number) => new Date(now.getTime() + ms)
const { signal } = new AbortController()

function memoryCache(): RobotsCache & { entries: Map<string, RobotsEntry> } {
  const entries = new Map<string, RobotsEntry>()
  return {
    entries,
    get: async (origin, at) => [entries.get(origin)].find((entry) => entry !== undefined && entry.expiresAt > at) ?? null,
    put: async (origin, entry) => void entries.set(origin, entry),
  }
}

function robotsOf(answer: Partial<RobotsResponse> | AssayError, cache = memoryCache()) {
  const asked: string[] = []
  const robots = new Robots({
    cache,
    fetch: async (url) => {
      asked.push(url)
      if (answer instanceof AssayError) throw answer
      return { status: 200, text: '', maxAgeMs: null, ...answer }
    },
  })
  return { robots, asked, cache, decide: (url: string, at = now) => robots.decide(seedOf(url), at, signal) }
}

describe('robots.txt (RFC 9309)', () => {
  const allowed: Record<string, [Partial<RobotsResponse>, string, boolean]> = {
    'an empty file allows all': [{ text: '' }, 'https://a.test/x', true],
    'all robots are kept out': [{ text: 'User-agent: *\nDisallow: /' }, 'https://a.test/x', false],
    'our own group counts, not that of all': [
      { text: 'User-agent: *\nDisallow: /\n\nUser-agent: Assay\nDisallow: /private' },
      'https://a.test/x',
      true,
    ],
    'and keeps us out where it says': [
      { text: 'User-agent: *\nAllow: /\n\nUser-agent: ASSAY\nDisallow: /private' },
      'https://a.test/private/1',
      false,
    ],
    'the longest rule wins': [{ text: 'User-agent: *\nDisallow: /a\nAllow: /a/b' }, 'https://a.test/a/b/c', true],
    'of two as long, allow': [{ text: 'User-agent: *\nDisallow: /a\nAllow: /a' }, 'https://a.test/a', true],
    'stars and the end of a path': [{ text: 'User-agent: *\nDisallow: /*.php$' }, 'https://a.test/x/y.php', false],
    'which a query is not': [{ text: 'User-agent: *\nDisallow: /*.php$' }, 'https://a.test/x/y.php?z', true],
    'percent-encoding is compared as octets': [{ text: 'User-agent: *\nDisallow: /caf%C3%A9' }, 'https://a.test/café', false],
    'a mark of byte order is none of the first line': [{ text: '\ufeffUser-agent: *\nDisallow: /' }, 'https://a.test/', false],
    'lines that end in CR': [{ text: 'User-agent: *\rDisallow: /' }, 'https://a.test/', false],
    'there is none (404)': [{ status: 404, text: 'User-agent: *\nDisallow: /' }, 'https://a.test/', true],
    'nobody may read it (403)': [{ status: 403 }, 'https://a.test/', true],
    'one redirect too many': [{ status: 302 }, 'https://a.test/', true],
    'the server is down (503): complete disallow': [{ status: 503, text: '' }, 'https://a.test/', false],
    'a line of a megabyte is nobody’s rule': [
      { text: `User-agent: *\nDisallow: /${'*a'.repeat(250_000)}\nDisallow: /x` },
      'https://a.test/x',
      false,
    ],
  }
  for (const [name, [answer, url, expected]] of Object.entries(allowed))
    it(name, async () => {
      const decision = await robotsOf(answer).decide(url)
      assert.equal(decision.isAllowed, expected, decision.reason ?? '')
      assert.equal(decision.reason === null, expected)
    })

  it('names the line that disallows', async () =>
    assert.match(
      (await robotsOf({ text: '# hello\nUser-agent: *\nDisallow: /shop' }).decide('https://a.test/shop/1')).reason ?? '',
      /a\.test\/robots\.txt disallows it in line 3$/,
    ))
  it('says how long to wait, and not longer than a day', async () => {
    assert.equal((await robotsOf({ text: 'User-agent: *\nCrawl-delay: 7.5' }).decide('https://a.test/')).crawlDelayMs, 7500)
    assert.equal((await robotsOf({ text: 'User-agent: *\nCrawl-delay: 999999' }).decide('https://a.test/')).crawlDelayMs, 86_400_000)
    assert.equal((await robotsOf({ text: 'User-agent: *\nCrawl-delay: -3' }).decide('https://a.test/')).crawlDelayMs, 0)
  })
  it('a fault on the way is that fault, and is not kept', async () => {
    const { decide, asked } = robotsOf(new AssayError('DNS_FAILED', 'NXDOMAIN: a.test has no address'))
    assert.equal((await decide('https://a.test/')).error?.code, 'DNS_FAILED')
    await decide('https://a.test/')
    assert.equal(asked.length, 2)
  })
  it('is asked once for each scheme, host and port', async () => {
    const { decide, asked } = robotsOf({ text: '' })
    for (const url of ['https://a.test/1', 'https://a.test/2', 'http://a.test/', 'https://a.test:8443/', 'https://b.a.test/'])
      await decide(url)
    assert.deepEqual(asked, [
      'https://a.test/robots.txt',
      'http://a.test/robots.txt',
      'https://a.test:8443/robots.txt',
      'https://b.a.test/robots.txt',
    ])
  })
  it('is kept for as long as it says, ten minutes at least and a day at most, by every process', async () => {
    for (const [maxAgeMs, kept] of [
      [null, 86_400_000],
      [0, 600_000],
      [3_600_000, 3_600_000],
      [1e12, 86_400_000],
    ] as const) {
      const cache = memoryCache()
      await robotsOf({ text: '', maxAgeMs }, cache).decide('https://a.test/')
      const other = robotsOf({ text: '' }, cache)
      await other.decide('https://a.test/', later(kept - 1))
      assert.equal(other.asked.length, 0)
      await other.decide('https://a.test/', later(kept))
      assert.equal(other.asked.length, 1)
    }
  })
  it('a server that was down is asked again after ten minutes', async () => {
    const { decide, asked } = robotsOf({ status: 500 })
    await decide('https://a.test/')
    await decide('https://a.test/', later(599_000))
    assert.equal(asked.length, 1)
    await decide('https://a.test/', later(601_000))
    assert.equal(asked.length, 2)
  })
})
