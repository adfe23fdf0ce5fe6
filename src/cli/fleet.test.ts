import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openFileStore } from '#ledger/file-store.ts'
import { openLedger } from '#ledger/ledger.ts'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { migrationSchema } from '#model/folder-export.ts'
import type { AssayProcess } from './testing/assay-process.ts'
import { type Fleet, mannersSeen, startFleet } from './testing/fleet.ts'

/**
 * A crawl and workers that share nothing but a served PostgreSQL 15 and an S3 server, each with a data folder of its own; what the manners are is
 * what the sites' own server saw.
 */
const hot = ['hot-0.test', 'hot-1.test', 'hot-2.test']
const cold = Array.from({ length: 24 }, (_, index) => `cold-${index}.test`)
const moving = Array.from({ length: 12 }, (_, index) => `moving-${index}.test`)
const hotPages = 8
const delayMs = 300
const perAddress = 4
let fleet: Fleet
before(async () => {
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4']
  const sites = new Map([...hot, ...cold, ...moving].map((site, index) => [site, addresses[index % addresses.length] ?? '']))
  const body = (site: string) => `<title>${site}</title><p>${'Words to be read by somebody. '.repeat(20)}</p>`
  fleet = await startFleet({ sites, body, serveMs: 60 })
})
after(() => fleet.close())

const how = ['--lab', '.', '--lane', 'http', '--delay', `${delayMs}ms`, '--retries', '0', '--per-address', String(perAddress)]

/** A crawl with three more workers, to their end. */
async function visitAll(name: string, urls: readonly string[]): Promise<{ processes: AssayProcess[]; seconds(site: RegExp): number }> {
  await writeFile(join(fleet.dir, `${name}.csv`), urls.map((url, index) => `${index + 1},${url}\n`).join(''))
  const from = fleet.served.length
  const first = fleet.assay('machine-0', 'crawl', `${name}.csv`, '--name', name, ...how, '--http-jobs', '4')
  await fleet.until(() => fleet.served.length > from || first.child.exitCode !== null)
  const join4 = ['--crawl', name, '--lab', '.', '--http-jobs', '4']
  const others = [1, 2, 3].map((number) => fleet.assay(`machine-${number}`, 'worker', ...join4))
  const processes = [first, ...others]
  const codes = await Promise.all(processes.map(({ ended }) => ended))
  assert.deepEqual(codes, [0, 0, 0, 0], processes.map((each) => each.err()).join('\n'))
  const pages = fleet.served.slice(from)
  const start = Math.min(...pages.map((page) => page.from))
  return { processes, seconds: (site) => Math.max(...pages.filter((page) => site.test(page.site)).map((page) => page.to - start)) / 1000 }
}

const home = (site: string): string => `http://${site}/`

test(
  'four processes of 16 slots: a site has one visit at a time and its rest, an address its cap, and cold sites do not wait for hot ones',
  { timeout: 170_000 },
  async () => {
    const pages = [...hot.flatMap((site) => Array.from({ length: hotPages }, (_, page) => `http://${site}/${page}`)), ...cold.map(home)]
    const { processes, seconds } = await visitAll('together', pages)
    const { served } = fleet
    assert.deepEqual(new Set(served.map(({ site, path }) => `http://${site}${path}`)), new Set(pages))
    const seen = mannersSeen(served, delayMs)
    assert.deepEqual([seen.pages, seen.overlaps, seen.tooSoon], [pages.length, 0, 0])
    assert.ok(seen.mostAtOneAddress <= perAddress, `${seen.mostAtOneAddress} at one address`)
    // A hot site takes its pages one after the other; nobody else waits for that.
    assert.ok(seconds(/hot/) > (hotPages - 1) * (delayMs / 1000))
    assert.ok(seconds(/cold/) < seconds(/hot/), `cold sites took ${seconds(/cold/)} s, hot ones ${seconds(/hot/)} s`)
    const visits = processes.map((each) => Number(/(\d+) visits/.exec(each.out())?.[1]))
    assert.equal(
      visits.reduce((sum, each) => sum + each, 0),
      pages.length,
    )
  },
)

test('any machine sees the whole record, and each signed what it visited', { timeout: 120_000 }, async () => {
  const ledger = await fleet.ledger('auditor')
  try {
    const report = await ledger.files.verify()
    assert.deepEqual([report.faults, report.unlisted, report.visits], [[], [], hot.length * hotPages + cold.length])
    const rebuilt = await ledger.reindex()
    assert.equal(rebuilt.after, rebuilt.before)
    const keys = new Set<string>()
    for await (const id of ledger.files.listCaptures()) keys.add((await ledger.files.getAttestation(id))?.keyId ?? 'none')
    assert.ok(keys.size > 1 && !keys.has('none'), [...keys].join(' '))
  } finally {
    await ledger.close()
  }
  const audited = fleet.run('verify', 'auditor', '--json')
  assert.equal(await audited.ended, 0, audited.err())
})

test('a crawl that began on one machine, with all in its folder, goes on from a database and a bucket', { timeout: 120_000 }, async () => {
  await writeFile(join(fleet.dir, 'moving.csv'), moving.map((site) => `http://${site}/\n`).join(''))
  const from = fleet.served.length
  const asked = (): string[] => fleet.served.slice(from).map(({ site }) => site)
  const laptop = fleet.run('crawl', 'moving.csv', '--name', 'moving', ...how, '--http-jobs', '2', '--data', 'laptop')
  await fleet.until(() => asked().length >= 4 || laptop.child.exitCode !== null)
  laptop.child.kill('SIGINT')
  assert.equal(await laptop.ended, 130, laptop.err())
  const inFlight = 2

  const client = new pg.Client({ connectionString: fleet.database.url })
  await client.connect()
  await client.query('create database moved')
  await client.end()
  const database = fleet.database.url.replace(/postgres$/, 'moved')
  const store = fleet.objects.address('moved')
  const moved = fleet.run('migrate', '--from', 'laptop', '--to', database, '--store', store, '--json')
  assert.equal(await moved.ended, 0, moved.err())
  const report = migrationSchema.parse(JSON.parse(moved.out()))
  assert.ok(report.isEqual && report.visits! > 0 && report.visits! < moving.length)
  assert.equal(report.files?.files['visits']?.copied, report.visits)

  const goesOn = fleet.run('crawl', '--name', 'moving', ...how, '--http-jobs', '2', '--data', 'laptop', '--database', database)
  assert.equal(await goesOn.ended, 0, goesOn.err())
  assert.ok(asked().length <= moving.length + inFlight, `${asked().length} visits`)
  await openFileStore(join(fleet.dir, 'elsewhere'), { store })
  const ledger = await openLedger({ dataDir: join(fleet.dir, 'elsewhere'), database })
  try {
    assert.deepEqual((await ledger.listVisits({ crawl: 'moving' })).map(({ site }) => site).sort(byText), [...moving].sort(byText))
    assert.deepEqual((await ledger.files.verify()).faults, [])
  } finally {
    await ledger.close()
    await untilStopped(join(fleet.dir, 'laptop'))
  }
})

const byText = (a: string, b: string): number => (a < b ? -1 : 1)
