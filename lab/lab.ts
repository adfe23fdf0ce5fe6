import { mkdir, rename, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { NameMap } from '#model/names.ts'
import { addressBook, silentAddress } from './net/addresses.ts'
import { createAuthority } from './net/certificates.ts'
import { type Listener, startListener } from './net/listener.ts'
import { respond } from './net/respond.ts'
import type { Endpoint, PoolEvent } from './pool/endpoint.ts'
import { PoolServer } from './pool/pool-server.ts'
import { Random } from './random.ts'
import { refusingPort } from './site/miner-site.ts'
import type { LabRequest, LabSite, Peer, Resource, SitePlan, SiteTruth } from './site/site.ts'
import { thirdParties } from './site/third-parties.ts'
import { png } from './text/image.ts'

export interface LabLogEntry {
  atMs: number
  week: number
  method: string
  url: string
  /** 0 where something else than a proper answer was given. */
  status: number
}

/** What was asked of the lab, and what its pools were told. */
export interface LabLog {
  requests: LabLogEntry[]
  pool: PoolEvent[]
}

export interface Lab {
  /** Changed in place by `setWeek`: a resolver that holds it sees the week's names. */
  readonly names: NameMap
  /** Of the week that is shown. */
  readonly truth: SiteTruth[]
  readonly week: number
  readonly weeks: number
  readonly log: LabLog
  setWeek(week: number): Promise<void>
  close(): Promise<void>
}

/** Sites of a lab, with the third parties that their pages name: see `worlds/`. */
export interface World {
  seed: number
  weeks: number
  sites: LabSite[]
}

export interface LabOptions {
  /** `names.json` and `truth.json` are written here. */
  dir: string
  world: World
  /** From 1. */
  week?: number
  /** The most requests that the log keeps. */
  maxLogged?: number
}

/** Ports that a page may name, beside 80 and 443. The others of the lab go nowhere. */
const tlsPorts = [443, 8443, 3333]
const plainPorts = [80, 8080]
const pollPatienceMs = 25_000
/** Plans kept built: they hold the bodies that were made for them. */
const plansKept = 160

/** Serves a world on loopback addresses. Throws what listening throws. */
export async function serveWorld(o: LabOptions): Promise<Lab> {
  const { world } = o
  const authority = await createAuthority()
  const parties = thirdParties(world.seed)
  const pool = new PoolServer(world.seed)
  const book = addressBook()
  const startedAt = performance.now()
  const requests: LabLogEntry[] = []
  const byKey = new Map(world.sites.map((site) => [site.key, site]))
  const byHost = new Map<string, Set<LabSite>>()
  const shared = new Set(parties.all)
  for (const site of world.sites) {
    for (const host of [site.host, ...site.otherHosts(world.weeks)]) {
      if (shared.has(host)) continue
      const sites = byHost.get(host) ?? new Set()
      byHost.set(host, sites.add(site))
    }
  }
  let week = o.week ?? 1
  const plans = planCache((site) => site.plan(week))
  const weeks = Array.from({ length: world.weeks }, (_, index) => index + 1)
  const hostOfAddress = new Map<string, Set<string>>()
  for (const host of [...byHost.keys(), ...shared]) {
    // A connection is reset before it says which host it is for, so the host must have its address to itself.
    const resets = [...(byHost.get(host) ?? [])].some(
      (site) => site.host === host && weeks.some((n) => site.fault(n) === 'connection-reset'),
    )
    const address = book.addressOf(host, resets)
    hostOfAddress.set(address, (hostOfAddress.get(address) ?? new Set()).add(host))
  }
  const faultOf = (host: string) => {
    for (const site of byHost.get(host) ?? []) if (site.host === host) return site.fault(week)
    return null
  }

  function candidates(host: string, path: string): SitePlan[] {
    const sites = shared.has(host)
      ? (path.match(/[0-9a-f]{8}/g) ?? []).flatMap((key) => byKey.get(key) ?? [])
      : [...(byHost.get(host) ?? [])]
    return sites.flatMap((site) => plans.of(site) ?? [])
  }

  function endpointAt(host: string, path: string): Endpoint | null {
    for (const plan of candidates(host, path)) {
      const endpoint = plan.endpoints.find((e) => e.host === host && e.path === path)
      if (endpoint) return endpoint
    }
    return null
  }

  function resourceFor(request: LabRequest): Resource {
    for (const plan of candidates(request.host, request.path)) {
      const responder = plan.resources.get(request.host + request.path)
      if (responder) return typeof responder === 'function' ? responder(request) : responder
    }
    if (request.path === '/favicon.ico' && byHost.has(request.host)) return favicon(request.host)
    return (
      parties.respond(request) ?? {
        status: 404,
        type: 'text/html; charset=utf-8',
        body: () => '<!doctype html><title>Not found</title><h1>404 Not Found</h1>',
      }
    )
  }

  function note(message: IncomingMessage, url: URL, status: number): void {
    if (requests.length < (o.maxLogged ?? 200_000))
      requests.push({ atMs: Math.round(performance.now() - startedAt), week, method: message.method ?? '', url: url.href, status })
  }

  async function answer(message: IncomingMessage, response: ServerResponse, isTls: boolean): Promise<void> {
    const url = urlOf(message, isTls)
    if (url === null) {
      response.writeHead(400).end()
      return
    }
    const host = url.hostname
    const origin = headerOf(message, 'origin')
    const endpoint = endpointAt(host, url.pathname)
    if (endpoint && endpoint.transport !== 'websocket') {
      note(message, url, 200)
      await answerPool(endpoint, url, message, response, origin)
      return
    }
    if (!isTls && byHost.has(host)) {
      note(message, url, 301)
      response.writeHead(301, { location: `https://${host}${url.pathname}${url.search}` }).end()
      return
    }
    const fault = faultOf(host)
    if (fault === 'server-error') {
      note(message, url, 500)
      response.writeHead(500, { 'content-type': 'text/html' }).end('<!doctype html><title>Error</title><h1>Internal Server Error</h1>')
      return
    }
    const handler = candidates(host, url.pathname).flatMap((plan) => plan.handlers.get(host + url.pathname) ?? [])[0]
    if (handler) {
      note(message, url, 0)
      handler(message, response)
      return
    }
    const resource = resourceFor({
      method: message.method ?? 'GET',
      host,
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: await bodyOf(message),
    })
    note(message, url, respond(resource, message, response))
  }

  async function answerPool(
    endpoint: Endpoint,
    url: URL,
    message: IncomingMessage,
    response: ServerResponse,
    origin: string | null,
  ): Promise<void> {
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'cache-control': 'no-store' }
    const id = url.searchParams.get('s') ?? ''
    if (message.method === 'OPTIONS') response.writeHead(204, cors).end()
    else if (message.method === 'POST') {
      pool.post(endpoint, id, origin, await bodyOf(message))
      response.writeHead(204, cors).end()
    } else if (url.searchParams.has('stream') || url.searchParams.has('events')) {
      const isEvents = url.searchParams.has('events')
      response.writeHead(200, { ...cors, 'content-type': isEvents ? 'text/event-stream' : 'application/octet-stream' })
      response.flushHeaders()
      pool.stream(endpoint, id, origin, {
        line: (text) => response.write(isEvents ? `data: ${text}\n\n` : `${text}\n`),
        onEnd: (listener) => response.on('close', listener),
      })
    } else {
      const lines = await pool.poll(endpoint, id, origin, pollPatienceMs)
      if (!response.destroyed) response.writeHead(200, { ...cors, 'content-type': 'text/plain' }).end(lines.join('\n'))
    }
  }

  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const url = urlOf(message, true)
    const endpoint = url ? endpointAt(url.hostname, url.pathname) : null
    const talk = url
      ? candidates(url.hostname, url.pathname).flatMap((plan) => plan.sockets.get(url.hostname + url.pathname) ?? [])[0]
      : undefined
    if (url) note(message, url, endpoint || talk ? 101 : 404)
    if (endpoint) sockets.handleUpgrade(message, socket, head, (client) => pool.acceptSocket(endpoint, client, headerOf(message, 'origin')))
    else if (talk) sockets.handleUpgrade(message, socket, head, (client) => talk(peerOf(client)))
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
  }

  const firstAddress = book.all()[0] ?? '127.16.0.1'
  const listener: Listener = await startListener(
    authority,
    {
      request: (message, response, isTls) => {
        answer(message, response, isTls).catch(() => response.destroy())
      },
      upgrade,
      resets: (address) => [...(hostOfAddress.get(address) ?? [])].some((host) => faultOf(host) === 'connection-reset'),
      misidentifies: (servername) => faultOf(servername) === 'bad-certificate',
    },
    firstAddress,
  )
  await listener.bind(book.all())
  const names: NameMap = {
    hosts: {},
    ports: Object.fromEntries([
      ...plainPorts.map((port) => [port, listener.httpPort]),
      ...tlsPorts.map((port) => [port, listener.httpsPort]),
      [refusingPort, 1],
    ]),
    allow: ['127.0.0.0/8'],
    spki: authority.spki,
    authorityPem: authority.pem,
    networks: book.networks,
  }
  const truthOf = (n: number): SiteTruth[] => world.sites.map((site) => site.truth(n))

  async function show(n: number): Promise<void> {
    week = n
    plans.clear()
    for (const host of Object.keys(names.hosts)) delete names.hosts[host]
    for (const host of [...byHost.keys(), ...shared]) {
      const fault = faultOf(host)
      if (fault !== 'unresolved') {
        names.hosts[host] = [fault === 'connection-refused' ? silentAddress : book.addressOf(host)]
        // Pages may speak to hosts below a registrable name of the lab.
        names.hosts[`*.${host}`] = names.hosts[host]
      }
    }
    await writeAtomically(join(o.dir, 'names.json'), JSON.stringify(names, null, 1))
  }

  await mkdir(o.dir, { recursive: true })
  await show(week)
  // A large world's truth is written a week at a time.
  const weeksWritten = world.sites.length * world.weeks <= 20_000 ? Array.from({ length: world.weeks }, (_, index) => index + 1) : [week]
  await writeAtomically(
    join(o.dir, 'truth.json'),
    JSON.stringify({ seed: world.seed, weeks: world.weeks, sites: weeksWritten.flatMap(truthOf) }, null, 1),
  )
  return {
    names,
    get truth() {
      return truthOf(week)
    },
    get week() {
      return week
    },
    weeks: world.weeks,
    log: { requests, pool: pool.events },
    setWeek: show,
    async close() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      await listener.close()
    },
  }
}

function favicon(host: string): Resource {
  return {
    type: 'image/png',
    encoding: 'none',
    headers: { 'cache-control': 'public, max-age=86400' },
    body: () => png(new Random(`favicon/${host}`), 16, 16),
  }
}

function planCache(make: (site: LabSite) => SitePlan | null): { of(site: LabSite): SitePlan | null; clear(): void } {
  const kept = new Map<string, SitePlan | null>()
  return {
    of(site) {
      const known = kept.get(site.key)
      if (known !== undefined) {
        kept.delete(site.key)
        kept.set(site.key, known)
        return known
      }
      const plan = make(site)
      kept.set(site.key, plan)
      const oldest = kept.keys().next()
      if (kept.size > plansKept && !oldest.done) kept.delete(oldest.value)
      return plan
    },
    clear: () => kept.clear(),
  }
}

function urlOf(message: IncomingMessage, isTls: boolean): URL | null {
  const host = (message.headers.host ?? '').toLowerCase().replace(/\.(?=$|:)/, '')
  return URL.parse(message.url ?? '/', `${isTls ? 'https' : 'http'}://${host}`)
}

function headerOf(message: IncomingMessage, name: string): string | null {
  const value = message.headers[name]
  return typeof value === 'string' ? value : null
}

async function bodyOf(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 4_000_000) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function peerOf(client: WebSocket): Peer {
  client.on('error', () => client.terminate())
  return {
    send: (data) => client.send(data),
    onMessage: (listener) => client.on('message', (data: Buffer, isBinary) => listener(isBinary ? new Uint8Array(data) : data.toString())),
    every(ms, tick) {
      const timer = setInterval(tick, ms)
      client.on('close', () => clearInterval(timer))
    },
  }
}

async function writeAtomically(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}
