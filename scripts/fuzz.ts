/**
 * `npm run fuzz -- [--seconds N] [--target NAME[,NAME …]] [--from SEED] [--keep FOLDER]`: generated and mutated input for every reader of what
 * strangers write. Each case is read directly, in a child that is killed when it hangs or eats its memory, and what production reads in the
 * judge's own children goes there too. A crash, a hang or an error without a code is a find: its case is told by target and seed, with
 * `--keep` written to FOLDER, and the exit code is 1. The same seed is the same case.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cpuTimeMs } from '#judge/cpu-time.ts'
import type { FuzzReply, FuzzRequest } from './fuzz/child.ts'
import { type TargetName, targetNames, targetOf } from './fuzz/targets.ts'

const heapMb = 1_024
/** Processor time without a word, milliseconds: the case hangs. Where it cannot be told, and for what waits, twelve times as much by the clock. */
const hangMs = 30_000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', default: targetNames.join(',') },
    from: { type: 'string' },
    keep: { type: 'string' },
  },
})
const chosen = values.target.split(',')
const unknown = chosen.filter((name) => !targetNames.some((known) => known === name))
if (unknown.length > 0 || !(Number(values.seconds) > 0)) {
  console.log(`npm run fuzz -- [--seconds N] [--target NAME] [--from SEED] [--keep FOLDER]; the targets are ${targetNames.join(', ')}`)
  process.exit(2)
}

interface Find {
  target: TargetName
  seed: number
  text: string
}
const finds: Find[] = []
let cases = 0

/** One target for so long. After a child that died, another goes on with the next seed. */
async function fuzz(target: TargetName, from: number, untilMs: number): Promise<void> {
  const ends = performance.now() + untilMs
  const sum = { cases: 0, pooled: 0, peakMb: 0, slowestMs: 0, slowest: from }
  const outcomes = new Map<string, number>()
  for (let next = from, left = untilMs; left > 0 && finds.length < 50; left = ends - performance.now()) {
    const { done, last, found, death } = await round({ target, from: next, untilMs: left, poolEvery: 10 })
    finds.push(...found.map((find) => ({ target, ...find })))
    if (death !== null) finds.push({ target, seed: last, text: death })
    next = last + 1
    sum.cases += done?.cases ?? Math.max(0, last - next)
    if (done === null) continue
    sum.pooled += done.pooled
    sum.peakMb = Math.max(sum.peakMb, done.peakMb)
    if (done.slowestMs > sum.slowestMs) [sum.slowestMs, sum.slowest] = [done.slowestMs, done.slowest]
    for (const [outcome, count] of Object.entries(done.outcomes)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
    break
  }
  cases += sum.cases
  const told = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`)
  console.log(
    `| ${target} | ${sum.cases} | ${sum.pooled} | ${told.join(', ')} | ${sum.slowestMs} (seed ${sum.slowest}) | ${sum.peakMb} | ${finds.filter((find) => find.target === target).length} |`,
  )
}

type Done = Extract<FuzzReply, { type: 'done' }>

async function round(
  request: FuzzRequest,
): Promise<{ done: Done | null; last: number; found: { seed: number; text: string }[]; death: string | null }> {
  const child = fork(new URL('./fuzz/child.ts', import.meta.url), [], {
    execArgv: [`--max-old-space-size=${heapMb}`, '--stack-size=3900'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  let last = request.from
  let done: Done | null = null
  let hung = false
  const found: { seed: number; text: string }[] = []
  let since = { cpuMs: cpuTimeMs(child.pid) ?? 0, atMs: performance.now() }
  child.on('message', (reply: FuzzReply) => {
    since = { cpuMs: cpuTimeMs(child.pid) ?? 0, atMs: performance.now() }
    if (reply.type === 'at') last = reply.seed
    else if (reply.type === 'find') found.push({ seed: reply.seed, text: reply.text })
    else done = reply
  })
  child.send(request)
  const watch = setInterval(() => {
    const waitedMs = performance.now() - since.atMs
    if (waitedMs < hangMs || ((cpuTimeMs(child.pid) ?? since.cpuMs + waitedMs) - since.cpuMs < hangMs && waitedMs < hangMs * 12)) return
    hung = true
    child.kill('SIGKILL')
  }, 1_000)
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('error', (error) => resolve(error.message))
  child.once('exit', (code, signal) => resolve(`${signal ?? code}`))
  // What it had said may still be on its way when it has ended.
  const [ended] = await Promise.all([promise, once(child, 'disconnect')])
  clearInterval(watch)
  return {
    done,
    last,
    found,
    death: done !== null ? null : hung ? `it hung for ${hangMs} ms of processor time` : `its process ended (${ended})`,
  }
}

const from = values.from === undefined ? Math.floor(Date.now() / 1_000) : Number(values.from)
console.log(
  `seeds from ${from}\n\n| target | cases | through the pool | outcomes | slowest, CPU-ms | peak MB | finds |\n| --- | --- | --- | --- | --- | --- | --- |`,
)
for (const name of targetNames) if (chosen.includes(name)) await fuzz(name, from, (Number(values.seconds) * 1_000) / chosen.length)
if (values.keep !== undefined && finds.length > 0) mkdirSync(values.keep, { recursive: true })
for (const { target, seed, text } of finds) {
  console.log(`\n${target}, seed ${seed}: ${text}`)
  if (values.keep !== undefined) writeFileSync(join(values.keep, `${target}-${seed}`), (await targetOf(target)).make(seed))
}
console.log(`\n${cases} cases, ${finds.length} finds`)
process.exitCode = finds.length > 0 || cases === 0 ? 1 : 0
