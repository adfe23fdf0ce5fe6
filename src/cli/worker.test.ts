import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import pg from 'pg'
import { work, type WorkerRequest } from '#app/worker.ts'
import { embeddedDatabase } from '#ledger/database/embedded.ts'
import { noConditions } from '#crawl/conditions.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { openLedger, type Ledger } from '#ledger/ledger.ts'
import { databaseTemplate, untilStopped } from '#ledger/testing/data-folder.ts'
import type { ErrorCode } from '#model/errors.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { seedOf } from '#model/seed.ts'
import { workerLineSchema } from '#model/worker-line.ts'
import { type AssayProcess, startAssay } from './testing/assay-process.ts'

/** `assay worker` as processes beside `assay crawl`, at one served PostgreSQL; sites on loopback that answer when the test lets them. */

/** Another folder's server stands for one that is served: it is reached by its socket, as that would be by its host. */
let served: ReturnType<typeof embeddedDatabase>
let host: string
let url: string
let dir: string
let server: http.Server
let template: Awaited<ReturnType<typeof databaseTemplate>>
let ledger: Ledger
const running = new Set<ChildProcess>()

/** Pages asked for, in order, and those that wait for their answer. */
let asked: string[] = []
let held: { site: string; answer: () => unknown }[] = []
let holds = true
const changes = new EventEmitter()

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-worker-cli-'))
  template = await databaseTemplate()
  await template.copyTo(join(dir, 'server'))
  served = embeddedDatabase(join(dir, 'server'))
  const config = await served.ensure()
  host = String(config.host)
  url = `postgres://${String(config.user)}@localhost/postgres?host=${encodeURIComponent(host)}`
  ledger = await openLedger({ dataDir: join(dir, 'data'), database: url })
  server = http.createServer((request, response) => {
    if (request.url !== '/') return void response.writeHead(404).end()
    const site = (request.headers.host ?? '').replace(/:\d+$/, '')
    asked.push(site)
    const answer = () =>
      response.headersSent ||
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>t</title><p>${'Words to be read by somebody. '.repeat(20)}</p>`)
    if (holds) held.push({ site, answer })
    else answer()
    changes.emit('change')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const names = ['share', 'kill', 'stale', 'later', 'full'].flatMap((crawl) => sitesOf(crawl, 12))
  await writeFile(
    join(dir, 'names.json'),
    JSON.stringify({
      hosts: Object.fromEntries(names.map((name) => [name, ['127.0.0.1']])),
      ports: { '80': (server.address() as net.AddressInfo).port },
      allow: ['127.0.0.0/8'],
    }),
  )
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  release()
  ;[asked, held, holds] = [[], [], true]
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await ledger.close()
  await served.release()
  await untilStopped(join(dir, 'server'))
  await template.remove()
  await rm(dir, { recursive: true, force: true })
})

const sitesOf = (crawl: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${crawl}-${index}.test`)

function release(): void {
  holds = false
  for (const { answer } of held.splice(0)) answer()
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await once(changes, 'change')
}

const assay = (...args: string[]): AssayProcess => startAssay(args, { cwd: dir, running, changes })

const place = (): string[] => ['--database', url, '--data', 'data', '--lab', '.']

async function crawl(name: string, sites: readonly string[], jobs: number, ...more: string[]): Promise<AssayProcess> {
  await writeFile(join(dir, `${name}.csv`), sites.map((site, index) => `${index + 1},http://${site}/\n`).join(''))
  const how = ['--lane', 'http', '--delay', '0s', '--retries', '0', '--per-address', '100', '--http-jobs', String(jobs), ...more]
  return assay('crawl', `${name}.csv`, '--name', name, ...place(), ...how)
}

const worker = (crawlName: string, jobs: number, ...more: string[]): AssayProcess =>
  assay('worker', '--crawl', crawlName, '--http-jobs', String(jobs), ...place(), ...more)

const visitedIn = async (name: string): Promise<string[]> => (await ledger.listVisits({ crawl: name })).map(({ site }) => site).sort()

test('a crawl and two workers share one list: each page is visited once, each process has its part', { timeout: 120_000 }, async () => {
  const sites = sitesOf('share', 12)
  const first = await crawl('share', sites, 4)
  await until(() => held.length === 4)
  const [a, b] = [worker('share', 4), worker('share', 4)]
  await until(() => held.length === 12 || first.child.exitCode !== null)
  release()
  assert.deepEqual(await Promise.all([first.ended, a.ended, b.ended]), [0, 0, 0], first.err() + a.err() + b.err())
  assert.deepEqual([first.out(), a.out(), b.out()], ['4 visits, 0 failed\n', ...Array<string>(2).fill('share: 4 visits, 0 failed\n')])
  assert.deepEqual([...asked].sort(), [...sites].sort())
  assert.deepEqual(await visitedIn('share'), [...sites].sort())
})

test(
  'Ctrl-C gives back what is in flight; a worker that is killed loses nothing acknowledged; the never-list is everybody’s',
  { timeout: 120_000 },
  async () => {
    const sites = sitesOf('kill', 8)
    await writeFile(join(dir, 'never.txt'), 'kill-7.test # its owner asked us\n')
    const first = await crawl('kill', sites, 2, '--never', 'never.txt')
    await until(() => held.length === 2)
    first.child.kill('SIGINT')
    assert.equal(await first.ended, 130, first.err())
    assert.deepEqual(await visitedIn('kill'), [])
    held = []

    const killed = worker('kill', 3)
    await until(() => held.length === 3)
    const acknowledged = held.slice(0, 2).map(({ site }) => site)
    for (const { answer } of held.splice(0, 2)) answer()
    // It takes others only when it is done with these.
    await until(() => held.length === 3)
    killed.child.kill('SIGKILL')
    await killed.ended
    // And perhaps the page that nobody is asked for.
    const kept = await visitedIn('kill')
    assert.deepEqual(
      kept.filter((site) => site !== 'kill-7.test'),
      [...acknowledged].sort(),
    )
    const before = asked.length
    holds = false

    const last = worker('kill', 3)
    assert.equal(await last.ended, 0, last.err())
    assert.equal(last.out(), `kill: 5 visits, ${8 - kept.length - 5} failed\n`)
    const after = asked.slice(before)
    assert.deepEqual([...after].sort(), sites.filter((site) => !acknowledged.includes(site) && site !== 'kill-7.test').sort())
    assert.deepEqual(await visitedIn('kill'), [...sites].sort())
    assert.deepEqual((await ledger.files.verify()).faults, [])
  },
)

test('the late result of a worker that was taken for dead does not count', { timeout: 120_000 }, async () => {
  const [site] = sitesOf('stale', 1)
  const first = await crawl('stale', [site!], 1)
  await until(() => held.length === 1)
  first.child.kill('SIGINT')
  assert.equal(await first.ended, 130)
  held = []

  const stale = worker('stale', 1, '--json')
  await until(() => held.length === 1)
  stale.child.kill('SIGSTOP')
  await cutOff(1)
  const other = worker('stale', 1)
  await until(() => held.length === 2)
  held[1]!.answer()
  assert.equal(await other.ended, 0, other.err())
  assert.equal(other.out(), 'stale: 1 visits, 0 failed\n')
  const kept = await ledger.listVisits({ crawl: 'stale' })

  held[0]!.answer()
  stale.child.kill('SIGCONT')
  assert.equal(await stale.ended, 0, stale.err())
  const line = workerLineSchema.parse(JSON.parse(stale.out()))
  assert.deepEqual([line.ended, line.visits, line.fenced], ['done', 0, 1])
  assert.deepEqual(await ledger.listVisits({ crawl: 'stale' }), kept)
  const report = await ledger.reindex()
  assert.equal(report.after, report.before, 'the late result is in no record')
})

/** What a pulled network does to the leases' holder: the server ends its connections, with the lock that says that it lives. */
async function cutOff(workers: number): Promise<void> {
  const client = new pg.Client({ host, user: 'assay', database: 'postgres' })
  await client.connect()
  try {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(l.pid, 10000) from pg_locks l where l.locktype = 'advisory' and l.objsubid = 2
         and (l.classid::int, l.objid::int) in (select 24947, worker from assay.leases where crawl = 'stale')`,
    )
    assert.equal(rowCount, workers)
  } finally {
    await client.end()
  }
}

test('a worker that keeps on waits for a crawl, and for more when it is done', { timeout: 120_000 }, async () => {
  const sites = sitesOf('later', 2)
  const waiting = worker('later', 1, '--keep-on', '--lane', 'http', '--json')
  const first = await crawl('later', sites, 1)
  await until(() => held.length === 2)
  assert.match(waiting.err(), /^later: joined, http lane$/m)
  release()
  assert.equal(await first.ended, 0, first.err())
  await until(() => waiting.out().endsWith('\n'))
  assert.equal(waiting.child.exitCode, null)
  assert.equal(workerLineSchema.parse(JSON.parse(waiting.out())).visits, 1)
  waiting.child.kill('SIGINT')
  assert.equal(await waiting.ended, 130, waiting.err())
  assert.deepEqual(await visitedIn('later'), sites)
})

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test(
  'a crawl whose disk is full waits, keeps nothing by halves, and goes on when there is space',
  { timeout: 120_000, skip: !canMount && 'mounting is not permitted here' },
  async (t) => {
    const small = join(dir, 'small')
    await mkdir(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'assay-test', small])
    t.after(() => execFileSync('umount', ['--lazy', small]))
    const sites = sitesOf('full', 3)
    const full = await crawl('full', sites, 3, '--data', 'small')
    await until(() => held.length === 3 || full.child.exitCode !== null)
    // No block is left: dd ends with an error, which is the point.
    spawnSync('dd', ['if=/dev/zero', `of=${join(small, 'ballast')}`, 'bs=4096'])
    release()
    // Each was visited, could not be kept, and is visited again after a rest.
    await until(() => asked.length > sites.length || full.child.exitCode !== null)
    assert.deepEqual(await visitedIn('full'), [])
    await rm(join(small, 'ballast'))
    assert.equal(await full.ended, 0, full.err())
    assert.deepEqual(await visitedIn('full'), sites)
    const report = await (await openFileStore(small)).verify()
    assert.deepEqual([report.faults, report.captures >= 3, report.visits], [[], true, 3])
  },
)

test('a worker joins nothing that it would visit otherwise than the crawl says', { timeout: 120_000 }, async () => {
  holds = false
  const settings = (await ledger.joinableCrawls()).find(({ name }) => name === 'share')?.settings
  const define = (name: string, change: object) =>
    ledger.defineCrawl({
      name,
      seeds: [seedOf('http://share-0.test/')],
      everyMs: null,
      rounds: 1,
      startsAt: new Date(),
      firstLane: 'http',
      settings: { ...settings, ...change },
    })
  await define('own', { hasConditions: true })
  await define('simulated', { isSimulated: true })
  await define('earlier', { links: undefined })
  const elsewhere = await openFileStore(join(dir, 'elsewhere'))
  await elsewhere.keyId()
  const left: [string, number][] = []
  const joins = (crawl: string | null, more: Partial<WorkerRequest> = {}) =>
    work(
      {
        data: join(dir, 'data'),
        database: url,
        crawl,
        lane: null,
        keepsOn: false,
        never: emptyNeverList,
        conditionsOf: noConditions,
        workshop: { allowPrivate: false, allow: [], lab: dir, browser: null, jobs: 1 },
        httpJobs: 1,
        version: '0',
        ...more,
      },
      {
        onNote: () => {},
        onProgress: () => {},
        onRound: () => {},
        onJoined: () => {},
        onLeft: (name, { visits }) => left.push([name, visits]),
      },
      new AbortController().signal,
    )
  const cases: [string | null, Partial<WorkerRequest>, ErrorCode, RegExp][] = [
    ['nobody', {}, 'NOT_FOUND', /no crawl is called "nobody"/],
    ['own', { data: join(dir, 'nowhere') }, 'NOT_FOUND', /nowhere is no data folder/],
    ['own', { data: join(dir, 'elsewhere') }, 'BAD_ARGUMENT', /own is kept in another data folder/],
    ['own', {}, 'BAD_ARGUMENT', /own visits under conditions of its own/],
    ['own', { lane: 'browser', conditionsOf: () => ({ language: 'de' }) }, 'BAD_ARGUMENT', /own has no browser lane/],
    ['simulated', {}, 'UNSUPPORTED', /simulated time/],
    ['earlier', {}, 'UNSUPPORTED', /by a version that did not keep/],
    [null, {}, 'BAD_ARGUMENT', /own visits under conditions/],
  ]
  for (const [crawlName, more, code, message] of cases) await assert.rejects(joins(crawlName, more), { code, message })
  assert.equal(await joins('share'), 'done')
  assert.deepEqual([left, asked], [[], []], 'nothing wants a visit there')
  assert.equal(await joins(null, { conditionsOf: () => ({ language: 'de' }) }), 'done')
  assert.deepEqual([left, asked], [[['own', 1]], ['share-0.test']])
  const refused = assay('worker', '--crawl', 'nobody', ...place())
  assert.equal(await refused.ended, 4)
  assert.match(refused.err(), /NOT_FOUND: no crawl is called "nobody"\n.*--keep-on waits for it/)
})
