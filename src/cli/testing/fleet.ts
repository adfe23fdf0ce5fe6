import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileStore } from '#ledger/file-store.ts'
import { openLedger, type Ledger } from '#ledger/ledger.ts'
import { startObjectStore, type TestStore } from '#ledger/testing/object-store.ts'
import { type ServedDatabase, startServedDatabase } from '#ledger/testing/served-database.ts'
import { type AssayProcess, startAssay } from './assay-process.ts'

/** One page as the sites' own server saw it. Milliseconds of one clock. */
export interface Served {
  site: string
  path: string
  address: string
  /** Told by how it names itself. */
  lane: 'http' | 'browser'
  from: number
  to: number
}

/**
 * A fleet on one machine: a served PostgreSQL 15, an S3 server, sites on several loopback addresses, and processes of assay, each with a data folder of
 * its own, that share nothing else.
 */
export interface Fleet {
  readonly dir: string
  readonly database: ServedDatabase
  readonly objects: TestStore
  /** Pages that were served to the end, in the order of their beginning. robots.txt is none. */
  readonly served: Served[]
  /** Something was served, printed, or ended. */
  readonly changes: EventEmitter
  /** Where the record is. */
  readonly store: string
  /** The database as a machine reaches it; a test may put something between. */
  databaseOf: (machine: string) => string
  /** A command, in the fleet's folder; where it lies is said. */
  assay(machine: string, ...args: string[]): AssayProcess
  /** A command as it is given, with the keys of the object store. */
  run(...args: string[]): AssayProcess
  ledger(machine: string): Promise<Ledger>
  until(what: () => boolean): Promise<void>
  close(): Promise<void>
}

export interface FleetOptions {
  /** Site → address that it is at. */
  sites: ReadonlyMap<string, string>
  body(site: string, path: string): string
  /** How long a page takes to be served. */
  serveMs: number
  environment?: Record<string, string>
}

export async function startFleet({ sites, body, serveMs, environment = {} }: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-fleet-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(dir, { recursive: true, force: true }))
  const database = undo.adopt(await startServedDatabase(), (it) => it.remove())
  const objects = undo.adopt(await startObjectStore(), (it) => it.close())
  // The test itself is one of the machines.
  Object.assign(process.env, objects.keys)
  const changes = new EventEmitter().setMaxListeners(0)
  const served: Served[] = []
  const running = new Set<ChildProcess>()

  const server = http.createServer((request, response) => {
    const site = (request.headers.host ?? '').replace(/:\d+$/, '')
    const path = request.url ?? '/'
    if (path === '/robots.txt' || path === '/favicon.ico') return void response.writeHead(404).end()
    const lane = /compatible; Assay/.test(request.headers['user-agent'] ?? '') ? 'http' : 'browser'
    const page: Served = { site, path, lane, address: request.socket.localAddress ?? '', from: performance.now(), to: Infinity }
    served.push(page)
    setTimeout(() => {
      page.to = performance.now()
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body(site, path))
      changes.emit('change')
    }, serveMs)
  })
  await once(server.listen(0, '0.0.0.0'), 'listening')
  undo.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  undo.defer(async () => {
    for (const child of running) {
      const gone = once(child, 'exit')
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone
    }
  })
  const hosts = Object.fromEntries([...sites].map(([site, address]) => [site, [address]]))
  const ports = { '80': (server.address() as AddressInfo).port }
  await writeFile(join(dir, 'names.json'), JSON.stringify({ hosts, ports, allow: ['127.0.0.0/8'] }))
  const store = objects.address('fleet')

  const fleet: Fleet = {
    dir,
    database,
    objects,
    served,
    changes,
    store,
    databaseOf: () => database.url,
    assay: (machine, ...args) => fleet.run(...args, '--data', machine, '--store', store, '--database', fleet.databaseOf(machine)),
    run: (...args) =>
      startAssay(args, { cwd: dir, env: { ...objects.keys, ...environment, NODE_TEST_CONTEXT: undefined }, running, changes }),
    async ledger(machine) {
      await openFileStore(join(dir, machine), { store })
      return openLedger({ dataDir: join(dir, machine), database: database.url })
    },
    async until(what) {
      while (!what()) await once(changes, 'change')
    },
    close: () => kept.disposeAsync(),
  }
  const kept = undo.move()
  return fleet
}

export interface MannersSeen {
  pages: number
  /** Pages of a site that were served while another of it was. */
  overlaps: number
  /** Pages that came sooner after the last of the site than the delay. */
  tooSoon: number
  /** The most pages at one address at a time. */
  mostAtOneAddress: number
}

/** What the sites saw of the crawl's manners. */
export function mannersSeen(served: readonly Served[], delayMs: number): MannersSeen {
  const seen: MannersSeen = { pages: served.length, overlaps: 0, tooSoon: 0, mostAtOneAddress: 0 }
  const last = new Map<string, number>()
  for (const page of [...served].sort((a, b) => a.from - b.from)) {
    const before = last.get(page.site)
    if (before !== undefined && page.from < before) seen.overlaps++
    else if (before !== undefined && page.from - before < delayMs) seen.tooSoon++
    last.set(page.site, Math.max(before ?? 0, page.to))
  }
  const events = served.flatMap(({ address, from, to }) => [
    { at: from, address, step: 1 },
    { at: to, address, step: -1 },
  ])
  const now = new Map<string, number>()
  for (const { address, step } of events.sort((a, b) => a.at - b.at || a.step - b.step)) {
    const count = (now.get(address) ?? 0) + step
    now.set(address, count)
    seen.mostAtOneAddress = Math.max(seen.mostAtOneAddress, count)
  }
  return seen
}
