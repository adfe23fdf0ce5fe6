import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { artifacts, type Capture } from '#model/capture.ts'
import { seedOf } from '#model/seed.ts'
import { openWorld, type World } from '../testing/world.ts'

/** Looks at itself as pages do that hide from crawlers, and writes down what it found. */
const suspicious = `<!doctype html><title>s</title><body><p>Text</p><script>
const heard = new Set()
for (const type of ['mousemove', 'mousedown', 'click', 'keydown', 'scroll', 'wheel']) addEventListener(type, (event) => { if (event.isTrusted) heard.add(type) }, { passive: true, capture: true })
document.body.style.height = '5000px'
addEventListener('load', async () => {
  const said = { webdriver: navigator.webdriver, agent: /Headless/.test(navigator.userAgent), brands: navigator.userAgentData.brands.map(({ brand }) => brand).join(), hover: matchMedia('(hover: hover)').matches,
    screen: screen.width >= innerWidth && screen.height >= innerHeight, plugins: navigator.plugins.length > 0, visible: document.visibilityState, focus: document.hasFocus(), chrome: typeof chrome }
  let read = 0
  const trap = () => {}
  trap.toString = () => { read++; return '' }
  console.log('%c', trap); console.debug(trap)
  const table = Array.from({ length: 300 }, (_, i) => ({ i, text: 'x'.repeat(40) }))
  let start = performance.now(); for (let i = 0; i < 20; i++) console.table(table)
  const tableMs = performance.now() - start
  start = performance.now(); for (let i = 0; i < 20; i++) console.log(table)
  const logMs = performance.now() - start
  start = performance.now(); debugger
  said.listener = read > 0 || tableMs > Math.max(10 * logMs, 500) || performance.now() - start > 100
  said.worker = await new Promise((resolve) => { new Worker(URL.createObjectURL(new Blob(['postMessage(String(navigator.userAgentData.brands.length > 0) + /Headless/.test(navigator.userAgent))']))).onmessage = ({ data }) => resolve(data) })
  setTimeout(() => console.info('SAID ' + JSON.stringify({ ...said, heard: [...heard].sort().join() })), 2200)
})
</script>`

const asking = `<!doctype html><title>ask</title><body><div id="ask" style="position:fixed;inset:20% 30%;z-index:99;background:#fff"><p>May this site use your CPU to mine Monero instead of showing ads?</p>
<button onclick="document.title='accepted '+event.isTrusted;ask.remove()">Yes, start mining</button><button onclick="document.title='rejected '+event.isTrusted;ask.remove()">No thanks</button></div></body>`

const doing = `<!doctype html><title>d</title><body><script>
Notification.requestPermission(); navigator.clipboard.writeText('cmd /c evil').catch(() => {})
const native = fetch; window.fetch = (...values) => native(...values)
const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example:3478' }] }); const channel = peer.createDataChannel('pool'); peer.createOffer().then((offer) => peer.setLocalDescription(offer))
new EventSource('/events')
</script></body>`

describe('a visit', () => {
  let world: World
  before(async () => {
    world = await openWorld({
      routes: {
        'suspicious.lab/': { body: suspicious },
        'asking.lab/': { body: asking },
        'framed.lab/': { body: '<!doctype html><body><iframe src="https://asking.lab/" width=600 height=400></iframe></body>' },
        'doing.lab/': { body: doing },
        'doing.lab/events': (_, response) =>
          void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: job 17\n\n'),
      },
    })
  })
  after(() => world[Symbol.asyncDispose]())
  const visit = (url: string, options = {}): Promise<Capture> =>
    world.capturer.capture(seedOf(url), { dwellMs: 3_500, screenshot: false, ...options })
  const title = (capture: Capture): string[] => artifacts(capture, 'dom').items.map((dom) => dom.title)

  it('looks like a visitor’s, and moves, clicks, types and scrolls as he does', async () => {
    const capture = await visit('https://suspicious.lab/', { dwellMs: 5_000 })
    const said = artifacts(capture, 'console')
      .items.find(({ text }) => text.startsWith('SAID '))
      ?.text.slice(5)
    assert.deepEqual(JSON.parse(said ?? 'null'), {
      webdriver: false,
      agent: false,
      brands: (JSON.parse(said ?? '{}') as { brands: string }).brands,
      hover: true,
      screen: true,
      plugins: true,
      visible: 'visible',
      focus: true,
      chrome: 'object',
      listener: false,
      worker: 'truefalse',
      heard: 'click,keydown,mousedown,mousemove,scroll,wheel',
    })
    assert.match(said ?? '', /Chromium/)
    assert.doesNotMatch(said ?? '', /Headless/)
    assert.deepEqual([...new Set(capture.manifest.actions.map(({ type }) => type))], ['move', 'click', 'key', 'scroll', 'wait'])
  })

  const answers: Record<string, ['ignore' | 'accept' | 'reject', string, string]> = {
    'leaves a mining dialog open': ['ignore', 'ask', 'ignored'],
    'says yes to a mining dialog with a real click': ['accept', 'accepted true', 'accepted'],
    'says no to a mining dialog with a real click': ['reject', 'rejected true', 'rejected'],
  }
  for (const [name, [consent, expected, choice]] of Object.entries(answers)) {
    it(name, async () => {
      const capture = await visit('https://asking.lab/', { consent })
      assert.deepEqual(title(capture), [expected])
      const [dialog] = artifacts(capture, 'dialog').items
      assert.equal(dialog?.about, 'mining')
      assert.deepEqual(dialog.choices, ['Yes, start mining', 'No thanks'])
      assert.equal(dialog.answer.choice, choice)
    })
  }
  it('answers a dialog inside another site’s frame', async () => {
    const capture = await visit('https://framed.lab/', { consent: 'accept' })
    assert.ok(
      title(capture).some((text) => text.startsWith('accepted')),
      title(capture).join(),
    )
  })
  it('keeps permission requests, replaced globals, event sources and WebRTC attempts', async () => {
    const capture = await visit('https://doing.lab/')
    const permissions = artifacts(capture, 'permission').items.map(({ name, detail }) => `${name} ${detail ?? ''}`.trim())
    assert.ok(permissions.includes('notifications') && permissions.includes('clipboard-write cmd /c evil'), permissions.join())
    assert.deepEqual(
      artifacts(capture, 'patch').items.map(({ name }) => name),
      ['fetch'],
    )
    const transports = artifacts(capture, 'transport').items
    assert.deepEqual(transports.find(({ type }) => type === 'webrtc')?.servers, ['stun:stun.example:3478'])
    assert.equal(transports.find(({ type }) => type === 'eventsource')?.messages[0]?.text, 'job 17')
  })
})
