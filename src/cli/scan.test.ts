import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Lab } from '#lab/lab.ts'
import type { SiteTruth } from '#lab/site/site.ts'
import type { Answer } from '#model/answer.ts'
import type { Capture } from '#model/capture.ts'
import type { Digest } from '#model/digest.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { startLab, worldOf } from '#lab/start.ts'

/** The command as a process of its own. Each flag has a case where it changes what comes out. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const phone = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36'
const seed = 12

interface Ran {
  code: number | null
  out: string
  err: string
}

let dir: string
const running = new Set<ChildProcess>()

async function assay(args: string[], input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [main, 'scan', ...args], { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  running.delete(child)
  return { code, out, err }
}

const answers = ({ out, err }: Ran): Map<string, Answer> => {
  assert.notEqual(out.trim(), '', err)
  return new Map(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer)
      .map((answer) => [answer.url ?? '', answer]),
  )
}
async function captureOf(out: string, answer: Answer | undefined): Promise<Capture> {
  assert.ok(answer?.captureId)
  return (await openFileStore(join(dir, out))).getCapture(answer.captureId as Digest)
}

/** A page of ours on loopback, and what it was asked with. */
let plain: http.Server
let plainUrl: string
const asked: http.IncomingHttpHeaders[] = []
/** The operator's proxy: it knows one name, which leads to our page. */
let upstream: net.Server
const tunnels: string[] = []
let lab: Lab
let mobile: SiteTruth
let asks: SiteTruth
let searched: SiteTruth

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-cli-'))
  plain = http.createServer((request, response) => {
    if (request.url !== '/favicon.ico') asked.push(request.headers)
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        `<!doctype html><title>Plain</title><h1>A page</h1><p>It says little, and does nothing.</p>${request.url === '/with-own-miner' ? '<script src="/own-miner.js?key=abcd"></script>' : ''}`,
      )
  })
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  plainUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`

  const world = worldOf('miners', seed)
  const find = (is: (truth: SiteTruth) => boolean): SiteTruth => {
    const site = world.sites.find((candidate) => is(candidate.truth(1)))
    assert.ok(site)
    return site.truth(1)
  }
  mobile = find(({ hiding }) => hiding === 'mobile-only')
  asks = find(({ asking, load }) => asking === 'asks-first' && load === 'own-file')
  searched = find(({ hiding }) => hiding === 'by-referrer-at-server')
  const hosts = new Set([mobile.host, asks.host, searched.host])
  lab = await startLab({ dir: join(dir, 'lab'), seed, sites: world.sites.filter(({ host }) => hosts.has(host)) })

  upstream = net.createServer((client) => {
    client.once('data', (head) => {
      const [, host = ''] = /^CONNECT ([^:]+):\d+ /.exec(head.toString('latin1')) ?? []
      tunnels.push(host)
      const target = net.connect((plain.address() as AddressInfo).port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        client.pipe(target).pipe(client)
      })
      target.on('error', () => client.destroy())
      client.on('error', () => target.destroy())
    })
    client.on('error', () => client.destroy())
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})

after(async () => {
  for (const child of running) child.kill()
  plain.closeAllConnections()
  plain.close()
  upstream.close()
  await lab.close()
  await rm(dir, { recursive: true, force: true })
})

describe('a page on loopback', () => {
  test('is refused by the guard, and that is exit 3', async () => {
    const ran = await assay(['--json', plainUrl])
    const answer = answers(ran).get(plainUrl)
    assert.deepEqual([ran.code, answer?.status, answer?.error?.code], [3, 'not-observed', 'ADDRESS_REFUSED'], ran.err)
    assert.equal(asked.length, 0)
  })

  test('--allow opens one address; without --json a sentence, --profile as named, captures in assay-out', async () => {
    const ran = await assay(['--allow', '127.0.0.1/32', '--profile', 'quick', plainUrl])
    assert.equal(ran.code, 0, ran.err)
    assert.throws(() => JSON.parse(ran.out) as unknown)
    assert.match(ran.out, /no sign of mining/)
    const store = await openFileStore(join(dir, 'assay-out'))
    const captures = await Promise.all((await Array.fromAsync(store.listCaptures())).map((id) => store.getCapture(id)))
    const conditions = captures.map(({ manifest }) => manifest.conditions).find(({ profile }) => profile === 'quick')
    assert.deepEqual([conditions?.dwellMs, conditions?.extraHeaders], [3_000, []])
  })

  test('--allow-private, --header, --user-agent, --list, "-", --jobs, --dwell, --out, --html, --markdown, --sarif and --fail-on', async () => {
    asked.length = 0
    await writeFile(join(dir, 'list.txt'), `# addresses\n${plainUrl}listed\n`)
    const args = [
      '--json',
      '--allow-private',
      '--header',
      'X-Probe: seen',
      '--user-agent',
      phone,
      '--list',
      'list.txt',
      '--jobs',
      '2',
      '--dwell',
      '400ms',
    ]
    const ran = await assay(
      [...args, '--out', 'kept', '--html', 'report.html', '--markdown', 'report.md', '--sarif', 'report.sarif', '--fail-on', 'none', '-'],
      `${plainUrl}typed\n`,
    )
    // Fails on what would be no fault.
    assert.equal(ran.code, 1, ran.err)
    const seen = answers(ran)
    assert.deepEqual([...seen.keys()].sort(), [`${plainUrl}listed`, `${plainUrl}typed`])
    assert.ok([...seen.values()].every(({ status }) => status === 'none'))
    assert.ok(asked.length >= 2 && asked.every((headers) => headers['x-probe'] === 'seen' && headers['user-agent'] === phone))
    const captures = await Promise.all([...seen.values()].map((answer) => captureOf('kept', answer)))
    for (const { manifest } of captures) {
      assert.equal(manifest.conditions.dwellMs, 400)
      assert.deepEqual(manifest.conditions.extraHeaders, ['X-Probe'])
      assert.ok(manifest.conditions.viewport.mobile)
    }
    assert.equal(Math.max(...captures.map(({ manifest }) => manifest.conditions.concurrency)), 2)
    const html = await readFile(join(dir, 'report.html'), 'utf8')
    assert.ok(html.includes('127.0.0.1') && /no sign of mining/.test(html))
    assert.match(await readFile(join(dir, 'report.md'), 'utf8'), /^- \*\*NO MINER FOUND\*\* `http:\/\/127\.0\.0\.1/m)
    const sarif = JSON.parse(await readFile(join(dir, 'report.sarif'), 'utf8')) as { version: string; runs: unknown[] }
    assert.deepEqual([sarif.version, sarif.runs.length], ['2.1.0', 1])
  })
})

describe('knowledge of the operator', () => {
  const signature = `
id: own-miner
name: Own miner
kind: mining
source: [ours]
startUrls: ['/own-miner\\.js\\?key=(?<account>[a-z]+)$']
samples:
  fires: [{ html: '<script src="https://a.example/own-miner.js?key=abcd"></script>' }]
  silent: [{ html: '<script src="https://a.example/own-miner.css?key=abcd"></script>' }]
`

  test('--signatures names what stands in them, --block-list cites a list and moves no status', async () => {
    await mkdir(join(dir, 'own'), { recursive: true })
    await writeFile(join(dir, 'own', 'own-miner.yaml'), signature)
    await writeFile(join(dir, 'list-of-hosts.txt'), '||127.0.0.1^\n')
    const url = `${plainUrl}with-own-miner`
    const args = ['--json', '--allow-private', '--dwell', '400ms', url]
    const found = async (more: string[]): Promise<[string | undefined, [string, string | null, string | null][]]> => {
      const answer = answers(await assay([...args, ...more])).get(url)
      return [answer?.status, answer?.findings.map(({ detector, service, account }) => [detector, service, account]) ?? []]
    }
    assert.deepEqual(await found([]), ['none', []])
    assert.deepEqual(await found(['--block-list', 'list-of-hosts.txt']), ['none', [['block-list', null, null]]])
    const [status, findings] = await found(['--signatures', 'own'])
    assert.equal(status, 'loaded')
    assert.deepEqual(
      findings.map(([, service, account]) => [service, account]),
      [['own-miner', 'abcd']],
    )
  })
})

describe('a name that only the proxy knows', () => {
  const url = 'http://page.invalid/'

  test('is not there without it', async () => {
    const ran = await assay(['--json', '--dwell', '400ms', url])
    assert.deepEqual([ran.code, answers(ran).get(url)?.error?.code], [3, 'DNS_FAILED'], ran.out + ran.err)
    assert.deepEqual(tunnels, [])
  })

  test('is reached with --proxy', async () => {
    const ran = await assay([
      '--json',
      '--dwell',
      '400ms',
      '--out',
      'by-proxy',
      '--proxy',
      `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      url,
    ])
    const answer = answers(ran).get(url)
    assert.deepEqual([ran.code, answer?.status], [0, 'none'], ran.out + ran.err)
    assert.ok(tunnels.includes('page.invalid'))
    assert.ok((await captureOf('by-proxy', answer)).manifest.conditions.proxy !== null)
  })
})

describe('miners of the lab', () => {
  const status = (seen: Map<string, Answer>, { url }: SiteTruth): unknown => [seen.get(url)?.status, seen.get(url)?.mining.activity]

  test('for a desk and without an answer: what waits for a phone or for a yes has not run', async () => {
    const ran = await assay([
      '--json',
      '--lab',
      'lab',
      '--jobs',
      '2',
      '--dwell',
      '2s',
      '--fail-on',
      'active',
      mobile.url,
      asks.url,
      searched.url,
    ])
    const seen = answers(ran)
    assert.deepEqual(status(seen, mobile), ['loaded', 'delivered'], ran.out + ran.err)
    assert.deepEqual(status(seen, asks), ['opt-in', 'delivered'], ran.out)
    assert.deepEqual(status(seen, searched), ['none', 'none-seen'], ran.out)
    // What is only delivered was not to be failed on.
    assert.equal(ran.code, 0)
  })

  test('for a phone that agrees: the same pages mine', async () => {
    const ran = await assay([
      '--json',
      '--lab',
      'lab',
      '--jobs',
      '2',
      '--dwell',
      '7s',
      '--user-agent',
      phone,
      '--consent',
      'accept',
      mobile.url,
      asks.url,
    ])
    const seen = answers(ran)
    assert.deepEqual(status(seen, mobile), ['active', 'hashing'], ran.out + ran.err)
    assert.deepEqual(status(seen, asks), ['opt-in', 'hashing'], ran.out)
    assert.equal(ran.code, 1)
  })
})

describe('a site that mines for who comes from a search engine', () => {
  test('mines with --referrer', async () => {
    const args = ['--json', '--lab', 'lab', '--dwell', '7s', '--referrer', 'https://www.google.com/', searched.url]
    const ran = await assay(args)
    const answer = answers(ran).get(searched.url)
    assert.deepEqual([answer?.status, answer?.mining.activity, ran.code], ['active', 'hashing', 1], ran.out + ran.err)
  })
})

describe('wrong use', () => {
  const wrong: Record<string, { args: string[]; code: number; says: RegExp }> = {
    'no address': { args: [], code: 4, says: /no address to visit/ },
    'what is no address': { args: ['ftp://x.example/'], code: 4, says: /BAD_URL/ },
    'an unknown policy': { args: ['--consent', 'maybe', 'https://x.example/'], code: 4, says: /--consent is one of/ },
    'an unknown profile': { args: ['--profile', 'slow', 'https://x.example/'], code: 4, says: /--profile is one of/ },
    'no time': { args: ['--dwell', 'long', 'https://x.example/'], code: 4, says: /a time such as/ },
    'a referrer with a password': {
      args: ['--referrer', 'https://jo:x@x.example/', 'https://x.example/'],
      code: 4,
      says: /an address such as/,
    },
    'no referrer': { args: ['--referrer', 'google', 'https://x.example/'], code: 4, says: /an address such as/ },
    'no header': { args: ['--header', 'nothing', 'https://x.example/'], code: 4, says: /a header such as/ },
    'an unknown status': { args: ['--fail-on', 'bad', 'https://x.example/'], code: 4, says: /never, found, or a list of/ },
    'no browser there': { args: ['--browser', '/nonexistent/chromium', 'https://x.example/'], code: 4, says: /--browser names/ },
    'no list there': { args: ['--list', 'nowhere.txt'], code: 4, says: /nowhere\.txt/ },
  }
  for (const [name, { args, code, says }] of Object.entries(wrong)) {
    test(`${name} is exit ${code}`, async () => {
      const ran = await assay(args)
      assert.match(ran.err, says)
      assert.equal(ran.code, code, ran.err)
      assert.equal(ran.out, '')
    })
  }
})
