import { mkdir, rename, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { NameMap } from '#model/names.ts'
import { silentAddress } from '../net/addresses.ts'
import { createAuthority } from '../net/certificates.ts'
import { startListener } from '../net/listener.ts'
import { PoolServer } from '../pool/pool-server.ts'
import { worldAnswers } from './answers.ts'
import { drawHistory } from './history.ts'
import { endpointsOf } from './miner-code.ts'
import { addressIn, drawPopulation } from './population.ts'
import { hostings } from './shares.ts'
import { stateOn, type WorldState } from './state.ts'
import { truthOf, type WorldTruth } from './truth.ts'

export interface WorldOptions {
  /** Gets names.json, sites.csv and study.yaml, which a study may read, and truth.json, which it must not. */
  dir: string
  seed: number
  sites: number
  weeks: number
  /** Of the sites, to which an operator comes at some time. */
  mining?: number
}

export interface ServedWorld {
  readonly names: NameMap
  readonly truth: WorldTruth
  /** Answers given since the start, by status. */
  readonly answers: ReadonlyMap<number, number>
  /** Days after the first. */
  setDay(day: number): Promise<void>
  close(): Promise<void>
}

const dayMs = 86_400_000
const weekMs = 7 * dayMs
/** A Monday in the time of the first miners. */
export const worldStart = new Date('2018-02-05T00:00:00Z')
const controlHost = 'turn.lab-world.lab'
const controlAddress = '127.15.0.1'
const tlsPorts = [443]

/** Serves a population of thousands on loopback, on the day that it is told: everything follows from the seed. */
export async function serveLargeWorld({ dir, seed, sites, weeks, mining }: WorldOptions): Promise<ServedWorld> {
  const population = drawPopulation(seed, sites)
  const history = drawHistory(seed, population, weeks, mining)
  const answers = worldAnswers(seed, population, history)
  const truth = truthOf({ seed, weeks, startsAt: worldStart, population, history })
  const endpoints = new Map(endpointsOf(history.operators).map((endpoint) => [endpoint.host + endpoint.path, endpoint]))
  const pool = new PoolServer(seed)
  const authority = await createAuthority()
  const counts = new Map<number, number>()
  let state: WorldState = stateOn(0, history)
  let turning: { day: number; done: Promise<void> } | null = null

  function answer(message: IncomingMessage, response: ServerResponse): void {
    const host = hostOf(message)
    const path = (message.url ?? '/').replace(/[?#].*/, '')
    if (host === controlHost) return control(path, response)
    const site = answers.siteAt(host)
    const isDown = site !== undefined && state.outageOf(site) === 'server-error'
    const { status, type, etag, body } = isDown
      ? { status: 500, type: 'text/html', etag: null, body: () => '<!doctype html><title>Error</title><h1>Internal Server Error</h1>' }
      : answers.answer(host, path, state)
    const isKnown = status === 200 && etag !== null && message.headers['if-none-match'] === etag
    const given = isKnown ? 304 : status
    counts.set(given, (counts.get(given) ?? 0) + 1)
    if (isKnown) {
      response.writeHead(304, { etag }).end()
      return
    }
    const octets = Buffer.from(body())
    response.writeHead(status, {
      'content-type': type,
      'content-length': octets.length,
      ...(etag === null ? {} : { etag }),
      ...(type.includes('javascript') ? { 'access-control-allow-origin': '*' } : {}),
    })
    response.end(message.method === 'HEAD' ? undefined : octets)
  }

  /** `/at/2018-02-12T00:00:00.000Z`: that day is shown from now on. */
  function control(path: string, response: ServerResponse): void {
    const at = Date.parse(path.replace(/^\/at\//, ''))
    if (Number.isNaN(at) || at < worldStart.getTime()) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('no date of this world')
      return
    }
    setDay((at - worldStart.getTime()) / dayMs).then(
      () => response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(`day ${state.day}`),
      () => response.destroy(),
    )
  }

  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const endpoint = endpoints.get(hostOf(message) + (message.url ?? ''))
    if (endpoint === undefined) socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
    else sockets.handleUpgrade(message, socket, head, (client) => pool.acceptSocket(endpoint, client, message.headers.origin ?? null))
  }

  const listener = await startListener(
    authority,
    { request: answer, upgrade, resets: () => false, misidentifies: () => false },
    controlAddress,
  )
  // What is neither a site nor a shared service of the population has an address of the second hosting.
  const elsewhere = (host: string): string => addressIn(1, [...host].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 40)
  const addressOf = new Map([
    ...answers.hosts.map((host): [string, string] => [host, elsewhere(host)]),
    ...population.parties.map(({ host, address }): [string, string] => [host, address]),
    ...population.sites.map(({ host, address }): [string, string] => [host, address]),
    ...[...endpoints.values()].map(({ host }): [string, string] => [host, elsewhere(host)]),
    [controlHost, controlAddress] as [string, string],
  ])
  await listener.bind([...new Set(addressOf.values())])
  const names: NameMap = {
    hosts: {},
    ports: { '80': listener.httpPort, ...Object.fromEntries(tlsPorts.map((port) => [port, listener.httpsPort])) },
    allow: ['127.0.0.0/8'],
    spki: authority.spki,
    authorityPem: authority.pem,
    networks: hostings.map(({ country, asn, organisation }, index) => ({ cidr: `127.${index + 16}.0.0/16`, country, asn, organisation })),
    world: { startsAt: worldStart.toISOString(), everyMs: weekMs, weeks, turn: `http://${controlHost}/at/` },
  }

  /** Several who visit may all say so: the visits of a day are counted once. */
  function setDay(day: number): Promise<void> {
    if (turning === null || turning.day !== day) turning = { day, done: show(day) }
    return turning.done
  }

  async function show(day: number): Promise<void> {
    state = stateOn(day, history)
    answers.newDay()
    names.hosts = {}
    for (const [host, address] of addressOf) {
      const site = answers.siteAt(host)
      const outage = site === undefined ? null : state.outageOf(site)
      if (outage !== 'unresolved') names.hosts[host] = [outage === 'connection-refused' ? silentAddress : address]
    }
    await writeAtomically(join(dir, 'names.json'), JSON.stringify(names))
  }

  await mkdir(dir, { recursive: true })
  await setDay(0)
  await writeAtomically(join(dir, 'truth.json'), JSON.stringify(truth))
  await writeAtomically(join(dir, 'sites.csv'), listOf(population.sites))
  await writeAtomically(join(dir, 'study.yaml'), studyOf(seed, weeks))
  return {
    names,
    truth,
    answers: counts,
    setDay,
    async close() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      await listener.close()
    },
  }
}

const hostOf = (message: IncomingMessage): string => (message.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')

const listOf = (sites: readonly { rank: number; url: string; tags: readonly string[] }[]): string =>
  ['rank,url,tags', ...sites.map(({ rank, url, tags }) => `${rank},${url},${tags.join(' ')}`)].join('\n')

const studyOf = (seed: number, weeks: number): string => `name: world-${seed}
list: sites.csv
census: true
every: 7d
for: ${weeks}w
time: simulated
profile: quick
dwell: 4
endpoint: The share of sites that mine without asking in the first round
endAfter: 2
correction: holm
replicates: 500
seed: 1
`

async function writeAtomically(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}
