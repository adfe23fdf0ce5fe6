import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { browserFlags } from '#capture/browser/flags.ts'
import { startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser } from '#capture/browser/executable.ts'
import { createEgress, nameMapResolver, reachPolicy } from '#egress/egress.ts'
import { type ArtifactKind, artifactKinds } from '#model/artifact.ts'
import type { NameMap } from '#model/names.ts'
import { seedOf } from '#model/seed.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { startLab } from '#lab/start.ts'
import { type Usage, watchProcesses } from './process-usage.ts'

// What capture costs against a browser that captures nothing: CPU-seconds per page and peak memory of the driver and all of its
// browser's processes, egress included, by turns in one run, with the same binary, flags, viewport, dwell and input (none).
// node bench/capture.ts [--rounds 3] [--pages 20] [--jobs 1] [--heavy] [--by-collector] [--only "assay;puppeteer"]

const dwellMs = 500
/** CSS pixels; that of our own visits. */
const viewport = { width: 1366, height: 768 }

interface Task {
  contestant: string
  names: NameMap
  urls: string[]
  jobs: number
}

type Contestant = (task: Task) => Promise<{ visit(url: string): Promise<void>; close(): Promise<void> }>

const contestants: Record<string, Contestant> = {
  assay: (task) => assay(task, []),
  'assay with screenshot': (task) => assay(task, [], true),
  puppeteer: async (task) => {
    const { default: puppeteer } = await import('puppeteer-core')
    const { executable } = await findBrowser()
    const browser = await puppeteer.launch({
      executablePath: executable,
      pipe: true,
      timeout: 120_000,
      waitForInitialPage: false,
      ignoreDefaultArgs: true,
      defaultViewport: viewport,
      args: bareFlags(task.names),
    })
    return {
      async visit(url) {
        const context = await browser.createBrowserContext()
        const page = await context.newPage()
        await page.goto(url, { waitUntil: 'load', timeout: 180_000 })
        await new Promise((resolve) => setTimeout(resolve, dwellMs))
        await context.close()
      },
      close: () => browser.close(),
    }
  },
  'playwright with listeners': async (task) => {
    const { chromium } = await import('playwright-core')
    const { executable } = await findBrowser()
    const browser = await chromium.launch({
      executablePath: executable,
      timeout: 120_000,
      ignoreDefaultArgs: true,
      args: bareFlags(task.names, false),
    })
    return {
      async visit(url) {
        const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport })
        const page = await context.newPage()
        let seen = 0
        const count = (): void => void seen++
        page
          .on('request', count)
          .on('response', count)
          .on('requestfinished', count)
          .on('console', count)
          .on('pageerror', count)
          .on('websocket', count)
          .on('worker', count)
        await page.goto(url, { waitUntil: 'load', timeout: 180_000 })
        await page.waitForTimeout(dwellMs)
        await context.close()
      },
      close: () => browser.close(),
    }
  },
}

/** Scripts and modules share the debugger; the last group is what hooks in the page tell. */
const groups: readonly (readonly ArtifactKind[])[] = [
  artifactKinds,
  ['request'],
  ['script', 'wasm'],
  ['cpu'],
  ['dom', 'storage'],
  ['frame'],
  ['console'],
  ['websocket', 'worker', 'host', 'cookie'],
  ['dialog'],
  ['transport', 'gpu', 'permission', 'patch', 'wallet'],
]
const withoutGroup = (group: readonly ArtifactKind[]): string => `assay without ${group.join(', ')}`

/** `assay without cpu, dom`: any kinds. */
function contestantCalled(name: string): Contestant {
  const known = contestants[name]
  if (known) return known
  const without = (/^assay without (.+)$/.exec(name)?.[1]?.split(', ') ?? []).filter((kind): kind is ArtifactKind =>
    artifactKinds.some((each) => each === kind),
  )
  if (without.length === 0)
    throw new Error(`there is no contestant "${name}"; there are: ${Object.keys(contestants).join(', ')} and "assay without KIND, KIND"`)
  return (task) => assay(task, without)
}

/** Those of our own capture, less its proxy: the names go straight to the lab. */
function bareFlags(names: NameMap, pipe = true): string[] {
  const own = browserFlags.filter((flag) => !/^--(proxy|host-resolver|remote-debugging)/.test(flag))
  const rules = Object.entries(names.hosts).flatMap(([host, [address]]) =>
    Object.entries(names.ports).map(([asked, actual]) => `MAP ${host}:${asked} ${address}:${actual}`),
  )
  return [
    ...own,
    `--host-resolver-rules=${rules.join(',')}`,
    `--ignore-certificate-errors-spki-list=${names.spki}`,
    ...(pipe
      ? ['--remote-debugging-pipe', `--user-data-dir=${mkdtempSync(join(process.env.HOME ?? tmpdir(), 'profile-'))}`]
      : ['--remote-debugging-pipe']),
  ]
}

async function assay(task: Task, without: readonly ArtifactKind[], screenshot = false): ReturnType<Contestant> {
  const egress = createEgress({ resolver: nameMapResolver(task.names), policy: reachPolicy() })
  const store = await openFileStore(mkdtempSync(join(process.env.HOME ?? tmpdir(), 'store-')))
  const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: store, spki: task.names.spki, jobs: task.jobs })
  return {
    async visit(url) {
      const capture = await capturer.capture(seedOf(url), { dwellMs, loadTimeoutMs: 180_000, interact: false, screenshot, without })
      await store.putCapture(capture)
      if (capture.manifest.error) throw new Error(`${url}: ${capture.manifest.error.message}`)
    },
    async close() {
      await capturer.close()
      await egress.close()
    },
  }
}

/** In a process of its own, so that nothing but the driver is counted. */
async function child(): Promise<void> {
  const [task] = (await once(process, 'message')) as [Task]
  const driver = await contestantCalled(task.contestant)(task)
  // The first visit pays for what is made once.
  await driver.visit(task.urls[0]!)
  process.send?.('ready')
  await once(process, 'message')
  const left = [...task.urls]
  await Promise.all(
    Array.from({ length: task.jobs }, async () => {
      for (let url = left.shift(); url !== undefined; url = left.shift()) await driver.visit(url)
    }),
  )
  process.send?.('done')
  await once(process, 'message')
  await driver.close()
  process.disconnect?.()
}

/** As an unprivileged user where we are root, so that every contestant's browser has its sandbox. */
function startChild(home: string): ChildProcess {
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(home, 65534, 65534)
  return fork(new URL(import.meta.url), ['child'], {
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    env: { ...process.env, HOME: home, TMPDIR: home },
  })
}

async function measure(task: Task): Promise<Usage & { seconds: number }> {
  const home = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  const process_ = startChild(home)
  try {
    const failed = once(process_, 'exit').then(([code]) => {
      throw new Error(`${task.contestant} ended with ${code}`)
    })
    const message = (): Promise<unknown> => Promise.race([once(process_, 'message'), failed])
    failed.catch(() => undefined)
    process_.send(task)
    await message()
    const watch = watchProcesses(process_.pid!)
    const start = performance.now()
    process_.send('go')
    await message()
    const usage = watch.stop()
    const seconds = (performance.now() - start) / 1_000
    const gone = once(process_, 'exit')
    process_.send('close')
    await gone
    return { ...usage, seconds }
  } finally {
    process_.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      pages: { type: 'string', default: '20' },
      jobs: { type: 'string', default: '1' },
      heavy: { type: 'boolean', default: false },
      'by-collector': { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  })
  const dir = mkdtempSync(join(tmpdir(), 'assay-bench-lab-'))
  const lab = await startLab({ dir, seed: 7, sites: 'bench' })
  try {
    const tag = values.heavy ? 'heavy' : 'realistic'
    const urls = lab.truth
      .filter((site) => site.tags.includes(tag))
      .map((site) => site.url)
      .slice(0, Number(values.pages))
    const jobs = Number(values.jobs)
    const chosen =
      values.only?.split(';') ??
      (values['by-collector']
        ? ['puppeteer', 'assay', ...groups.map(withoutGroup)]
        : ['puppeteer', 'assay', 'assay with screenshot', 'playwright with listeners'])
    const results = new Map<string, (Usage & { seconds: number })[]>(chosen.map((name) => [name, []]))
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const contestant of round % 2 === 0 ? chosen : chosen.toReversed()) {
        results.get(contestant)!.push(await measure({ contestant, names: lab.names, urls, jobs }))
      }
    }
    const cpuOf = (usages: Usage[]): number => median(usages.map(({ cpuSeconds }) => cpuSeconds / urls.length))
    const base = cpuOf(results.get('puppeteer') ?? []) || 1
    console.log(`${urls.length} ${tag} pages, ${jobs} at a time, ${values.rounds} rounds; medians`)
    console.log(
      `contestant | CPU-s a page | against puppeteer | of it ${shown.join(' | ')} | peak PSS MB | of it ${shown.join(' | ')} | wall s`,
    )
    for (const [name, usages] of results) {
      const kinds = (of: (usage: Usage) => Record<string, number>, unit: number, digits: number): string =>
        shown.map((kind) => (median(usages.map((usage) => of(usage)[kind] ?? 0)) / unit).toFixed(digits)).join(' | ')
      console.log(
        [
          name.replace(withoutGroup(artifactKinds), 'assay without collectors'),
          cpuOf(usages).toFixed(3),
          (cpuOf(usages) / base).toFixed(2),
          kinds((usage) => usage.cpuSecondsByKind, urls.length, 3),
          Math.round(median(usages.map(({ peakPssBytes }) => peakPssBytes)) / 1e6),
          kinds((usage) => usage.pssBytesByKind, 1e6, 0),
          median(usages.map(({ seconds }) => seconds)).toFixed(1),
        ].join(' | '),
      )
    }
  } finally {
    await lab.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Kinds of processes in the table; what is left to the sum are the zygotes, the GPU process and storage. */
const shown = ['driver', 'browser', 'renderer', 'NetworkService']

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

if (process.argv[2] === 'child') await child()
else await main()
