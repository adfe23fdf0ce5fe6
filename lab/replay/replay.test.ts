import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { get, openSocket } from '../testing/client.ts'
import { exactKey, stableKey } from './match.ts'
import { type ReplayLab, replayArchives } from './replay.ts'

interface Entry {
  url: string
  method?: string
  status?: number
  type?: string
  text?: string
  base64?: Uint8Array
  headers?: [string, string][]
  /** As recorders write it that keep no bodies. */
  isBodyMissing?: boolean
}

async function replay(t: TestContext, entries: Entry[]): Promise<ReplayLab> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-replay-'))
  const file = join(dir, 'page.har')
  const har = {
    log: {
      version: '1.2',
      creator: { name: 'test', version: '1' },
      pages: [{ id: 'page_1', startedDateTime: '2020-01-01T00:00:00.000Z', title: 'Page', pageTimings: {} }],
      entries: entries.map((entry) => ({
        pageref: 'page_1',
        startedDateTime: '2020-01-01T00:00:00.000Z',
        time: 1,
        request: {
          method: entry.method ?? 'GET',
          url: entry.url,
          httpVersion: 'HTTP/1.1',
          headers: [],
          queryString: [],
          cookies: [],
          headersSize: -1,
          bodySize: 0,
        },
        response: {
          status: entry.status ?? 200,
          statusText: 'OK',
          httpVersion: 'HTTP/1.1',
          headers: (entry.headers ?? [])
            .map(([name, value]) => ({ name, value }))
            .concat([{ name: 'Content-Type', value: entry.type ?? 'text/plain' }]),
          cookies: [],
          content: {
            size: entry.isBodyMissing ? 100 : 0,
            mimeType: entry.type ?? 'text/plain',
            ...(entry.isBodyMissing
              ? {}
              : entry.base64
                ? { text: Buffer.from(entry.base64).toString('base64'), encoding: 'base64' }
                : { text: entry.text ?? '' }),
          },
          redirectURL: '',
          headersSize: -1,
          bodySize: -1,
        },
        cache: {},
        timings: { send: 0, wait: 1, receive: 0 },
      })),
    },
  }
  await writeFile(file, JSON.stringify(har))
  const lab = await replayArchives([file], join(dir, 'replay'))
  t.after(async () => {
    await lab.close()
    await rm(dir, { recursive: true })
  })
  return lab
}

test('an archive is served under its own names, with the octets that it holds', async (t) => {
  const picture = Uint8Array.from({ length: 300 }, (_, index) => index & 255)
  const large = new Uint8Array(200_000).fill(7)
  const lab = await replay(t, [
    { url: 'http://www.example.com/', status: 302, headers: [['Location', 'https://www.example.com/home']] },
    {
      url: 'https://www.example.com/home',
      type: 'text/html',
      text: '<!doctype html><script src="https://cdn.example.net/a.js"></script>',
      headers: [
        ['Content-Encoding', 'br'],
        ['Transfer-Encoding', 'chunked'],
        ['Set-Cookie', 'a=1'],
        ['X-Own', 'kept'],
        ['Strict-Transport-Security', 'max-age=9'],
      ],
    },
    { url: 'https://cdn.example.net/a.js', type: 'text/javascript', text: 'var a' },
    { url: 'https://cdn.example.net/p.png', type: 'image/png', base64: picture },
    { url: 'https://cdn.example.net/large.bin', type: 'application/octet-stream', base64: large },
    { url: 'https://api.example.org:8444/v1', type: 'application/json', text: '{}' },
  ])
  assert.deepEqual(lab.pages, ['https://www.example.com/home'])
  const first = await get(lab, 'http://www.example.com/')
  assert.deepEqual([first.status, first.headers.location], [302, 'https://www.example.com/home'])
  const home = await get(lab, 'https://www.example.com/home')
  assert.match(home.text, /cdn\.example\.net/)
  assert.deepEqual(
    [home.headers['x-own'], home.headers['set-cookie'], home.headers['content-encoding'], home.headers['strict-transport-security']],
    ['kept', ['a=1'], undefined, undefined],
  )
  assert.equal((await get(lab, 'https://cdn.example.net/a.js')).text, 'var a')
  assert.deepEqual(new Uint8Array((await get(lab, 'https://cdn.example.net/p.png')).bytes), picture)
  assert.deepEqual(new Uint8Array((await get(lab, 'https://cdn.example.net/large.bin')).bytes), large)
  assert.equal((await get(lab, 'https://api.example.org:8444/v1')).text, '{}')
  assert.equal(lab.misses.size, 0)
})

test('a URL that differs in volatile parameters only is found, any other is a miss and counted', async (t) => {
  const lab = await replay(t, [
    { url: 'https://a.example/', type: 'text/html', text: '<p>' },
    { url: 'https://a.example/x?id=7&_=1588888888888', text: 'seven' },
    { url: 'https://a.example/x?id=8&_=1588888888888', text: 'eight' },
  ])
  assert.equal((await get(lab, 'https://a.example/x?id=8&_=1999999999999')).text, 'eight')
  assert.equal((await get(lab, 'https://a.example/x?_=3&id=7')).text, 'seven')
  assert.equal((await get(lab, 'https://a.example/x?id=9')).status, 404)
  assert.equal((await get(lab, 'https://a.example/x?id=9')).status, 404)
  assert.equal((await get(lab, 'https://a.example/x?id=7', { method: 'POST' })).status, 404)
  assert.deepEqual(
    [...lab.misses],
    [
      ['https://a.example/x?id=9', 2],
      ['https://a.example/x?id=7', 1],
    ],
  )
})

test('answers of one URL come in the archive’s order, and the last one stays', async (t) => {
  const lab = await replay(t, [
    { url: 'https://a.example/', type: 'text/html', text: '<p>' },
    { url: 'https://a.example/poll', text: 'one' },
    { url: 'https://a.example/poll', text: 'two' },
  ])
  const seen: string[] = []
  for (let i = 0; i < 3; i++) seen.push((await get(lab, 'https://a.example/poll')).text)
  assert.deepEqual(seen, ['one', 'two', 'two'])
})

test('a preflight that the archive lacks is allowed, a socket is refused, a name that is not in it does not exist', async (t) => {
  const lab = await replay(t, [{ url: 'https://a.example/', type: 'text/html', text: '<p>' }])
  const preflight = await get(lab, 'https://a.example/x', {
    method: 'OPTIONS',
    headers: { origin: 'https://b.example', 'access-control-request-headers': 'x-y' },
  })
  assert.deepEqual(
    [preflight.status, preflight.headers['access-control-allow-origin'], preflight.headers['access-control-allow-headers']],
    [204, 'https://b.example', 'x-y'],
  )
  const socket = openSocket(lab, 'wss://a.example/s', 'https://a.example')
  const [error] = (await once(socket, 'error').catch((cause: unknown) => [cause])) as [Error]
  assert.match(error.message, /403/)
  assert.equal(lab.socketAttempts.length, 1)
  assert.deepEqual(Object.keys(lab.names.hosts), ['a.example'])
})

test('a response whose body the archive lacks is served empty and counted, and is no page to begin with', async (t) => {
  const lab = await replay(t, [
    { url: 'https://a.example/', type: 'text/html', isBodyMissing: true },
    { url: 'https://a.example/b.js', type: 'text/javascript', text: 'var b' },
  ])
  const got = await get(lab, 'https://a.example/')
  assert.deepEqual([got.status, got.bytes.length, lab.bodiesLost, lab.pages], [200, 0, 1, []])
})

test('a page that was http is not to be had by https, so that a browser goes back to http; what else was http answers to both', async (t) => {
  const lab = await replay(t, [
    { url: 'http://old.example/', type: 'text/html', text: '<script src="http://counter.example/c.js"></script>' },
    { url: 'http://counter.example/c.js', type: 'text/javascript', text: 'var c' },
    { url: 'http://both.example/', type: 'text/html', text: '<p>' },
    { url: 'https://both.example/a.js', type: 'text/javascript', text: 'var a' },
  ])
  assert.match((await get(lab, 'http://old.example/')).text, /counter/)
  await assert.rejects(get(lab, 'https://old.example/'), { code: 'ECONNRESET' })
  assert.equal((await get(lab, 'https://counter.example/c.js')).text, 'var c')
  assert.equal((await get(lab, 'https://both.example/a.js')).text, 'var a')
  assert.equal(lab.misses.size, 0)
})

test('a WARC revisit is served with the body that it repeats', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-replay-'))
  const file = join(dir, 'crawl.warc')
  const record = (type: string, url: string, body: string): string => {
    const block = `HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n${body}`
    return `WARC/1.1\r\nWARC-Type: ${type}\r\nWARC-Record-ID: <urn:x:${url}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nWARC-Payload-Digest: sha1:AAAA\r\nContent-Length: ${block.length}\r\n\r\n${block}\r\n\r\n`
  }
  await writeFile(
    file,
    ['https://b.example/before.js', 'http://a.example/a.js', 'https://a.example/after.js']
      .map((url) => (url.endsWith('/a.js') ? record('response', url, 'var a') : record('revisit', url, '')))
      .join(''),
  )
  const lab = await replayArchives([file], join(dir, 'replay'))
  t.after(async () => {
    await lab.close()
    await rm(dir, { recursive: true })
  })
  assert.deepEqual(
    [(await get(lab, 'https://b.example/before.js')).text, (await get(lab, 'https://a.example/after.js')).text, lab.bodiesLost],
    ['var a', 'var a', 0],
  )
})

test('an archive without exchanges is an error', async (t) => {
  await assert.rejects(replay(t, []), { code: 'BAD_INPUT_FILE' })
})

test('keys', () => {
  assert.equal(exactKey('https://a/b?c#d'), 'https://a/b?c')
  assert.equal(stableKey('https://a/b?z=1&a=2&cb=9'), stableKey('https://a/b?a=2&z=1'))
  assert.equal(stableKey('https://a/b?q=0.8473629173'), stableKey('https://a/b?q=0.1122334455'))
  assert.notEqual(stableKey('https://a/b?q=1'), stableKey('https://a/b?q=2'))
})
