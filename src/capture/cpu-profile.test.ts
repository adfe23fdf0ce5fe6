import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import { ThreadLoad } from './cpu-profile.ts'

const node = (id: number, functionName: string, scriptId = '0'): Protocol.Profiler.ProfileNode => ({
  id,
  callFrame: { functionName, scriptId, url: '', lineNumber: 0, columnNumber: 0 },
})
const nodes = [node(1, '(root)'), node(2, '(idle)'), node(3, 'hash', '7'), node(4, '(program)')]

/** One sample each 10 ms from second 100 on. */
function load(...profiles: number[][]): ThreadLoad {
  const thread = new ThreadLoad(1_000)
  let startTime = 100e6
  for (const samples of profiles) {
    const endTime = startTime + samples.length * 10_000
    thread.add(
      { nodes, startTime, endTime, samples, timeDeltas: samples.map((_, i) => (i === 0 ? 0 : 10_000)) },
      (seconds) => (seconds - 100) * 1_000,
      (id) => (id === '7' ? { artifactId: 'wasm-1', frameId: undefined, isWasm: true } : undefined),
    )
    startTime = endTime
  }
  return thread
}

const repeat = (count: number, ...pattern: number[]): number[] => Array.from({ length: count }, (_, i) => pattern[i % pattern.length]!)
const base = { id: 'cpu-1', targetId: 'target-1', thread: 'worker', url: '', samplingIntervalUs: 10_000 } as const

describe('load of a thread', () => {
  it('is the share of time that it was not idle, over all and by windows', () => {
    const cpu = load(repeat(100, 3), repeat(100, 2, 3), repeat(100, 2)).artifact(base)
    assert.deepEqual([cpu.observedMs, cpu.busy, cpu.windows.map(({ busy }) => busy)], [3_000, 0.5, [1, 0.5, 0]])
  })

  it('names what was hot, WebAssembly as such', () => {
    const cpu = load(repeat(100, 3, 3, 4, 2)).artifact(base)
    assert.deepEqual(
      cpu.hottest.map(({ functionName, share, wasm, scriptId }) => [functionName, share, wasm, scriptId]),
      [
        ['hash', 0.5, true, 'wasm-1'],
        ['(program)', 0.25, false, undefined],
      ],
    )
  })

  it('of a long sample reaches over windows', () => {
    const thread = new ThreadLoad(1_000)
    thread.add(
      { nodes, startTime: 0, endTime: 2.5e6, samples: [3], timeDeltas: [500_000] },
      (seconds) => seconds * 1_000,
      () => undefined,
    )
    assert.deepEqual(thread.artifact(base).windows, [
      { fromMs: 500, toMs: 1_000, busy: 1 },
      { fromMs: 1_000, toMs: 2_000, busy: 1 },
      { fromMs: 2_000, toMs: 2_500, busy: 1 },
    ])
  })

  it('of no samples is none', () => {
    assert.deepEqual(load([]).artifact(base), { ...base, observedMs: 0, windows: [], busy: 0, hottest: [] })
  })
})
