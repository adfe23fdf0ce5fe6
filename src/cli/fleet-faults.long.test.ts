import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { findBrowser } from '#capture/browser/executable.ts'
import { type CutWay, openWay } from './testing/cut-way.ts'
import type { AssayProcess } from './testing/assay-process.ts'
import { type Fleet, startFleet } from './testing/fleet.ts'

/**
 * A crawl in both lanes and three workers, each with a folder of its own, at one PostgreSQL 15 and one S3 server whose way is bad all along. While it
 * runs: fifty times somebody is killed (a worker, the process that the crawl was started with, its browser, the database), clocks jump by a day, a
 * worker's network is pulled, and one sleeps until its sites are others'.
 */
const sites = Array.from({ length: 24 }, (_, index) => `site-${index}.test`)
const pagesOfSite = 16
const pages = sites.flatMap((site) => Array.from({ length: pagesOfSite }, (_, page) => `http://${site}/${page}`))
const kills = 50
const httpJobs = 4
const browserJobs = 1
const hasBrowser = await findBrowser().then(
  () => true,
  () => false,
)

let fleet: Fleet
let way: CutWay
before(async () => {
  const preload = fileURLToPath(new URL('testing/clock-jump.mjs', import.meta.url))
  fleet = await startFleet({
    sites: new Map(sites.map((site, index) => [site, `127.0.0.${2 + (index % 8)}`])),
    body: (site, path) => `<title>${site}${path}</title><p>${'Words to be read by somebody. '.repeat(20)}</p>`,
    serveMs: 30,
    environment: { NODE_OPTIONS: `--import ${preload}` },
  })
  way = await openWay(Number(new URL(fleet.database.url).port))
  // One machine has its database behind a cable.
  fleet.databaseOf = (machine) => (machine === 'machine-2' ? fleet.database.url.replace(/:\d+\//, `:${way.port}/`) : fleet.database.url)
})
after(async () => {
  way.close()
  await fleet.close()
})

/** The same faults each time: a linear congruential generator (Numerical Recipes). */
let state = 20_260_105
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32

async function ask<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: fleet.database.url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Chromium's own process, among those that one of ours has started. */
async function browserOf(pid: number): Promise<number | null> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).split(' ').filter((each) => each !== '')
  for (const child of children.map(Number)) {
    const command = (await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (/chrom/.test(command[0] ?? '') && !command.some((word) => word.startsWith('--type='))) return child
    const below = await browserOf(child)
    if (below !== null) return below
  }
  return null
}

test(
  'fifty kills, pulled network, jumping clocks, a sleeper: nothing acknowledged is lost, nothing is there twice, only what was in flight is visited again',
  {
    timeout: 560_000,
    skip: !hasBrowser && 'no browser is here',
  },
  async (t) => {
    await writeFile(join(fleet.dir, 'list.csv'), pages.map((url, index) => `${index + 1},${url}\n`).join(''))
    const both = ['--lane', 'both', '--sample', '2%', '--repeat', '0', '--dwell', '200ms', '--delay', '1500ms', '--retries', '5']
    const commands: Record<string, string[]> = {
      'machine-0': ['crawl', 'list.csv', '--name', 'faults', ...both, '--per-address', '100', '--jobs', String(browserJobs)],
      ...Object.fromEntries(
        [1, 2, 3].map((number) => [`machine-${number}`, ['worker', '--crawl', 'faults', '--lane', 'http', '--keep-on']]),
      ),
    }
    const start = (machine: string): AssayProcess => {
      const [command = '', ...rest] = commands[machine] ?? []
      return fleet.assay(machine, command, ...rest, '--lab', '.', '--http-jobs', String(httpJobs))
    }
    const processes = new Map<string, AssayProcess>()
    processes.set('machine-0', start('machine-0'))
    await fleet.until(() => fleet.served.length > 3 || processes.get('machine-0')!.child.exitCode !== null)
    assert.equal(processes.get('machine-0')!.child.exitCode, null, processes.get('machine-0')!.err())
    for (const number of [1, 2, 3]) processes.set(`machine-${number}`, start(`machine-${number}`))
    let asked = 0
    fleet.objects.faultOf = () => (asked++ % 13 === 12 ? (['cut', 'slow-down', 'half-answered', 'unheard'] as const)[asked % 4]! : null)

    const acknowledged = new Set<string>()
    const told: Record<string, number> = { worker: 0, crawl: 0, browser: 0, database: 0, clock: 0, network: 0, sleeper: 0 }
    const inFlight = { http: 0, browser: 0 }
    const note = async (): Promise<void> => {
      for (const { visit_id: id } of await ask<{ visit_id: string }>(`select visit_id from assay.visits where crawl = 'faults'`))
        acknowledged.add(id)
      leased = { http: 0, browser: 0 }
      for (const { lane, count } of await ask<{ lane: 'http' | 'browser'; count: string }>(
        `select lane, count(*) from assay.leases group by lane`,
      ))
        leased[lane] = Number(count)
    }
    const more = async (count: number): Promise<void> => {
      const from = fleet.served.length
      await fleet.until(() => fleet.served.length >= from + count || ended())
    }
    const ended = (): boolean => (processes.get('machine-0')?.child.exitCode ?? null) !== null
    /** What a process may have had in hand: no more than its slots, and than there was in hand at all. */
    let leased = { http: 0, browser: 0 }
    const loses = (machine: string): void => {
      inFlight.http += Math.min(httpJobs, leased.http)
      if (machine === 'machine-0') inFlight.browser += Math.min(browserJobs, leased.browser)
    }
    let sleeper: string | null = null

    for (let killed = 0; killed < kills && !ended();) {
      await more(3)
      await note()
      const place = random()
      const machine = `machine-${place < 0.2 ? 0 : 1 + Math.floor(random() * 3)}`
      const process_ = processes.get(machine)!
      if (sleeper !== null) {
        processes.get(sleeper)?.child.kill('SIGCONT')
        sleeper = null
        way.mend()
      }
      if (killed % 10 === 5) {
        // Its clock, another's network, a third that sleeps: by turns, besides the kills.
        processes.get('machine-3')?.child.kill('SIGUSR2')
        told['clock']!++
        way.cut()
        loses('machine-2')
        told['network']!++
        sleeper = 'machine-1'
        processes.get(sleeper)?.child.kill('SIGSTOP')
        loses(sleeper)
        await ask(`select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.objsubid = 2 and l.granted`)
        for (const each of ['machine-0', 'machine-3']) loses(each)
        told['sleeper']!++
      }
      if (place > 0.85) {
        await fleet.database.kill()
        await fleet.database.start()
        // Who loses its connection loses its leases to whoever has nothing else to do.
        for (const each of processes.keys()) loses(each)
        told['database']!++
        killed++
        continue
      }
      const browser = place < 0.1 ? await browserOf(processes.get('machine-0')?.child.pid ?? 0) : null
      if (browser !== null) {
        process.kill(browser, 'SIGKILL')
        inFlight.browser += browserJobs
        told['browser']!++
        killed++
        continue
      }
      loses(machine)
      process_.child.kill('SIGKILL')
      await process_.ended
      told[machine === 'machine-0' ? 'crawl' : 'worker']!++
      killed++
      processes.set(machine, start(machine))
    }
    if (sleeper !== null) processes.get(sleeper)?.child.kill('SIGCONT')
    way.mend()
    const { worker = 0, crawl = 0, browser: browsers = 0, database = 0 } = told
    assert.equal(worker + crawl + browsers + database, kills, 'the crawl ended too early')
    t.diagnostic(`${JSON.stringify(told)}; ${fleet.served.length} pages served, ${acknowledged.size} acknowledged at the last fault`)
    assert.equal(await processes.get('machine-0')!.ended, 0, processes.get('machine-0')!.err())
    fleet.objects.faultOf = () => null
    for (const [machine, { child, ended: gone, err }] of processes)
      if (machine !== 'machine-0') {
        child.kill('SIGINT')
        assert.equal(await gone, 130, err())
      }

    const ledger = await fleet.ledger('auditor')
    try {
      const rows = await ledger.listVisits({ crawl: 'faults' })
      const ids = new Set(rows.map((row) => row.visitId))
      assert.deepEqual(
        [...acknowledged].filter((id) => !ids.has(id)),
        [],
        'acknowledged and lost',
      )
      const http = rows.filter((row) => row.lane === 'http')
      assert.equal(http.length, pages.length)
      assert.equal(new Set(http.map((row) => row.url)).size, pages.length, 'a page is there twice')
      const browser = rows.filter((row) => row.lane === 'browser')
      assert.ok(browser.length > 0)
      assert.equal(new Set(browser.map((row) => row.url)).size, browser.length)
      assert.ok(rows.every((row) => row.observed !== null))
      const servedIn = (lane: 'http' | 'browser'): number => fleet.served.filter((page) => page.lane === lane).length
      const again = { http: servedIn('http') - http.length, browser: servedIn('browser') - browser.length }
      t.diagnostic(
        `visits made again: ${again.http} http of ${inFlight.http} that may have been in flight, ${again.browser} browser of ${inFlight.browser}`,
      )
      assert.ok(again.http <= inFlight.http, `${again.http} http visits again, ${inFlight.http} in flight`)
      assert.ok(again.browser <= inFlight.browser, `${again.browser} browser visits again, ${inFlight.browser} in flight`)
      assert.deepEqual((await ledger.files.verify()).faults, [])
      const report = await ledger.reindex()
      assert.equal(report.after, report.before)
    } finally {
      await ledger.close()
    }
    const verified = fleet.run('verify', 'auditor')
    assert.equal(await verified.ended, 0, verified.out().slice(-2000))
  },
)
