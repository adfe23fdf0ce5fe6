import assert from 'node:assert/strict'
import { test } from 'node:test'
import { artifacts, type Capture, parseManifest } from '#model/capture.ts'
import { canonicalJson } from '#model/canonical.ts'
import { AssayError } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { BlobStore } from '#model/store.ts'
import { type Imported, importFile, type ImportOptions } from './import.ts'
import { scratchFolder } from './testing/scratch.ts'

const scratch = await scratchFolder()
let count = 0

type Files = Record<string, string | Uint8Array>

/** Writes files into a folder of their own and imports one of them, or the folder. */
async function imported(
  files: Files,
  name = '',
  options: ImportOptions = {},
): Promise<{ all: Imported[]; blobs: BlobStore; folder: string; skipped: string[] }> {
  const folder = `case-${count++}`
  for (const [file, content] of Object.entries(files)) await scratch.write(`${folder}/${file}`, content)
  const blobs = memoryBlobs()
  const skipped: string[] = []
  const all = await importFile(`${scratch.path}/${folder}/${name}`.replace(/\/$/, ''), blobs, {
    ...options,
    onSkip: (file, reason) => skipped.push(`${file.slice(scratch.path.length + folder.length + 2)}: ${reason}`),
  })
  for (const { capture } of all) parseManifest(Buffer.from(canonicalJson(capture.manifest)), 'manifest')
  return { all, blobs, folder, skipped }
}

/** What of a capture's code is there: `url body-status how-named`. */
function code(capture: Capture | undefined): string[] {
  assert.ok(capture)
  return [...artifacts(capture, 'script').items, ...artifacts(capture, 'wasm').items]
    .map((item) => `${item.url.replace('https://saved.invalid/', '')} ${item.body.status} ${item.initiator?.type ?? ''}`)
    .toSorted()
}

const wasm = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])

function warc(...records: [type: string, url: string, message: string, more?: string][]): Buffer {
  return Buffer.concat(
    records.map(([type, url, message, more = ''], index) => {
      const block = Buffer.from(message, 'latin1')
      return Buffer.concat([
        Buffer.from(
          `WARC/1.1\r\nWARC-Type: ${type}\r\nWARC-Record-ID: <urn:r:${index}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:${String(index).padStart(2, '0')}Z\r\n${more}Content-Length: ${block.length}\r\n\r\n`,
        ),
        block,
        Buffer.from('\r\n\r\n'),
      ])
    }),
  )
}

const http = (type: string, body: string): string => `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n${body}`

test('a page alone: what it names is there or lost, what a comment names is nothing', async () => {
  const { all } = await imported(
    {
      'page.html':
        '<!doctype html><!-- <script src="comment.js"></script> --><script src="near.js"></script><script src="https://cdn.example/far.js"></script><p>&lt;script src="text.js"></p>',
      'near.js': '/* new Worker("no.js") */ new Worker("w.js"); fetch("core.wasm")',
      'w.js': '1',
      'no.js': '1',
      'core.wasm': wasm,
    },
    'page.html',
  )
  assert.equal(all.length, 1)
  assert.deepEqual(code(all[0]?.capture), [
    'core.wasm stored script',
    'https://cdn.example/far.js lost parser',
    'near.js stored parser',
    'w.js stored script',
  ])
  const manifest = all[0]?.capture.manifest
  assert.equal(manifest?.conditions.lane, 'archive')
  assert.equal(manifest?.artifacts.cpu?.status, 'not-collected')
})

test('a page saved by a browser has the address that it was saved from, and its files', async () => {
  const { all } = await imported(
    {
      'Page.html':
        '<!-- saved from url=(0024)https://shop.example/en/ -->\n<html><script src="./Page_files/app.js.download"></script><iframe src="./Page_files/saved_resource.html"></iframe></html>',
      'Page_files/app.js.download': 'let a',
      'Page_files/saved_resource.html': '<script src="inner.js"></script>',
      'Page_files/inner.js': 'let b',
    },
    'Page.html',
  )
  const capture = all[0]?.capture
  assert.equal(capture?.manifest.finalUrl, 'https://shop.example/en/')
  assert.deepEqual(code(capture), [
    'https://shop.example/en/Page_files/app.js.download stored parser',
    'https://shop.example/en/Page_files/inner.js stored parser',
  ])
  assert.deepEqual(capture && artifacts(capture, 'frame').items.map((frame) => [frame.id, frame.parentFrameId ?? null]), [
    ['frame-1', null],
    ['frame-2', 'frame-1'],
  ])
  assert.equal(capture && artifacts(capture, 'dom').items.length, 2)
})

test('SingleFile puts scripts into data: addresses', async () => {
  const { all, blobs } = await imported(
    {
      'x.html':
        '<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: https://a.example/p \n saved date: Mon Nov 23 2026 10:00:00 GMT+0000\n--><script src="data:text/javascript;base64,bGV0IHg="></script><script src="data:text/javascript,let%20y%20%3D%20%22%C3%A9%22"></script>',
    },
    'x.html',
  )
  const capture = all[0]?.capture
  assert.ok(capture)
  assert.equal(capture.manifest.url, 'https://a.example/p')
  assert.equal(capture.manifest.startedAt, '2026-11-23T10:00:00.000Z')
  const texts = []
  for (const { body } of artifacts(capture, 'script').items)
    if (body.status === 'stored') texts.push(Buffer.from(await blobs.get(body.digest)).toString())
  assert.deepEqual(texts.toSorted(), ['let x', 'let y = "é"'])
})

test('MHTML', async () => {
  const { all } = await imported(
    {
      'x.mhtml':
        'From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.example/\r\nSubject: t\r\nDate: Mon, 23 Nov 2026 10:00:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--b--"\r\n\r\n\r\n----b--\r\nContent-Type: text/html\r\nContent-ID: <f@mhtml.blink>\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: https://a.example/\r\n\r\n<script src=3D"/a.js"></script><iframe src=3D"cid:g@mhtml.blink"></ifr=\r\name>\r\n----b--\r\nContent-Type: text/javascript\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://a.example/a.js\r\n\r\nbGV0IHg=\r\n----b--\r\nContent-Type: text/html\r\nContent-ID: <g@mhtml.blink>\r\nContent-Transfer-Encoding: binary\r\n\r\n<p>frame\r\n----b----\r\n',
    },
    'x.mhtml',
  )
  const capture = all[0]?.capture
  assert.ok(capture)
  assert.deepEqual(code(capture), ['https://a.example/a.js stored parser'])
  assert.equal(artifacts(capture, 'dom').items.length, 2)
  assert.equal(artifacts(capture, 'request').status, 'complete')
})

test('a site in a folder: each page has the scripts that it names; code that no page loads is in none', async () => {
  const { all, folder } = await imported({
    CNAME: 'site.example\n',
    'index.html': '<script src="/js/app.js"></script>',
    'about/index.html': '<script src="../js/lib.js"></script><a href="/js/unused.js">x</a>',
    'js/app.js': 'import("./lib.js")',
    'js/lib.js': '1',
    'js/unused.js': 'mine()',
    'picture.png': 'x',
  })
  assert.deepEqual(
    Object.fromEntries(all.map(({ file, capture }) => [file.slice(scratch.path.length + folder.length + 2), code(capture)])),
    {
      'about/index.html': ['https://site.example/js/lib.js stored parser'],
      'index.html': ['https://site.example/js/app.js stored parser', 'https://site.example/js/lib.js stored script'],
    },
  )
})

test('the sources of a static site: a part that no page includes is no page', async () => {
  const { all, folder, skipped } = await imported({
    'index.html': '---\nlayout: default\n---\nWelcome',
    '_layouts/default.html':
      '<body>{% include head.html %}<!-- {% include old.html %} -->{% comment %}{% include older.html %}{% endcomment %}</body>',
    '_includes/head.html': '{%- include "inner.html" -%}',
    '_includes/inner.html': '<script src="/a.js"></script>',
    '_includes/old.html': '<script src="/b.js"></script>',
    '_includes/older.html': '<script src="/c.js"></script>',
    '_includes/orphan.html': '{% include orphan.html %}',
  })
  assert.deepEqual(
    all.map(({ file }) => file.slice(scratch.path.length + folder.length + 2)),
    ['_includes/head.html', '_includes/inner.html', '_layouts/default.html', 'index.html'],
  )
  assert.deepEqual(
    skipped.map((line) => line.split(':')[0]),
    ['_includes/old.html', '_includes/older.html', '_includes/orphan.html'],
  )
})

test('the sources of a static site: posts in Markdown and templates are pages, the documents of a program are none', async () => {
  const post = '---\ntitle: A post\n---\n<script src="/js/app.js"></script>'
  const names = async (files: Record<string, string>): Promise<string[]> => {
    const { all, folder } = await imported(files)
    return all.map(({ file }) => file.slice(scratch.path.length + folder.length + 2))
  }
  assert.deepEqual(
    await names({ '_config.yml': '', '_posts/a.md': post, 'README.md': 'x', 'default.hbs': '<p>{{body}}</p>', 'js/app.js': '1' }),
    ['_posts/a.md', 'default.hbs'],
  )
  assert.deepEqual(await names({ 'docs/a.md': post, 'app.js': '1' }), ['app.js'])
  const lost = await imported({ '_config.yml': '', '_posts/a.md': `${post}${'a'.repeat(1_100_000)}` })
  assert.equal(artifacts(lost.all[0]!.capture, 'request').items[0]?.body.status, 'lost')
  assert.match(lost.skipped.join(), /a source of \d+ octets/)
  const theme = await imported({
    'themes/t/footer.php': '<script src="<?php echo uri(); ?>/js/app.js"></script>',
    'themes/t/js/app.js': '1',
  })
  assert.equal(artifacts(theme.all[0]!.capture, 'script').items.length, 1)
  const { all } = await imported({ '_config.yml': '', 'a.md': post, 'js/app.js': '1' })
  assert.match(all[0]!.capture.manifest.ended.detail, /rendered without its layout/)
  assert.equal(artifacts(all[0]!.capture, 'script').items.length, 1)
})

test('a folder of samples: each script and module is a file of its own, a broken archive one reason', async () => {
  const { all, skipped } = await imported({
    'a.js': '1',
    'b.wasm': wasm,
    'c.wgsl': '@compute fn main() {}',
    'readme.bin': 'x',
    'd.har': '{}',
  })
  assert.deepEqual(
    all.map(({ capture }) => [
      capture.manifest.conditions.lane,
      Object.entries(capture.manifest.artifacts)
        .filter(([kind, collection]) => collection.items.length > 0 && kind !== 'request')
        .map(([kind]) => kind)
        .join(),
    ]),
    [
      ['file', 'script'],
      ['file', 'wasm'],
      ['file', 'gpu'],
    ],
  )
  assert.deepEqual(skipped, ['d.har: d.har is not a HAR: it has no log', 'readme.bin: no archive, page, script or module'])
})

test('two pages of a crawl share a script that was fetched once', async () => {
  const { all } = await imported(
    {
      'x.warc': warc(
        ['response', 'http://a.example/1', http('text/html', '<script src="/shared.js"></script>')],
        ['response', 'http://a.example/shared.js', http('text/javascript', 'let s')],
        ['response', 'http://a.example/2', http('text/html', '<script src="/shared.js"></script>')],
        ['response', 'http://a.example/3', http('text/html', 'nothing')],
        ['response', 'http://a.example/miner.js', http('text/javascript', 'mine()')],
      ),
    },
    'x.warc',
  )
  assert.deepEqual(
    all.map(({ capture }) => [capture.manifest.url.slice(-1), code(capture)]),
    [
      ['1', ['http://a.example/shared.js stored parser']],
      ['2', ['http://a.example/shared.js stored parser']],
      ['3', []],
    ],
  )
})

test('a revisit has the body of the record that it repeats, and a module is one by its octets', async () => {
  const digest = 'WARC-Payload-Digest: sha1:AAAA\r\n'
  const { all } = await imported(
    {
      'x.warc': warc(
        ['response', 'http://a.example/', http('text/html', '<script src="b.js"></script>')],
        ['response', 'http://a.example/a.js', http('text/javascript', 'let s'), digest],
        [
          'revisit',
          'http://a.example/b.js',
          'HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n',
          `${digest}WARC-Refers-To-Target-URI: http://a.example/a.js\r\n`,
        ],
        ['response', 'http://a.example/core', http('application/octet-stream', Buffer.from(wasm).toString('latin1'))],
      ),
    },
    'x.warc',
  )
  assert.deepEqual(code(all[0]?.capture), [
    'http://a.example/a.js stored other',
    'http://a.example/b.js stored parser',
    'http://a.example/core stored other',
  ])
  assert.equal(all[0]?.capture.manifest.artifacts.wasm?.status, 'truncated')
})

test('an archive that ends early gives what is there, says truncated, and has an error', async () => {
  const whole = warc(
    ['response', 'http://a.example/', http('text/html', '<script src="b.js"></script>')],
    ['response', 'http://a.example/b.js', http('text/javascript', 'let s = 1')],
  )
  const { all } = await imported({ 'x.warc': whole.subarray(0, whole.length - 8) }, 'x.warc')
  const manifest = all[0]?.capture.manifest
  assert.equal(manifest?.error?.code, 'BAD_INPUT_FILE')
  assert.equal(manifest?.artifacts.request?.status, 'truncated')
  assert.deepEqual(code(all[0]?.capture), ['http://a.example/b.js truncated parser'])
})

const har = (pages: string, entries: string[]): string =>
  `{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[${pages}],"entries":[${entries.join(',')}]}}`
const entry = (page: string, url: string, at: string, type: string, more: string, status = 200): string =>
  `{"pageref":"${page}","startedDateTime":"2026-01-02T03:04:${at}Z","time":10,"_resourceType":"${type}","request":{"method":"GET","url":"${url}","headers":[{"name":"User-Agent","value":"UA"}]},"response":{"status":${status},"statusText":"","headers":[${status === 302 ? '{"name":"Location","value":"/en"}' : ''}],"content":{${more}}}}`

test('a HAR has a capture for each page, with redirects; bodies that were not saved are lost; nothing is called absent', async () => {
  const { all } = await imported(
    {
      'x.har': har(
        '{"id":"p1","title":"https://a.example/","startedDateTime":"2026-01-02T03:04:05Z"},{"id":"p2","title":"https://b.example/","startedDateTime":"2026-01-02T03:04:09Z"}',
        [
          entry('p1', 'https://a.example/', '05', 'document', '', 302),
          entry('p1', 'https://a.example/en', '06', 'document', '"mimeType":"text/html","text":"<script src=never.js></script>"'),
          entry('p1', 'https://a.example/a.js', '07', 'script', '"mimeType":"text/javascript","size":12'),
          entry('p2', 'https://b.example/', '09', 'document', '"mimeType":"text/html","text":"x"'),
        ],
      ),
    },
    'x.har',
  )
  assert.deepEqual(
    all.map(({ capture }) => [capture.manifest.url, capture.manifest.finalUrl, capture.manifest.conditions.userAgent, code(capture)]),
    [
      ['https://a.example/', 'https://a.example/en', 'UA', ['https://a.example/a.js lost other']],
      ['https://b.example/', 'https://b.example/', 'UA', []],
    ],
  )
  const requests = all[0] && artifacts(all[0].capture, 'request').items
  assert.deepEqual(
    requests?.map((request) => [request.initiator.type, request.body.status]),
    [
      ['other', 'none'],
      ['redirect', 'stored'],
      ['other', 'lost'],
    ],
  )
  assert.equal(all[0]?.capture.manifest.artifacts.websocket?.status, 'complete')
})

test('a HAR that was saved with the beginning of each body says so: a cut script is none that was read', async () => {
  const whole = `var a = 'ä'\n${'x();\n'.repeat(200)}`
  const size = Buffer.byteLength(whole)
  const script = (name: string, more: string) =>
    entry('p1', `https://a.example/${name}.js`, '07', 'script', `"mimeType":"text/javascript",${more}`)
  const { all, blobs } = await imported(
    {
      'x.har': har('{"id":"p1","title":"https://a.example/","startedDateTime":"2026-01-02T03:04:05Z"}', [
        entry('p1', 'https://a.example/', '06', 'document', '"mimeType":"text/html","size":9000,"text":"<p>"'),
        script('whole', `"size":${size},"text":${JSON.stringify(whole)}`),
        script('line-ends', `"size":${size + 201},"text":${JSON.stringify(whole)}`),
        script('without-size', `"size":-1,"text":${JSON.stringify(whole)}`),
        script('cut', `"size":${size},"text":${JSON.stringify(whole.slice(0, 500))}`),
        script(
          'marked',
          `"size":${size},"text":${JSON.stringify(`${whole.slice(0, 500)}... [truncated to save space (${size - 500} more bytes)]`)}`,
        ),
      ]),
    },
    'x.har',
  )
  assert.ok(all[0])
  const requests = artifacts(all[0].capture, 'request').items
  assert.deepEqual(
    requests.map(({ url, body }) => [url.slice(18), body.status, 'size' in body ? body.size : 0]),
    [
      ['', 'truncated', 3],
      ['whole.js', 'stored', size],
      ['line-ends.js', 'stored', size],
      ['without-size.js', 'stored', size],
      ['cut.js', 'truncated', 501],
      ['marked.js', 'truncated', 501],
    ],
  )
  const [, , , , , marked] = requests
  assert.ok(marked?.body.status === 'truncated')
  assert.equal(Buffer.from(await blobs.get(marked.body.digest)).toString(), whole.slice(0, 500))
  assert.equal(artifacts(all[0].capture, 'dom').status, 'truncated')
})

test('a page without a response was not reached', async () => {
  const { all } = await imported({ 'x.har': har('', ['{"request":{"method":"GET","url":"https://a.example/"}}']) }, 'x.har')
  assert.equal(all[0]?.capture.manifest.reached.page, 'error')
  assert.equal(all[0]?.capture.manifest.error?.code, 'NAVIGATION_FAILED')
})

test('importing twice gives the same captures; who classes pages is asked', async () => {
  const file = await scratch.write('twice.html', '<title>Just a moment</title>')
  const [first] = await importFile(file, memoryBlobs())
  const [second] = await importFile(file, memoryBlobs())
  assert.equal(first?.capture.id, second?.capture.id)
  const [gate] = await importFile(file, memoryBlobs(), {
    classify: (view) => ({ page: view.title === 'Just a moment' ? 'gate' : 'content', reasons: ['its title'] }),
  })
  assert.deepEqual(gate?.capture.manifest.reached, { page: 'gate', reasons: ['its title'], httpStatus: 200 })
})

for (const [title, path, codeWanted] of [
  ['a file that is not there', 'nowhere.har', 'NOT_FOUND'],
  ['a folder with nothing to read', 'empty', 'BAD_INPUT_FILE'],
] as const) {
  test(`${title}: ${codeWanted}`, async () => {
    await scratch.write('empty/readme.bin', 'x')
    await assert.rejects(
      importFile(`${scratch.path}/${path}`, memoryBlobs()),
      (error) => error instanceof AssayError && error.code === codeWanted,
    )
  })
}
