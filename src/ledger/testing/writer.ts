// Writes captures and observations without end and prints what was acknowledged: a test kills it.
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openFileStore } from '../file-store.ts'
import { sampleCapture, sampleObservation } from './samples.ts'

const store = await openFileStore(process.argv[2]!)
async function writeOn(worker: number): Promise<never> {
  for (let index = 0; ; index++) {
    const bodies = await Promise.all(
      [0, 1, 2].map((body) => store.put(body === 0 ? Buffer.from(`shared text ${index % 10}\n`.repeat(500)) : randomBytes(20_000))),
    )
    const capture = sampleCapture({ url: `https://site-${worker}-${index}-${process.pid}.test/` }, bodies)
    await store.putCapture(capture)
    await store.appendObservation(sampleObservation(capture))
    writeSync(1, `${capture.id}\n`)
  }
}
await Promise.all([0, 1, 2].map(writeOn))
