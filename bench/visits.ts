import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser } from '#capture/browser/executable.ts'
import { createEgress, nameMapResolver, reachPolicy } from '#egress/egress.ts'
import { startLab } from '#lab/start.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { seedOf } from '#model/seed.ts'
import { memoryOfTree, processesOfTree, pssOf } from './process-usage.ts'

// Many visits in a row: memory after the last against memory after the fiftieth, and what is left when all is closed.
// npm run bench -- visits [300]

const visits = Number(process.argv[2] ?? 300)
const dir = mkdtempSync(join(tmpdir(), 'visits-'))
// Its own folder for temporary files, so that whatever is left in it is ours.
process.env['TMPDIR'] = join(dir, 'tmp')
// The browser runs as somebody else.
chmodSync(dir, 0o755)
mkdirSync(join(dir, 'tmp'))
chmodSync(join(dir, 'tmp'), 0o1777)
const lab = await startLab({ dir, seed: 7, sites: 'bench' })
const egress = createEgress({ resolver: nameMapResolver(lab.names), policy: reachPolicy() })
const store = await openFileStore(join(dir, 'store'))
const before = new Set(readdirSync(tmpdir()))
const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: store, spki: lab.names.spki })
const urls = lab.truth.filter((site) => site.tags.includes('realistic')).map((site) => site.url)
const own: number[] = []
const all: number[] = []
for (let visit = 1; visit <= visits; visit++) {
  const capture = await capturer.capture(seedOf(urls[visit % urls.length] ?? ''), { dwellMs: 200, interact: false, screenshot: false })
  if (capture.manifest.error) throw new Error(capture.manifest.error.message)
  if (visit % 10 === 0) {
    globalThis.gc?.()
    own.push(pssOf(process.pid))
    all.push(memoryOfTree(process.pid))
  }
}
const near = (values: number[], visit: number): number => values[Math.round(visit / 10) - 1] ?? 0
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
console.log(
  `${visits} visits; our process after 50: ${mb(near(own, 50))}, after ${visits}: ${mb(near(own, visits))} (ratio ${(near(own, visits) / near(own, 50)).toFixed(2)})`,
)
console.log(
  `with the browser after 50: ${mb(near(all, 50))}, after ${visits}: ${mb(near(all, visits))} (ratio ${(near(all, visits) / near(all, 50)).toFixed(2)}), highest ${mb(Math.max(...all.slice(5)))}; every so many visits it is a new one`,
)
await capturer.close()
await egress.close()
await lab.close()
console.log(
  `left when closed: ${processesOfTree(process.pid).length - 1} processes, ${readdirSync(tmpdir()).filter((name) => !before.has(name)).length} temporary files or folders`,
)
rmSync(dir, { recursive: true, force: true })
