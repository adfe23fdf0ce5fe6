import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { artifacts, type Capture } from '#model/capture.ts'
import type { ErrorCode } from '#model/errors.ts'
import { seedOf } from '#model/seed.ts'
import { defaultLimits, type VisitOptions } from './visit-options.ts'
import { openWorld, page, type Route, type World } from './testing/world.ts'

const routes: Record<string, Route> = {
  'calm.lab/': page('<script>window.calm = true</script>'),
  'hostile.lab/hang': page('<script>for (;;);</script>'),
  'hostile.lab/hang-later': page('<script>setTimeout(() => { for (;;); }, 300)</script>'),
  'hostile.lab/workers': page(`<script>for (let i = 0; i < 60; i++) new Worker('data:text/javascript,1')</script>`),
  'hostile.lab/dialogs': page('<script>setTimeout(() => { for (let i = 0; i < 60; i++) alert(i) }, 100)</script>'),
  'hostile.lab/confirm': page('<script>document.title = confirm("May we use your CPU to mine Monero?") ? "agreed" : "refused"</script>'),
  'hostile.lab/unload': page(
    '<script>onbeforeunload = (event) => { event.preventDefault(); return "stay" }; setTimeout(() => { location = "https://calm.lab/" }, 300)</script>',
  ),
  'hostile.lab/redirects': { status: 302, headers: { location: '/redirects' } },
  'hostile.lab/silent': () => undefined,
  'hostile.lab/endless': (request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .write('<!doctype html><h1>A page that never comes to its end, however long one waits</h1>')
    const timer = setInterval(() => response.write('and more '), 100)
    request.on('close', () => clearInterval(timer))
  },
  'hostile.lab/download': { type: 'application/octet-stream', headers: { 'content-disposition': 'attachment; filename=x.bin' }, body: 'x' },
  'hostile.lab/debugger': page('<script>setInterval(() => { debugger }, 5)</script>'),
  'hostile.lab/console': page('<script>setTimeout(() => { for (let i = 0; i < 5000; i++) console.log("flood", i) }, 50)</script>'),
  'hostile.lab/errors': page(
    '<script>setInterval(() => { for (let i = 0; i < 500; i++) Promise.reject(new Error("z".repeat(100000))) }, 1)</script>',
  ),
  'hostile.lab/loops': page(
    '<script>const busy = () => { setTimeout(busy); for (;;); }; setTimeout(busy, 300); setInterval(busy, 1)</script>',
  ),
  'hostile.lab/flood': page(
    '<script>const huge = "y".repeat(1 << 16); setInterval(() => { for (let i = 0; i < 2000; i++) console.log(i, huge, { deep: { i } }, document) }, 1)</script>',
  ),
  'hostile.lab/quiet-after-flood': page(
    '<script>for (let i = 0; i < 5000; i++) console.log("flood", i); setTimeout(() => Notification.requestPermission(), 1000)</script>',
  ),
  'hostile.lab/local': page(
    '<iframe src="file:///etc/passwd"></iframe><script>setTimeout(() => { location = "chrome://version" }, 100)</script>',
  ),
  'hostile.lab/refused': { status: 403, body: '<h1>Forbidden</h1>' },
}

interface Expected {
  url: string
  /** Left open where it depends on how fast the machine is. */
  ended?: Capture['manifest']['ended']['reason']
  error?: ErrorCode
  also?(capture: Capture): void
  options?: VisitOptions
}

const hasDocument = (captured: Capture): void =>
  assert.match(
    artifacts(captured, 'dom').items[0]?.text ?? JSON.stringify([captured.manifest.ended, captured.manifest.artifacts['dom']]),
    /A page of a test/,
  )

/** Several such pages at a time on a busy machine may leave none in time: then the record says so. Alone they must leave it (hostile.long.test.ts). */
const hasDocumentOrSaysWhy = (captured: Capture): void => {
  const dom = captured.manifest.artifacts['dom']
  if (dom?.status === 'complete' || (dom?.items.length ?? 0) > 0) hasDocument(captured)
  else assert.match(JSON.stringify(dom), /longer than \d+ ms/)
}

const cases: Record<string, Expected> = {
  'an endless loop in the page is left, and the document is read': {
    url: 'https://hostile.lab/hang',
    ended: 'watchdog',
    also: (it_) => assert.match(artifacts(it_, 'dom').items[0]?.text ?? '', /A page of a test/),
  },
  'an endless loop that begins later has its load on record': {
    url: 'https://hostile.lab/hang-later',
    ended: 'watchdog',
    also: (it_) => assert.ok((artifacts(it_, 'cpu').items.find(({ thread }) => thread === 'page')?.busy ?? 0) > 0.7),
  },
  'workers beyond the limit are counted and named': {
    url: 'https://hostile.lab/workers',
    ended: 'dwell',
    also: (it_) => assert.equal(artifacts(it_, 'worker').status, 'truncated'),
    options: { limits: { ...defaultLimits, maxTargets: 20 } },
  },
  'dialogs in a row are answered': {
    url: 'https://hostile.lab/dialogs',
    ended: 'dwell',
    also: (it_) => assert.equal(artifacts(it_, 'dialog').items.filter(({ type }) => type === 'alert').length, 60),
  },
  'a question whether it may mine is closed without agreeing': {
    url: 'https://hostile.lab/confirm',
    ended: 'dwell',
    also: (it_) =>
      assert.deepEqual([artifacts(it_, 'dialog').items[0]?.about, artifacts(it_, 'dom').items[0]?.title], ['mining', 'refused']),
  },
  'a page that does not want to be left is left': {
    url: 'https://hostile.lab/unload',
    ended: 'dwell',
    also: (it_) => assert.equal(it_.manifest.finalUrl, 'https://calm.lab/'),
  },
  'redirects without end': { url: 'https://hostile.lab/redirects', ended: 'failed', error: 'REDIRECT_LOOP' },
  'a server that never answers': { url: 'https://hostile.lab/silent', ended: 'failed', error: 'TIMEOUT' },
  'a document that never ends is read as far as it came': {
    url: 'https://hostile.lab/endless',
    ended: 'dwell',
    also: (it_) => assert.match(artifacts(it_, 'dom').items[0]?.text ?? '', /never comes to its end/),
  },
  'a download is no page, and is not kept': { url: 'https://hostile.lab/download', ended: 'failed', error: 'NAVIGATION_FAILED' },
  'a debugger statement does not stop anything': { url: 'https://hostile.lab/debugger', ended: 'dwell' },
  'a flooded console is cut': {
    url: 'https://hostile.lab/console',
    also: (it_) => assert.equal(artifacts(it_, 'console').status, 'truncated'),
  },
  'a flood of errors leaves its document': { url: 'https://hostile.lab/errors', also: hasDocumentOrSaysWhy },
  'loops that are begun again leave their document': { url: 'https://hostile.lab/loops', ended: 'watchdog', also: hasDocumentOrSaysWhy },
  'a console flooded without end leaves its document': {
    url: 'https://hostile.lab/flood',
    also: (it_) => {
      hasDocumentOrSaysWhy(it_)
      assert.equal(artifacts(it_, 'console').status, 'truncated')
    },
  },
  'what a page asks after it has flooded its console is on record': {
    url: 'https://hostile.lab/quiet-after-flood',
    ended: 'dwell',
    also: (it_) =>
      assert.deepEqual(
        artifacts(it_, 'permission').items.map(({ name }) => name),
        ['notifications'],
      ),
  },
  'files and pages of the browser stay closed': {
    url: 'https://hostile.lab/local',
    ended: 'dwell',
    also: (it_) => {
      assert.equal(it_.manifest.finalUrl, 'https://hostile.lab/local')
      assert.equal(
        artifacts(it_, 'dom').items.some(({ text }) => text.includes('root:')),
        false,
      )
    },
  },
  'a name that does not exist': { url: 'https://nowhere.lab/', ended: 'failed', error: 'DNS_FAILED' },
  'the same without TLS': { url: 'http://nowhere.lab/', ended: 'failed', error: 'DNS_FAILED' },
  'a page that is an error by its status': {
    url: 'https://hostile.lab/refused',
    ended: 'dwell',
    also: (it_) => assert.deepEqual([it_.manifest.reached.httpStatus, it_.manifest.reached.page === 'content'], [403, false]),
  },
}

describe('a hostile page', { concurrency: 3 }, () => {
  let world: World
  before(async () => {
    world = await openWorld({ routes, capturer: { jobs: 3 } })
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
    assert.deepEqual(leftovers(), { folders: [], processes: [] })
  })

  const capture = (url: string, options: VisitOptions = {}): Promise<Capture> =>
    world.capturer.capture(seedOf(url), { dwellMs: 2_500, loadTimeoutMs: 4_000, screenshot: false, interact: false, ...options })

  for (const [name, expected] of Object.entries(cases)) {
    it(name, async () => {
      const captured = await capture(expected.url, expected.options)
      const { ended, error, reached } = captured.manifest
      const said = `${ended.detail} ${error?.message}`
      assert.deepEqual([ended.reason, error?.code], [expected.ended ?? ended.reason, expected.error], said)
      if (expected.error !== undefined) assert.equal(reached.page, 'error')
      expected.also?.(captured)
      assert.equal((await capture('https://calm.lab/', { dwellMs: 0 })).manifest.error, null)
    })
  }
})

describe('a capturer', () => {
  it('gives a page whose browser died another one, and says so when that dies too', async () => {
    await using world = await openWorld({
      routes: {
        ...routes,
        'killer.lab/': (_request, response) => {
          killBrowsers()
          response.end()
        },
      },
    })
    const captured = await world.capturer.capture(seedOf('https://killer.lab/'), { dwellMs: 1_000 })
    assert.deepEqual([captured.manifest.ended.reason, captured.manifest.error?.code], ['crashed', 'TARGET_CRASHED'])
    const calm = await world.capturer.capture(seedOf('https://calm.lab/'), { dwellMs: 100, screenshot: false })
    assert.equal(calm.manifest.error, null)
  })

  it('ends a visit that is interrupted, and leaves nothing when it is closed', async () => {
    const world = await openWorld({ routes })
    const interrupt = new AbortController()
    const visit = world.capturer.capture(seedOf('https://calm.lab/'), { dwellMs: 60_000 }, interrupt.signal)
    setTimeout(() => interrupt.abort(), 800)
    await assert.rejects(visit, { code: 'INTERRUPTED' })
    await world[Symbol.asyncDispose]()
    assert.deepEqual(leftovers(), { folders: [], processes: [] })
  })
})

const prefix = `assay-browser-${process.pid}-`

/** Processes whose command line names a browser's folder of this process. */
function browserPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (Number.isNaN(pid)) return false
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(prefix)
      } catch {
        return false
      }
    })
}

function killBrowsers(): void {
  for (const pid of browserPids()) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Another one's end was its end too.
    }
  }
}

const leftovers = (): { folders: string[]; processes: number[] } => ({
  folders: readdirSync(tmpdir()).filter((name) => name.startsWith(prefix)),
  processes: browserPids(),
})
