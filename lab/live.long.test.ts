import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { KnownDevices, type Page } from 'puppeteer-core'
import type { ConsentPolicy } from '#model/capture.ts'
import type { Activity } from '#model/finding.ts'
import type { Lab } from './lab.ts'
import type { Needs, SiteTruth } from './site/site.ts'
import { startLab, worldOf } from './start.ts'
import { type TestBrowser, openChromium } from './testing/chromium.ts'
import { isProbeTruth } from './worlds/probe.ts'

/** The lab's truth held against what its own pools were told by a real browser. */
const seed = Number(process.env.LAB_SEED ?? 31)
const patienceMs = 150_000
let lab: Lab
let chromium: TestBrowser
let dir: string

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-lab-live-'))
  lab = await startLab({ dir, seed, sites: 'all' })
  chromium = await openChromium(lab)
})

after(async () => {
  await chromium.close()
  await lab.close()
  await rm(dir, { recursive: true })
})

function activityOf(account: string, since: number): Activity {
  const types = new Set(
    lab.log.pool
      .slice(since)
      .filter((event) => event.account === account)
      .map((event) => event.type),
  )
  return types.has('share') ? 'hashing' : types.has('login') ? 'pool-contact' : 'delivered'
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`${what}: not within ${patienceMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Opens a page and answers as the policy says; a visitor's pointer moves once, and clicks beside everything. */
async function visit(page: Page, truth: SiteTruth, policy: ConsentPolicy, needs: Needs = {}): Promise<void> {
  page.on('dialog', (dialog) => void (policy === 'accept' ? dialog.accept() : dialog.dismiss()))
  if (needs.mobile) await page.emulate(phone)
  const how = { waitUntil: 'load' as const, timeout: patienceMs, ...(needs.referrer === undefined ? {} : { referer: needs.referrer }) }
  await page.goto(truth.url, how)
  if (needs.returns) {
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)')
    await page.goto(truth.url, how)
  }
  await page.mouse.move(200, 200)
  if (/pop-under/.test(truth.load ?? '')) await page.mouse.click(4, 300)
  const asks = truth.asking !== 'none' && truth.asking !== 'cookie-banner' && truth.asking !== 'asks-first-confirm'
  if (policy === 'ignore' || !asks) return
  const buttons = await page
    .waitForSelector('[role=dialog] button, main section button', { timeout: patienceMs })
    .then(() => page.$$('[role=dialog] button, main section button'))
  await (policy === 'accept' ? buttons[0] : buttons[1])?.click()
}

/** Activities that a pool is told of. */
const runs: ReadonlySet<string> = new Set(['hashing', 'pool-contact'])
const phone = KnownDevices['Pixel 5']
const miners = worldOf('miners', seed).sites.map((site) => site.truth(1))
const name = (t: SiteTruth): string =>
  [t.load, t.thread, t.module, t.family, t.dialect, t.encoding, t.transport, t.poolMode, t.hiding, t.asking].join(' ')

/** What a driver that listens cannot see run: `assay scan` can, see src/app/lab-table.long.test.ts. */
const isShy = ({ hiding }: SiteTruth): boolean => hiding === 'devtools-closed'
/** What no pool of the lab is told. */
const isUntold = ({ poolMode }: SiteTruth): boolean => (poolMode ?? '').startsWith('unreachable')
const isTold = (truth: SiteTruth): boolean => !isShy(truth) && !isUntold(truth)

for (const truth of miners.filter((row) => row.met !== null && isTold(row))) {
  const { needs, underPolicy } = truth.met ?? { needs: {}, underPolicy: truth.underPolicy }
  test(`with ${JSON.stringify(needs)}: ${name(truth)} is ${underPolicy.ignore.activity}`, async () => {
    const context = await chromium.browser.createBrowserContext()
    const since = lab.log.pool.length
    await visit(await context.newPage(), truth, 'ignore', needs)
    await until(
      `${underPolicy.ignore.activity} at ${truth.url}`,
      () => activityOf(truth.account ?? '', since) === underPolicy.ignore.activity,
    )
    await context.close()
  })
}

for (const policy of ['ignore', 'accept', 'reject'] as const) {
  const rows = miners.filter((truth) => policy === 'ignore' || truth.asking !== 'none')
  for (const truth of rows.filter((row) => isTold(row) && runs.has(row.underPolicy[policy].activity ?? ''))) {
    test(`${policy}: ${name(truth)} is ${truth.underPolicy[policy].activity}`, async () => {
      const context = await chromium.browser.createBrowserContext()
      const since = lab.log.pool.length
      await visit(await context.newPage(), truth, policy)
      const expected = truth.underPolicy[policy].activity
      await until(`${expected} at ${truth.url}`, () => activityOf(truth.account ?? '', since) === expected)
      assert.deepEqual(
        lab.log.pool.slice(since).filter((event) => event.type === 'bad-message'),
        [],
      )
      await context.close()
    })
  }

  const silent = rows.filter((row) => isUntold(row) || !runs.has(row.underPolicy[policy].activity ?? ''))
  // Under `accept` every site that asks begins.
  if (silent.length === 0) continue
  test(`${policy}: what is only delivered stays silent while another page mines to its third share`, async () => {
    const context = await chromium.browser.createBrowserContext()
    const since = lab.log.pool.length
    for (const truth of silent) await visit(await context.newPage(), truth, policy)
    const busy = miners.find((row) => row.family === 'sha1')
    assert.ok(busy)
    await visit(await context.newPage(), busy, 'ignore')
    await until(
      'three shares',
      () => lab.log.pool.slice(since).filter((event) => event.type === 'share' && event.account === busy.account).length >= 3,
    )
    for (const truth of silent) assert.equal(activityOf(truth.account ?? '', since), 'delivered', name(truth))
    await context.close()
  })
}

test('the probe is done in four pages at a time', async () => {
  const truth = lab.truth.find((site) => isProbeTruth(site))
  assert.ok(isProbeTruth(truth))
  const context = await chromium.browser.createBrowserContext()
  await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const page = await context.newPage()
      await page.goto(truth.url, { timeout: patienceMs })
      await until('the probe', async () => (await page.title()) === truth.doneTitle)
    }),
  )
  await context.close()
})

test('pages that do not mine speak to no pool', async () => {
  const since = lab.log.pool.length
  const context = await chromium.browser.createBrowserContext()
  for (const truth of worldOf('ordinary', seed).sites.map((site) => site.truth(1))) {
    const page = await context.newPage()
    await page.goto(truth.url, { waitUntil: 'load', timeout: patienceMs })
    if (truth.content === 'proof-of-work captcha')
      await until('the captcha', () => page.$eval('.captcha label', (label) => label.textContent === 'Verified'))
    if (truth.content === 'proof-of-work gate') {
      // The gate navigates when it opens: a question asked just then has no answer.
      await until('the gate', () =>
        page.title().then(
          (title) => !title.includes('bot'),
          () => false,
        ),
      )
    }
    if (truth.content === 'hashing a file') await until('the digest', () => page.$eval('output', (output) => output.textContent !== ''))
    if (truth.content === 'wallet') await until('the wallet', () => page.$eval('#balance', (balance) => balance.textContent !== '…'))
    await page.close()
  }
  await context.close()
  assert.equal(lab.log.pool.length, since)
})
