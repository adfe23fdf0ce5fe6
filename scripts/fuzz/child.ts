import { createDerivePool, defaultLimits } from '#judge/derive-pool.ts'
import { context, type Target, type TargetName, targetOf } from './targets.ts'

/** What the parent asks: cases of a target from a seed on, for so long. */
export interface FuzzRequest {
  target: TargetName
  from: number
  untilMs: number
  /** Every how many cases one goes through the pool's child as well. */
  poolEvery: number
}

/** `at` before each case, so that the parent knows which one it was; `done` when the time is over. */
export type FuzzReply =
  | { type: 'at'; seed: number }
  | { type: 'find'; seed: number; text: string }
  | { type: 'done'; cases: number; pooled: number; outcomes: Record<string, number>; slowestMs: number; slowest: number; peakMb: number }

/** Clock time after which one case is worth a look, milliseconds of processor time. */
const slowMs = 15_000

process.once('message', async (request: FuzzRequest) => {
  const target = await targetOf(request.target)
  await run(target, request)
  process.disconnect?.()
})

async function run(target: Target, { from, untilMs, poolEvery }: FuzzRequest): Promise<void> {
  const send = (reply: FuzzReply): void => void process.send?.(reply)
  const pool = target.kind === null ? null : createDerivePool(await context(), { ...defaultLimits, children: 1 })
  const outcomes: Record<string, number> = {}
  const count = (outcome: string): void => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1)
  const ends = performance.now() + untilMs
  let cases = 0
  let pooled = 0
  let slowestMs = 0
  let slowest = from
  let peakMb = 0
  for (let seed = from; performance.now() < ends; seed++) {
    send({ type: 'at', seed })
    const before = process.cpuUsage()
    try {
      const bytes = target.make(seed)
      count(await target.read(bytes))
      if (pool !== null && target.kind !== null && seed % poolEvery === 0) {
        pooled++
        const { result } = await pool.derive(target.kind, bytes)
        if (result.status === 'failed' && /its process ended|longer than/.test(result.error.message))
          send({ type: 'find', seed, text: `in the pool: ${result.error.message}` })
      }
    } catch (error) {
      send({ type: 'find', seed, text: error instanceof Error ? (error.stack ?? error.message).slice(0, 1_500) : String(error) })
    }
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1_000
    if (tookMs > slowestMs) [slowestMs, slowest] = [tookMs, seed]
    if (tookMs > slowMs) send({ type: 'find', seed, text: `it took ${Math.round(tookMs)} ms of processor time` })
    if (++cases % 16 === 0) {
      peakMb = Math.max(peakMb, process.memoryUsage().rss / 1e6)
      // The parent's channel needs a turn of the loop.
      await new Promise((done) => setImmediate(done))
    }
  }
  await pool?.close()
  const done: FuzzReply = { type: 'done', cases, pooled, outcomes, slowestMs: Math.round(slowestMs), slowest, peakMb: Math.round(peakMb) }
  // Tens of thousands of words may be queued before it: a channel that is closed now would lose them.
  await new Promise((sent) => process.send!(done, sent))
}
