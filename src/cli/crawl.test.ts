import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { databaseTemplate, untilStopped } from '#ledger/testing/data-folder.ts'
import { crawlStatusSchema } from '#model/crawl-status.ts'
import { crawlDryRunSchema, crawlPlanSchema } from '#model/crawl-plan.ts'
import { crawlSeedSchema } from '#model/crawl-seed.ts'

/** `assay crawl`, `status` and `seeds` as processes, in the http lane, against a few sites on loopback. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
let server: http.Server
let template: Awaited<ReturnType<typeof databaseTemplate>>
const asked: { at: number; url: string; agent: string }[] = []
const bodies: Record<string, string> = {
  'plain.test/': '<a href="/news/1">1</a><a href="/news/2">2</a><a href="/about">about</a><script src="/app.js"></script>',
  'plain.test/news/1': 'one',
  'plain.test/news/2': 'two',
  'plain.test/about': 'about',
  'plain.test/app.js': 'console.log(1)',
  'miner.test/':
    '<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("Zk3abcdefghijklmnopqrstuvwxyz012").start()</script>',
  'closed.test/': 'nobody should see this',
  'closed.test/robots.txt': 'User-agent: *\nDisallow: /',
  'never.test/': 'nobody should see this either',
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-crawl-cli-'))
  template = await databaseTemplate()
  server = http.createServer((request, response) => {
    const url = `${request.headers.host?.replace(/:\d+$/, '')}${request.url}`
    asked.push({ at: Date.now(), url, agent: request.headers['user-agent'] ?? '' })
    const body = bodies[url]
    if (url.startsWith('busy.test/') && !url.endsWith('robots.txt')) response.writeHead(503, { 'retry-after': '7200' }).end('busy')
    else if (body === undefined) response.writeHead(404).end('not here')
    else {
      const type = url.endsWith('.js') ? 'text/javascript' : url.endsWith('.txt') ? 'text/plain' : 'text/html'
      response
        .writeHead(200, { 'content-type': type })
        .end(type === 'text/html' ? `<title>t</title><p>${'Words to be read by somebody. '.repeat(20)}</p>${body}` : body)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hosts = Object.fromEntries(['plain', 'miner', 'closed', 'never', 'busy'].map((name) => [`${name}.test`, ['127.0.0.1']]))
  await writeFile(
    join(dir, 'names.json'),
    JSON.stringify({ hosts, ports: { '80': (server.address() as net.AddressInfo).port }, allow: ['127.0.0.0/8'] }),
  )
  await writeFile(
    join(dir, 'list.csv'),
    'rank,url\n1,http://plain.test/\n2,http://miner.test/\n3,http://closed.test/\n4,http://never.test/\n5,http://gone.test/\n6,http://busy.test/\n',
  )
  await writeFile(join(dir, 'never.txt'), 'never.test\n')
})
after(async () => {
  server.closeAllConnections()
  server.close()
  for (const name of ['data', 'scope']) await untilStopped(join(dir, name))
  await template.remove()
  await rm(dir, { recursive: true, force: true })
})

async function assay(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const lane = ['--lane', 'http', '--lab', '.', '--delay', '0s', '--retries', '0']

test('a dry run and a plan ask nobody', async () => {
  asked.length = 0
  const dry = await assay('crawl', 'list.csv', '--dry-run', '--json', '--never', 'never.txt', ...lane)
  assert.equal(dry.code, 0, dry.err)
  const said = crawlDryRunSchema.parse(JSON.parse(dry.out))
  assert.deepEqual(
    [said.neverListed.map(({ url }) => url), said.robots, said.first.map(({ rank }) => rank)],
    [['http://never.test/'], 'obey', [1, 2, 3, 4, 5, 6]],
  )
  const plan = await assay('crawl', 'plan', 'list.csv', '--lane', 'both', '--sample', '50%', '--json')
  assert.equal(plan.code, 0, plan.err)
  const parsed = crawlPlanSchema.parse(JSON.parse(plan.out))
  assert.equal(parsed.lanes[0]?.visits, 6)
  assert.equal(asked.length, 0)
})

test('an http lane wants a contact, an unknown never-list is no never-list', async () => {
  const without = await assay('crawl', 'list.csv', '--lane', 'http', '--data', 'x')
  assert.deepEqual([without.code, /--contact/.test(without.err)], [4, true], without.err)
  const missing = await assay('crawl', 'list.csv', ...lane, '--never', 'nowhere.txt', '--data', 'x')
  assert.deepEqual([missing.code, /NOT_FOUND/.test(missing.err)], [4, true], missing.err)
  const both = await assay('crawl', 'list.csv', '--lane', 'http', '--sample', '0.1')
  assert.deepEqual([both.code, /--lane both/.test(both.err)], [4, true], both.err)
})

test(
  'every site is visited once in the http lane: hints, no hints, and what was not observed by its class',
  { timeout: 300_000 },
  async () => {
    await template.copyTo(join(dir, 'data'))
    asked.length = 0
    const ran = await assay('crawl', 'list.csv', ...lane, '--data', 'data', '--never', 'never.txt', '--contact', 'me@example.org')
    assert.equal(ran.code, 0, ran.err)
    assert.match(ran.out, /^3 visits, 3 failed\n$/)
    const urls = asked.map(({ url }) => url)
    assert.ok(urls.includes('plain.test/app.js') && urls.includes('closed.test/robots.txt'), urls.join(' '))
    assert.ok(!urls.some((url) => url === 'closed.test/' || url.startsWith('never.test')), urls.join(' '))
    assert.ok(asked.every(({ agent }) => agent.endsWith('; +me@example.org)')))
    const status = await assay('status', '--data', 'data', '--json')
    const said = crawlStatusSchema.parse(JSON.parse(status.out))
    assert.equal(said.state, 'done')
    assert.deepEqual(Object.fromEntries(said.failures.map(({ failure, visits }) => [failure, visits])), {
      robots: 1,
      'never-list': 1,
      dns: 1,
      'http-error': 1,
    })
    assert.deepEqual(Object.fromEntries(said.statuses.map(({ status: name, visits }) => [name, visits])), {
      'not-observed': 4,
      hint: 1,
      'no-hint': 1,
    })
    const words = await assay('status', '--data', 'data')
    assert.match(words.out, /crawl: round 1 of 1, done/)
    asked.length = 0
    assert.match((await assay('crawl', 'list.csv', ...lane, '--data', 'data')).out, /^0 visits/)
    assert.equal(asked.length, 0, 'the same command again visits nobody')
  },
)

test('lists are imported, listed and tagged; an override has a reason, and then the page is visited', { timeout: 300_000 }, async () => {
  const of = ['--data', 'data', '--name', 'second']
  assert.match(
    (await assay('seeds', 'import', 'list.csv', '--limit', '3', '--tag', 'country:de', ...of)).out,
    /^3 seeds added, 0 were there; 3 in all/,
  )
  assert.match((await assay('seeds', 'import', 'list.csv', '--limit', '4', ...of)).out, /^1 seeds added, 3 were there; 4 in all/)
  assert.match((await assay('seeds', 'tag', 'shop,big', 'plain.test', 'http://miner.test/', ...of)).out, /^2 seeds changed/)
  const tagged = (await assay('seeds', 'list', '--tag', 'shop', '--json', ...of)).out
    .trim()
    .split('\n')
    .map((line) => crawlSeedSchema.parse(JSON.parse(line)))
  assert.deepEqual(
    tagged.map(({ rank, tags }) => [rank, tags]),
    [
      [1, ['country:de', 'shop', 'big']],
      [2, ['country:de', 'shop', 'big']],
    ],
  )
  const bare = await assay('seeds', 'override', 'closed.test', ...of)
  assert.deepEqual([bare.code, /--reason/.test(bare.err)], [4, true])
  assert.equal((await assay('seeds', 'tag', 'x', 'nobody.test', ...of)).code, 4)
  assert.match((await assay('seeds', 'override', 'closed.test', '--reason', 'its owner asked us to', ...of)).out, /^1 seeds changed/)
  asked.length = 0
  const ran = await assay('crawl', ...of, ...lane)
  assert.match(ran.out, /^4 visits, 0 failed/, ran.err)
  assert.ok(asked.some(({ url }) => url === 'closed.test/'))
})

test('within a scope the home page and its most different inner pages are visited, two of a kind once', { timeout: 300_000 }, async () => {
  await template.copyTo(join(dir, 'scope'))
  asked.length = 0
  const ran = await assay('crawl', 'list.csv', '--limit', '1', ...lane, '--data', 'scope', '--scope', 'host', '--inner', '2')
  assert.match(ran.out, /^3 visits, 0 failed/, ran.err)
  const pages = asked
    .map(({ url }) => url)
    .filter((url) => !/\.(js|txt)$/.test(url))
    .sort()
  assert.deepEqual(pages, ['plain.test/', 'plain.test/about', 'plain.test/news/1'])
})
