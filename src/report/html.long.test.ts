import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { findBrowser } from '#capture/browser/executable.ts'
import type { Component } from '#model/component.ts'
import { sha256 } from '#model/digest.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { reportedPageWith } from '../../test/observation.ts'
import { htmlReport } from './html.ts'

/** Reports as a browser shows them: axe-core's rules (WCAG 2.2 and good practice), no sideways scrolling on a phone, time to open, size. */
let dir: string
let browser: Browser
let axe: string

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-html-'))
  axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  browser = await puppeteer.launch({
    executablePath: (await findBrowser({ explicit: null })).executable,
    // What it shows is a file of our own; root has no sandbox.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
})

after(async () => {
  await browser.close()
  await rm(dir, { recursive: true, force: true })
})

const word = 'a-rather-long-name-of-something-'
/** As much as a busy page brings: 400 scripts, 20 sockets, the largest picture. */
function busyPage(): ReportedPage {
  const page = reportedPageWith('plain', { bytes: Buffer.alloc(330_000, 'picture'), mimeType: 'image/webp' })
  const components = Array.from({ length: 400 }, (_, i): Component => ({
    slot: `shop.example/ > cdn${i % 30}.example/${word}${i}.js #0`,
    artifact: `script-${i + 1}`,
    url: `https://cdn${i % 30}.example/${word}${i}.js?v=${i}`,
    host: `cdn${i % 30}.example`,
    registrableDomain: `cdn${i % 30}.example`,
    party: 'third',
    entity: { name: `Party ${i % 30}`, source: 'list' },
    digest: sha256(Buffer.from(String(i))),
    size: i * 1_000,
    chain: ['https://shop.example/', `https://cdn1.example/${word}1.js`],
  }))
  const [conversation] = page.conversations
  return {
    ...page,
    observation: { ...page.observation, components },
    conversations: Array.from({ length: 20 }, (_, i) => ({
      ...conversation!,
      artifact: `ws-${i}`,
      turns: Array.from({ length: 12 }, () => ({ ...conversation!.turns[0]!, payload: 'ab12'.repeat(100) })),
    })),
    deeds: Object.fromEntries(
      components.map(({ artifact, url }) => [artifact, [{ kind: 'loads-script' as const, count: 3, objects: [url] }]]),
    ),
  }
}

const plain = (more: Partial<ReportedPage['observation']>): ReportedPage => {
  const page = reportedPageWith('plain', { bytes: new Uint8Array([1]), mimeType: 'image/png' })
  return { ...page, observation: { ...page.observation, ...more } }
}
const reports: Record<string, () => ReportedPage[]> = {
  'a miner': () => [plain({})],
  'a clean page': () => {
    const { conclusion } = plain({}).observation
    return [
      plain({
        findings: [],
        blindTo: [],
        gaps: [],
        error: null,
        conclusion: { ...conclusion, status: 'none', chain: [], accounts: [], advice: [] },
      }),
    ]
  },
  'a gate': () => [plain({ reached: 'gate', findings: [], components: [] })],
  'long words without a space': () => [reportedPageWith(word.replaceAll('-', '').repeat(20))],
  'text that is hostile': () => [reportedPageWith('</style><script>alert(1)</script>\u202e\u001b[2J"><svg onload=alert(1)>')],
  'a busy page': () => [busyPage()],
  'many pages': () => Array.from({ length: 10 }, () => plain({})),
}

async function show(name: string, page: Page): Promise<void> {
  const file = join(dir, `${name.replaceAll(' ', '-')}.html`)
  await writeFile(file, htmlReport(reports[name]!(), '1.0.0'))
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' })
}

describe('a report in a browser', () => {
  for (const name of Object.keys(reports))
    for (const [scheme, width] of [
      ['light', 1280],
      ['dark', 1280],
      ['light', 400],
      ['dark', 400],
    ] as const)
      it(`${name}, ${scheme}, ${width} wide: no violation of axe-core's rules, no scrolling sideways`, async (t) => {
        const page = await browser.newPage()
        t.after(() => page.close())
        await page.setViewport({ width, height: 900 })
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
        // The report forbids scripts, so that axe needs leave.
        await page.setBypassCSP(true)
        await show(name, page)
        assert.ok(((await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number) <= 0)
        await page.addScriptTag({ content: axe })
        const found = (await page.evaluate(
          'axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`))',
        )) as string[]
        assert.deepEqual(found, [])
      })

  for (const [name, most] of [
    ['a miner', 0.5],
    ['a busy page', 1],
  ] as const)
    it(`${name} opens in at most ${most} s of processor time`, async (t) => {
      const seconds: number[] = []
      for (let look = 0; look < 3; look++) {
        const page = await browser.newPage()
        t.after(() => page.close())
        // A file first, so that the report comes into the same process; it counts from `enable` on.
        await show('a gate', page)
        const session = await page.createCDPSession()
        // By the thread's own clock: what else the machine does is no fault of the report.
        await session.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' })
        await session.send('Performance.enable')
        await show(name, page)
        const { metrics } = await session.send('Performance.getMetrics')
        seconds.push(metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN)
      }
      seconds.sort((a, b) => a - b)
      assert.ok(seconds[1]! > 0.001 && seconds[1]! <= most, `${seconds.map((one) => Math.round(one * 1000)).join(', ')} ms`)
    })

  it('a busy page is at most a megabyte', () => assert.ok(Buffer.byteLength(htmlReport(reports['a busy page']!(), '1.0.0')) <= 1_000_000))

  it('asks for nothing and runs nothing', async (t) => {
    const page = await browser.newPage()
    t.after(() => page.close())
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => asked.push('a dialog')))
    await show('text that is hostile', page)
    assert.deepEqual(
      asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:')),
      [],
    )
  })
})
