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
import { seedOf } from '#model/seed.ts'
import { watchProcesses } from './process-usage.ts'

// What judging costs beside capturing: the same pages, captured once and judged once, each with an empty memory of blobs, so that shared
// scripts are derived on the first page that has them, as in a crawl. CPU-seconds of this process and all of its children.
// npm run bench -- judge [realistic|heavy]

const tag = process.argv[2] ?? 'realistic'
const dir = mkdtempSync(join(tmpdir(), 'assay-bench-judge-'))
const lab = await startLab({ dir, seed: 7, sites: 'bench' })
const egress = createEgress({ resolver: nameMapResolver(lab.names), policy: reachPolicy() })
const store = await openFileStore(join(dir, 'store'))
const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: store, spki: lab.names.spki })
const judge = createJudge({ blobs: store, memo: store, signatures: await loadSignatures() })
try {
  const urls = lab.truth.filter((site) => site.tags.includes(tag)).map((site) => site.url)
  await judge.ready()
  await judge.judge(await capturer.capture(seedOf(urls[0] ?? ''), { dwellMs: 500, interact: false }))

  const captures: Capture[] = []
  const capturing = watchProcesses(process.pid)
  for (const url of urls) captures.push(await capturer.capture(seedOf(url), { dwellMs: 500, interact: false, screenshot: false }))
  const captured = capturing.stop()

  const times: number[] = []
  const judging = watchProcesses(process.pid)
  for (const capture of captures) {
    const started = performance.now()
    await judge.judge(capture)
    times.push(performance.now() - started)
  }
  const judged = judging.stop()
  times.sort((a, b) => a - b)
  console.log(`${captures.length} ${tag} pages`)
  console.log(
    `capture ${(captured.cpuSeconds / captures.length).toFixed(3)} CPU-s a page; judging ${(judged.cpuSeconds / captures.length).toFixed(3)} CPU-s a page = ${((100 * judged.cpuSeconds) / captured.cpuSeconds).toFixed(1)} % of it`,
  )
  console.log(
    `judging a page: median ${(times[Math.floor(times.length / 2)] ?? 0).toFixed(0)} ms, worst ${(times.at(-1) ?? 0).toFixed(0)} ms`,
  )
} finally {
  await judge.close()
  await capturer.close()
  await egress.close()
  await lab.close()
  rmSync(dir, { recursive: true, force: true })
}
