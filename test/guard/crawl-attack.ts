import { type ChildProcess, execFile } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { leastCacheSeconds } from '#egress/resolver.ts'
import { openLedger } from '#ledger/ledger.ts'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { artifacts } from '#model/capture.ts'
import { type AssayProcess, startAssay } from '../../src/cli/testing/assay-process.ts'
import { ways as pageWays } from './attack.ts'
import { type DnsEntry, dnsServer, type DnsTable } from './dns-server.ts'
import { httpOrigin, type Origin, tcpOrigin } from './origin.ts'

/** Where names move to while they are visited; the sites themselves are at `openAddress`, which alone is opened. */
export const closedAddresses = [
  '127.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  'fd00:ec2::254',
  'fe80::1',
] as const
const openAddress = '127.0.0.2'
/** A browser's visit costs a hundred times one over http. */
const inBrowser: ReadonlySet<string> = new Set(['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1'])

/** How a name comes to mean a closed address. */
export const crawlWays = {
  start: 'it means the address from the start',
  robots: 'it moves there once its robots.txt was read',
  alias: 'its alias (CNAME) is another name once its robots.txt was read',
  redirect: 'its page leads to a name that moves there and leads on to itself',
  turns: 'every other answer of the DNS (TTL 0) is the address',
  both: 'the DNS answers with the site’s own address and this one',
} as const
export type CrawlWay = keyof typeof crawlWays

const resultSchema = z.object({
  /** Closed addresses where somebody listened, and connections that they saw from the guarded crawls and from one with everything opened. */
  listeners: z.array(z.object({ address: z.string(), guarded: z.number(), opened: z.number() })),
  /** What each process said in the end, and of its errors where its exit code is not 0. */
  processes: z.array(z.object({ command: z.string(), code: z.number().nullable(), out: z.string(), error: z.string() })),
  visits: z.array(
    z.object({
      lane: z.string(),
      host: z.string(),
      way: z.string(),
      address: z.string(),
      status: z.string(),
      failure: z.string().nullable(),
      /** Answers of the DNS that named the closed address. */
      closedAnswers: z.number(),
      connections: z.array(z.object({ host: z.string(), outcome: z.string(), address: z.string(), reason: z.string() })),
    }),
  ),
})
export type CrawlAttackResult = z.infer<typeof resultSchema>

const program = fileURLToPath(import.meta.url)
// A network of its own, where this machine has every one of the closed addresses: what is connected to is seen.
const inOwnNetwork = [
  'ip link set lo up',
  ...closedAddresses.flatMap((address) =>
    /^(?:127\.|0\.0|::|fe80)/.test(address) ? [] : [`ip addr add ${address}/${address.includes(':') ? 128 : 32} dev lo`],
  ),
].join(' && ')

/** Runs the crawls, in a network of their own where that can be had. */
export async function runCrawlAttack(): Promise<CrawlAttackResult> {
  const run = promisify(execFile)
  const canUnshare = await run('unshare', ['-n', '--', 'sh', '-c', inOwnNetwork]).then(
    () => true,
    () => false,
  )
  const environment = { env: { ...process.env, NODE_TEST_CONTEXT: undefined }, maxBuffer: 64 * 2 ** 20 }
  const { stdout } = canUnshare
    ? await run('unshare', ['-n', '--', 'sh', '-c', `${inOwnNetwork} && exec "$0" "$1"`, process.execPath, program], environment)
    : await run(process.execPath, [program], environment)
  return resultSchema.parse(JSON.parse(stdout))
}

interface Target {
  lane: 'http' | 'browser' | 'control'
  way: CrawlWay | 'parts'
  address: string
}

/** Longer than an answer of the DNS is kept at the least: what is asked for afterwards is resolved anew. */
const slowMs = leastCacheSeconds * 1000 + 100
const nameOf = ({ lane, way, address }: Target, prefix: string = way): string =>
  `${prefix}-${lane}-${closedAddresses.indexOf(address as (typeof closedAddresses)[number])}.test`

async function attack(): Promise<CrawlAttackResult> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-guard-crawl-'))
  const data = join(dir, 'data')
  const moved = new Set<string>()
  const closedAnswers = new Map<string, number>()
  const changes = new EventEmitter().setMaxListeners(0)
  const running = new Set<ChildProcess>()
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(dir, { recursive: true, force: true }))
  undo.defer(() => untilStopped(data))
  undo.defer(async () => {
    for (const child of running) {
      const gone = once(child, 'exit')
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone
    }
  })

  const site = undo.adopt(await httpOrigin((request, answer) => onSite(request, answer), { host: openAddress }), (it) => it.close())
  const onSite: http.RequestListener = (request, answer) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const path = request.url ?? '/'
    const [prefix = '', lane = ''] = host.replace('.test', '').split('-')
    const moves = prefix === 'robots' || prefix === 'alias' ? path === '/robots.txt' : prefix === 'target' || prefix === 'part'
    answer.setHeader('connection', 'close')
    if (moves && !moved.has(host)) {
      moved.add(host)
      setTimeout(() => respond(answer, { host, path, prefix, lane }, site.port), slowMs)
    } else respond(answer, { host, path, prefix, lane }, site.port)
    changes.emit('change')
  }

  const canaries: { address: string; origin: Origin }[] = []
  for (const address of closedAddresses) {
    if (address === '0.0.0.0' || address.includes('::ffff:') || address.startsWith('fe80')) continue
    const origin = await tcpOrigin((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncanary'), {
      host: address,
      port: site.port,
    }).catch(() => null)
    if (origin) canaries.push({ address, origin: undo.adopt(origin, (it) => it.close()) })
  }

  const open: DnsEntry = { a: [openAddress], aaaa: [], ttl: 0 }
  const closed = (name: string, address: string): DnsEntry => {
    closedAnswers.set(name, (closedAnswers.get(name) ?? 0) + 1)
    return address.includes(':') ? { a: [], aaaa: [address], ttl: 0 } : { a: [address], aaaa: [], ttl: 0 }
  }
  const table: DnsTable = {}
  const targets: Target[] = []
  for (const address of closedAddresses)
    for (const way of Object.keys(crawlWays) as CrawlWay[]) {
      targets.push({ lane: 'http', way, address })
      if (inBrowser.has(address)) targets.push({ lane: 'browser', way, address })
    }
  for (const { address } of canaries) targets.push({ lane: 'control', way: 'start', address })
  targets.push({ lane: 'http', way: 'parts', address: closedAddresses[0] }, { lane: 'browser', way: 'parts', address: closedAddresses[0] })
  for (const target of targets) {
    const { way, address, lane } = target
    const name = nameOf(target)
    const moving = nameOf(target, 'target')
    const whenMoved = (asked: string) => (): DnsEntry => (moved.has(asked) ? closed(asked, address) : open)
    table[name] = {
      start: () => closed(name, address),
      robots: whenMoved(name),
      alias: () => (moved.has(name) ? { ...closed(name, address), cname: `inside-${name}` } : { ...open, cname: `edge-${name}` }),
      redirect: () => open,
      turns: (count: number) => (count % 2 === 0 ? closed(name, address) : open),
      both: () => {
        const other = closed(name, address)
        return { a: [...other.a, openAddress], aaaa: other.aaaa, ttl: 0 }
      },
      parts: () => open,
    }[way]
    if (way === 'redirect') table[moving] = whenMoved(moving)
    if (way === 'parts')
      for (const each of closedAddresses) {
        const part = nameOf({ lane, way, address: each }, 'part')
        table[part] = () => (moved.has(part) ? closed(part, each) : open)
      }
  }
  const dns = undo.adopt(await dnsServer(table), (it) => it.close())

  const listOf = async (lane: Target['lane']): Promise<string> => {
    const file = `${lane}.csv`
    const urls = targets.filter((target) => target.lane === lane).map((target) => `http://${nameOf(target)}:${site.port}/`)
    await writeFile(join(dir, file), urls.map((url) => `${url}\n`).join(''))
    return file
  }
  const assay = (...args: string[]): AssayProcess =>
    startAssay([...args, '--data', data, '--dns', dns.address], { cwd: dir, running, changes })
  const how = ['--contact', 'guard@example.test', '--delay', '0s', '--retries', '0', '--per-address', '32']
  const guarded = ['--allow', openAddress]
  const atOnce = ['--http-jobs', '8', '--jobs', '2']
  // There is something left for who comes later.
  const few = ['--http-jobs', '3']
  const commands: Record<string, AssayProcess> = {
    'crawl --lane http': assay('crawl', await listOf('http'), '--name', 'wide', '--lane', 'http', ...how, ...guarded, ...few),
    'crawl --lane browser': assay(
      'crawl',
      await listOf('browser'),
      '--name',
      'deep',
      '--lane',
      'browser',
      '--dwell',
      '3s',
      ...how,
      ...guarded,
      ...atOnce,
    ),
  }
  const ended = (): boolean => Object.values(commands).some(({ child }) => child.exitCode !== null)
  for (const lane of ['http', 'browser'])
    while (!dns.asked.some((asked) => asked.includes(`-${lane}-`)) && !ended()) await once(changes, 'change')
  commands['worker'] = assay('worker', ...guarded, ...atOnce)
  const codes = await Promise.all(Object.values(commands).map((each) => each.ended))
  const seen = canaries.map(({ origin }) => origin.accepted())

  commands['crawl, everything opened'] = assay(
    'crawl',
    await listOf('control'),
    '--name',
    'control',
    '--lane',
    'http',
    ...how,
    '--allow-private',
    '--allow',
    '0.0.0.0/0',
    '--allow',
    '::/0',
  )
  codes.push(await commands['crawl, everything opened'].ended)

  const ledger = await openLedger({ dataDir: data })
  const visits: CrawlAttackResult['visits'] = []
  try {
    for (const visit of await ledger.listVisits()) {
      const target = targets.find((each) => nameOf(each) === visit.site)
      if (target === undefined || target.lane === 'control') continue
      const capture = visit.captureId === null ? null : await ledger.files.getCapture(visit.captureId as `sha256:${string}`)
      visits.push({
        lane: visit.lane,
        host: visit.site,
        way: target.way,
        address: target.address,
        status: visit.observed?.status ?? 'not-observed',
        failure: visit.failure,
        closedAnswers: closedAnswers.get(visit.site) ?? closedAnswers.get(nameOf(target, 'target')) ?? 0,
        connections:
          capture === null
            ? []
            : artifacts(capture, 'connection').items.map(({ host, outcome, address = '', reason = '' }) => ({
                host,
                outcome,
                address,
                reason,
              })),
      })
    }
  } finally {
    await ledger.close()
  }
  return {
    listeners: canaries.map(({ address, origin }, at) => ({
      address,
      guarded: seen[at] ?? 0,
      opened: origin.accepted() - (seen[at] ?? 0),
    })),
    processes: Object.entries(commands).map(([command, each], at) => ({
      command,
      code: codes[at] ?? null,
      out: each.out(),
      error: codes[at] === 0 ? '' : each.err(),
    })),
    visits,
  }
}

/** Ways in which the script of a part reaches for its own name once that has moved. */
const browserWays = [
  'iframe',
  'image',
  'script',
  'fetch',
  'xhr',
  'beacon',
  'eventsource',
  'websocket',
  'redirect',
  'redirect in a frame',
  'worker fetch',
  'worker websocket',
]

function respond(
  answer: http.ServerResponse,
  { host, path, prefix, lane }: { host: string; path: string; prefix: string; lane: string },
  port: number,
): void {
  const at = (name: string, rest: string): string => `http://${name}:${port}${rest}`
  const to = new URL(path, at(host, '/')).searchParams.get('to')
  if (path === '/robots.txt' || path === '/favicon.ico') answer.writeHead(404).end()
  else if (path.startsWith('/redirect') && to !== null) answer.writeHead(302, { location: to }).end()
  else if (prefix === 'redirect') answer.writeHead(302, { location: at(host.replace('redirect', 'target'), '/') }).end()
  else if (prefix === 'target') answer.writeHead(302, { location: '/again' }).end()
  else if (prefix === 'part') {
    const body = browserWays.map(
      (way) => `(async (url) => { ${pageWays[way]} })(${JSON.stringify(at(host, `/hit/${encodeURIComponent(way)}`))})`,
    )
    answer.writeHead(200, { 'content-type': 'text/javascript' }).end(`{
      const settled = (e) => new Promise((done) => { e.onload = e.onerror = e.onloadeddata = done })
      const shown = (f) => { document.body.append(f); return settled(f) }
      const module = ${JSON.stringify(at(host, '/miner.wasm'))}
      fetch(module).catch(() => {});
      ${body.join(';\n')}
    }`)
  } else {
    const parts = closedAddresses.map((_, index) => `<script src="${at(`part-${lane}-${index}.test`, '/part.js')}"></script>`)
    const words = `<title>${host}</title><p>${'Words to be read by somebody. '.repeat(20)}</p>`
    answer.writeHead(200, { 'content-type': 'text/html' }).end(prefix === 'parts' ? words + parts.join('') : words)
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(await attack()))
