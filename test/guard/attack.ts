import dgram from 'node:dgram'
import { once } from 'node:events'
import type http from 'node:http'
import { networkInterfaces } from 'node:os'
import { browserEgressFlags, egressDisabledFeatures } from '#egress/browser-flags.ts'
import { createEgress, type EgressLane, reachPolicy, systemResolver } from '#egress/egress.ts'
import { startThrowawayChromium, type ThrowawayPage } from './chromium.ts'
import { dnsServer } from './dns-server.ts'
import { httpOrigin, type Origin } from './origin.ts'

/** Ways in which a page can ask for an address. Each is a function body that runs in the page (or its workers) with `url` and returns when it is settled. */
export const ways: Record<string, string> = {
  iframe: `const f = document.createElement('iframe'); f.src = url; await shown(f)`,
  image: `const i = new Image(); i.src = url; await settled(i)`,
  script: `const s = document.createElement('script'); s.src = url; document.head.append(s); await settled(s)`,
  stylesheet: `const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = url; document.head.append(l); await settled(l)`,
  prefetch: `const l = document.createElement('link'); l.rel = 'prefetch'; l.href = url; document.head.append(l); await settled(l)`,
  preconnect: `for (const rel of ['dns-prefetch', 'preconnect']) { const l = document.createElement('link'); l.rel = rel; l.href = url; document.head.append(l) }`,
  video: `const v = document.createElement('video'); v.src = url; await settled(v)`,
  object: `const o = document.createElement('object'); o.data = url; document.body.append(o); await settled(o)`,
  fetch: `await fetch(url, { mode: 'no-cors' })`,
  'fetch with credentials': `await fetch(url, { mode: 'cors', credentials: 'include', method: 'POST', body: 'x', headers: { 'x-y': '1' } })`,
  xhr: `await new Promise((done) => { const x = new XMLHttpRequest(); x.open('GET', url); x.onloadend = done; x.send() })`,
  beacon: `navigator.sendBeacon(url, 'x')`,
  eventsource: `await new Promise((done) => { const e = new EventSource(url); e.onopen = e.onerror = () => { e.close(); done() } })`,
  websocket: `await new Promise((done) => { const w = new WebSocket(url.replace('http:', 'ws:')); w.onopen = w.onclose = done })`,
  form: `const f = document.createElement('iframe'); f.name = 'f' + Math.random(); document.body.append(f); const form = document.createElement('form'); form.action = url; form.method = 'post'; form.target = f.name; document.body.append(form); form.submit(); await settled(f)`,
  redirect: `await fetch('/redirect?to=' + encodeURIComponent(url), { mode: 'no-cors' })`,
  'redirect in a frame': `const f = document.createElement('iframe'); f.src = '/redirect?to=' + encodeURIComponent(url); await shown(f)`,
  'refresh in a frame': `const f = document.createElement('iframe'); f.src = '/refresh?to=' + encodeURIComponent(url); await shown(f); await new Promise((done) => setTimeout(done, 500))`,
  'worker fetch': `const w = new Worker(URL.createObjectURL(new Blob(['onmessage = (e) => fetch(e.data, { mode: "no-cors" }).catch(() => {}).then(() => postMessage(1))']))); w.postMessage(url); await new Promise((done) => { w.onmessage = done }); w.terminate()`,
  'worker websocket': `const w = new Worker(URL.createObjectURL(new Blob(['onmessage = (e) => { const s = new WebSocket(e.data.replace("http:", "ws:")); s.onopen = s.onclose = () => postMessage(1) }']))); w.postMessage(url); await new Promise((done) => { w.onmessage = done }); w.terminate()`,
  'service worker fetch': `const r = await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; const c = new MessageChannel(); const answered = new Promise((done) => { c.port1.onmessage = done }); r.active.postMessage(url, [c.port2]); await answered`,
}

const pageHtml = `<!doctype html><title>attack</title><body><script>
const settled = (e) => new Promise((done) => { e.onload = e.onerror = e.onloadeddata = done })
const shown = (f) => { document.body.append(f); return settled(f) }
const limit = (p) => Promise.race([p, new Promise((done) => setTimeout(done, 4000))])
const ways = { ${Object.entries(ways)
  .map(([name, body]) => `${JSON.stringify(name)}: async (url) => { ${body} }`)
  .join(',\n')} }
async function attack(hosts, port) {
  const one = (host, way) => limit(ways[way]('http://' + host + ':' + port + '/hit/' + encodeURIComponent(way) + '/' + encodeURIComponent(host)).catch(() => {}))
  for (let at = 0; at < hosts.length; at += 8) await Promise.all(hosts.slice(at, at + 8).flatMap((host) => Object.keys(ways).map((way) => one(host, way))))
}
async function ice(servers) {
  const c = new RTCPeerConnection({ iceServers: servers.map((urls) => ({ urls, username: 'u', credential: 'p' })) }); c.createDataChannel('x')
  const found = []; const complete = new Promise((done) => { c.onicecandidate = (e) => e.candidate ? found.push(e.candidate.candidate) : done() })
  await c.setLocalDescription(await c.createOffer()); await limit(complete); c.close(); return found
}
async function transport(url) { const t = new WebTransport(url); await limit(t.ready).catch(() => {}); await limit(t.closed).catch(() => {}) }
</script>`

/** Hosts that mean a machine itself or a network of its own, whichever it is. Names ending in `.test` need the DNS server of `runAttack`. */
export const fixedHosts: readonly string[] = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.0.0.1.',
  '１２７.0.0.1',
  'localhost',
  'sub.localhost',
  'LOCALHOST.',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::]',
  '[fe80::1]',
  '169.254.169.254',
  '10.0.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '[fd00:ec2::254]',
  'evil4.test',
  'evil6.test',
  'evilmapped.test',
  'evilnat.test',
  'both.test',
  'rebind.test',
]

/** These, and what means this machine. */
export function privateHosts(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return [
    ...fixedHosts,
    ...own
      .filter((each) => (!each.internal && each.scopeid !== undefined ? each.scopeid === 0 : !each.internal))
      .map((each) => (each.family === 'IPv6' ? `[${each.address}]` : each.address)),
  ]
}

export interface AttackResult {
  /** `way host` of every request that a closed address saw. */
  hits: string[]
  /** Connections that a closed address saw, requests or not. */
  canaryConnections: number
  lane: EgressLane
  /** Octets that STUN listeners saw. */
  datagrams: number
  candidates: string[]
  /** Queries that the DNS server of the test got, by whomever. */
  dnsQueries: number
}

/**
 * A page on an allowed address does everything that it can to reach closed ones. `guarded`: the policy opens the page's own address
 * only, and the browser has egress' flags; otherwise everything is open and the browser may use UDP: what the attack does when nothing holds it.
 */
export async function runAttack(o: { guarded: boolean; hosts?: readonly string[] }): Promise<AttackResult> {
  const hosts = o.hosts ?? privateHosts()
  const hits: string[] = []
  const onCanary: http.RequestListener = (request, answer) => {
    hits.push(decodeURIComponent(request.url?.replace('/hit/', '').replace('/', ' ') ?? ''))
    answer.writeHead(200, { 'access-control-allow-origin': '*' }).end('canary')
  }
  const site = await httpOrigin(onSite, { host: '127.0.0.2' })
  const canaries: Origin[] = []
  for (const host of ['127.0.0.1', '::1', ...ownAddresses()]) {
    const canary = await httpOrigin(onCanary, { host, port: site.port }).catch(() => null)
    if (canary) canaries.push(canary)
  }
  const dns = await dnsServer({
    'attacker.test': { a: ['127.0.0.2'], aaaa: [], ttl: 60 },
    'evil4.test': { a: ['127.0.0.1'], aaaa: [], ttl: 60 },
    'evil6.test': { a: [], aaaa: ['::1'], ttl: 60 },
    'evilmapped.test': { a: [], aaaa: ['::ffff:127.0.0.1'], ttl: 60 },
    'evilnat.test': { a: [], aaaa: ['64:ff9b::127.0.0.1'], ttl: 60 },
    'both.test': { a: ['127.0.0.2', '127.0.0.1'], aaaa: ['::1'], ttl: 60 },
    'rebind.test': (count) => ({ a: [count % 2 === 1 ? '127.0.0.2' : '127.0.0.1'], aaaa: [], ttl: 0 }),
  })
  let datagrams = 0
  const stun = dgram.createSocket('udp4').on('message', () => datagrams++)
  stun.bind(0, '127.0.0.1')
  await once(stun, 'listening')
  const udpPort = stun.address().port

  const egress = createEgress({
    resolver: systemResolver({ servers: [dns.address], minCacheSeconds: 0, maxCacheSeconds: 0 }),
    policy: o.guarded ? reachPolicy({ allow: ['127.0.0.2'] }) : reachPolicy({ allowPrivate: true }),
  })
  const lane = await egress.openLane({ visitId: 'attack' })
  const open = browserEgressFlags().filter((flag) => !/webrtc|quic/.test(flag))
  const browser = await startThrowawayChromium([
    ...(o.guarded ? browserEgressFlags() : open),
    `--disable-features=${egressDisabledFeatures.join(',')}`,
    `--unsafely-treat-insecure-origin-as-secure=http://attacker.test:${site.port}`,
  ])
  try {
    const page = await browser.openPage(lane.proxyUrl)
    await opened(page, `http://attacker.test:${site.port}/`)
    await page.evaluate(`attack(${JSON.stringify(hosts)}, ${site.port})`)
    const candidates = (await page.evaluate(
      `ice(['stun:127.0.0.1:${udpPort}', 'turn:127.0.0.1:${udpPort}', 'turn:127.0.0.1:${site.port}?transport=tcp', 'stun:localhost:${udpPort}'])`,
    )) as string[]
    await page.evaluate(`transport('https://127.0.0.1:${udpPort}/')`)
    for (const host of hosts) await page.navigate(`http://${host}:${site.port}/hit/navigation/${encodeURIComponent(host)}`)
    return {
      hits,
      canaryConnections: canaries.reduce((sum, canary) => sum + canary.accepted(), 0),
      lane,
      datagrams,
      candidates,
      dnsQueries: dns.asked.length,
    }
  } finally {
    await browser.close()
    await egress.close()
    await Promise.all([
      site.close(),
      dns.close(),
      ...canaries.map((canary) => canary.close()),
      new Promise<void>((done) => stun.close(() => done())),
    ])
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter((each) => !each.internal && !each.address.startsWith('fe80'))
    .map((each) => each.address)
}

async function opened(page: ThrowawayPage, url: string): Promise<void> {
  await page.navigate(url)
  // The commands of one session keep their order, but a navigation commits when it likes.
  for (let tries = 0; tries < 200; tries++) {
    if (await page.evaluate(`typeof attack === 'function' && document.readyState === 'complete'`).catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the attacking page did not open')
}

const onSite: http.RequestListener = (request, answer) => {
  const url = new URL(request.url ?? '/', 'http://attacker.test')
  const to = url.searchParams.get('to') ?? ''
  if (url.pathname === '/redirect') return void answer.writeHead(302, { location: Buffer.from(to, 'utf8').toString('latin1') }).end()
  if (url.pathname === '/refresh')
    return void answer
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<meta http-equiv="refresh" content="0;url=${to.replaceAll('"', '&quot;')}">`)
  if (url.pathname === '/sw.js') {
    return void answer.writeHead(200, { 'content-type': 'text/javascript' }).end(`
      oninstall = () => skipWaiting(); onactivate = (e) => e.waitUntil(clients.claim())
      onmessage = (e) => e.waitUntil(fetch(e.data, { mode: 'no-cors' }).catch(() => {}).then(() => e.ports[0].postMessage(1)))`)
  }
  answer.writeHead(200, { 'content-type': 'text/html' }).end(pageHtml)
}
