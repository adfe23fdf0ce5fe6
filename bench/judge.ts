import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser } from '#capture/browser/executable.ts'
import { createEgress, nameMapResolver, reachPolicy } from '#egress/egress.ts'
import { createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { startLab } from '#lab/start.ts'
import { openFileStore } from '#ledger/file-store.ts'
import type { Capture } from '#model/capture.ts'
import type { NameMap } from '#model/names.ts'
import { seedOf } from '#model/seed.ts'
import { watchProcesses } from './process-usage.ts'

// What judging costs beside capturing: the same pages, captured once and judged once, with an empty memory of blobs, so that shared
// scripts are derived on the first page that has them, as in a crawl. The first half is told apart: there the children still compile. CPU-seconds of a process that does nothing else, and of all of its
// children; the lab and the watcher are outside it.
// npm run bench -- judge [realistic|heavy]

interface Task {
  names: NameMap
  urls: string[]
  dir: string
}

/** Captures all, then judges all; waits for a word before either, and tells when it is done, with milliseconds a page. */
async function child(): Promise<void> {
  const [{ names, urls, dir }] = (await once(process, 'message')) as [Task]
  const egress = createEgress({ resolver: nameMapResolver(names), policy: reachPolicy() })
  const store = await openFileStore(join(dir, 'store'))
  const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: store, spki: names.spki })
  const judge = createJudge({ blobs: store, memo: store, signatures: await loadSignatures() })
  const visit = (url: string): Promise<Capture> => capturer.capture(seedOf(url), { dwellMs: 500, interact: false, screenshot: false })
  await judge.ready()
  // The first of each pays for what is made once.
  await judge.judge(await visit(urls[0] ?? ''))
  const next = async (message: object): Promise<void> => {
    const answered = once(process, 'message')
    process.send?.(message)
    await answered
  }
  await next({})
  const captures: Capture[] = []
  for (const url of urls) captures.push(await visit(url))
  await next({})
  const half = Math.ceil(captures.length / 2)
  for (const part of [captures.slice(0, half), captures.slice(half)]) {
    const times: number[] = []
    for (const capture of part) {
      const started = performance.now()
      await judge.judge(capture)
      times.push(performance.now() - started)
    }
    await next({ times })
  }
  await judge.close()
  await capturer.close()
  await egress.close()
  process.disconnect?.()
}

async function main(): Promise<void> {
  const tag = process.argv[2] ?? 'realistic'
  const dir = mkdtempSync(join(tmpdir(), 'assay-bench-judge-'))
  const lab = await startLab({ dir, seed: 7, sites: 'bench' })
  try {
    const urls = lab.truth.filter((site) => site.tags.includes(tag)).map((site) => site.url)
    const worker = fork(new URL(import.meta.url), ['child'])
    const said = async (): Promise<{ times?: number[] }> => ((await once(worker, 'message')) as [{ times?: number[] }])[0]
    worker.send({ names: lab.names, urls, dir } satisfies Task)
    await said()
    const capturing = watchProcesses(worker.pid!)
    worker.send('capture')
    await said()
    const captured = capturing.stop()
    const capturePage = captured.cpuSeconds / urls.length
    console.log(`${urls.length} ${tag} pages; capture ${capturePage.toFixed(3)} CPU-s a page`)
    for (const part of ['first half', 'second half']) {
      const judging = watchProcesses(worker.pid!)
      worker.send('judge')
      const times = (await said()).times?.sort((a, b) => a - b) ?? []
      const page = judging.stop().cpuSeconds / times.length
      console.log(
        `judging, ${part}: ${page.toFixed(3)} CPU-s a page = ${((100 * page) / capturePage).toFixed(1)} % of capture; median ${(times[Math.floor(times.length / 2)] ?? 0).toFixed(0)} ms, worst ${(times.at(-1) ?? 0).toFixed(0)} ms`,
      )
    }
    const gone = once(worker, 'exit')
    worker.send('end')
    await gone
  } finally {
    await lab.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.argv[2] === 'child') await child()
else await main()
