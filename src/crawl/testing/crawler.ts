// A crawl of pages that need no browser, in a process of its own that a test kills. Prints `start` and `kept` lines.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SimulatedClock } from '#model/clock.ts'
import { seedOf } from '#model/seed.ts'
import { openLedger } from '#ledger/ledger.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { runCrawl } from '../crawl.ts'

const [dataDir, pages, rounds] = process.argv.slice(2)
const start = new Date('2026-01-05T00:00:00.000Z')
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const ledger = await openLedger({ dataDir: dataDir! })
const result = await runCrawl({
  ledger,
  name: 'weekly',
  seeds: Array.from({ length: Number(pages) }, (_, index) => seedOf(`https://site-${index}.test/`, { rank: index + 1 })),
  everyMs: 7 * 86_400_000,
  rounds: Number(rounds),
  startsAt: start,
  clock: new SimulatedClock(start),
  concurrency: 4,
  signal: stop.signal,
  async visit(seed, at, turn) {
    writeSync(1, `start ${turn.round} ${seed.url}\n`)
    await sleep(20)
    const blob = await ledger.files.put(Buffer.from(`${seed.url} in round ${turn.round}\n`.repeat(100)))
    const capture = sampleCapture({ url: seed.url, seed, visitId: turn.visitId, startedAt: at.toISOString(), endedAt: at.toISOString() }, [
      blob,
    ])
    await ledger.files.putCapture(capture)
    return {
      observation: sampleObservation(capture, seed.rank === 1 + turn.round ? 'active' : 'none', { account: `wallet-${turn.round}` }),
    }
  },
  onVisit: (observation, turn) => void writeSync(1, `kept ${turn.round} ${observation.url} ${observation.visitId}\n`),
})
await ledger.close()
writeSync(1, `ended ${result.ended}\n`)
