import assert from 'node:assert/strict'
import { test } from 'node:test'
import { artifacts } from '#model/capture.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { pageReached } from '#derive/page-reached.ts'
import { importFile } from './import.ts'
import { pageScanMs, scanDocument, scanScript } from './page-scan.ts'
import { scratchFolder } from './testing/scratch.ts'

const scratch = await scratchFolder()
const page = (inside: string): Buffer => Buffer.from(`<!doctype html><title>t</title><script src="first.js"></script>${inside}`)
/** Each costs seconds to hours where something takes the square of its length. */
const hostile: Record<string, Buffer> = {
  'spaces that are no spaces': page(`<p>${'\u00a0'.repeat(3_000_000)}x`),
  'tags without an end': page('<input '.repeat(60_000)),
  'scripts without an end': page('<script '.repeat(50_000)),
  nesting: page('<div>'.repeat(300_000)),
  'brackets in a script': page(`<script>${'['.repeat(2_000_000)}</script>`),
  'a comment that begins a thousand times': page(`<!--${'SingleFile url '.repeat(500)}-->`.repeat(20)),
}

for (const [title, bytes] of Object.entries(hostile)) {
  test(`bounded time: ${title}`, { timeout: 60_000 }, async () => {
    const from = process.cpuUsage()
    const file = await scratch.write(`${title.replaceAll(' ', '-')}.html`, bytes)
    const [imported] = await importFile(file, memoryBlobs(), { classify: pageReached })
    const { user, system } = process.cpuUsage(from)
    assert.ok(imported)
    assert.ok(
      artifacts(imported.capture, 'request').items.some(({ url }) => url.endsWith('/first.js')),
      'what was named before is known',
    )
    assert.ok(user + system < 10_000_000, `${Math.round((user + system) / 1000)} ms in this process`)
  })
}

test('a document that eats its reader is said to be unread, and the next page is read', { timeout: 240_000 }, async () => {
  const attributes = `<div ${Array.from({ length: 2_300_000 }, (_, index) => index.toString(36)).join(' ')}>`
  await scratch.write('site/a.html', page(attributes))
  await scratch.write('site/b.html', page('<p>bread'))
  const imported = await importFile(`${scratch.path}/site`, memoryBlobs())
  const [bad, good] = imported.map(({ capture }) => artifacts(capture, 'script'))
  assert.equal(bad?.status, 'truncated')
  assert.match(bad?.status === 'truncated' ? bad.reason : '', /a\.html names was not read/)
  assert.equal(good?.status, 'complete')
  assert.equal(good?.items.length, 1)
})

test('a page whose time is used up is not read further', async () => {
  const allowance = { leftMs: pageScanMs }
  assert.deepEqual(await scanScript(Buffer.from('new Worker("w.js")'), allowance), { status: 'read', value: ['w.js'] })
  assert.ok(allowance.leftMs < pageScanMs)
  const { status } = await scanDocument(page(''), 'text/html', { leftMs: 0 })
  assert.equal(status, 'unread')
})

test('the child reads what the program itself reads', async () => {
  const padding = `<!--${'x'.repeat(40_000)}-->`
  const inside = '<p>bread<script>import("./m.mjs")</script><iframe srcdoc="<script src=inner.js></script>"></iframe>'
  const [short, long] = await Promise.all(
    [page(inside), page(inside + padding)].map((bytes) => scanDocument(bytes, '', { leftMs: pageScanMs })),
  )
  assert.deepEqual(long, short)
  assert.equal(short?.status, 'read')
})
