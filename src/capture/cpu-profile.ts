import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { CpuArtifact } from '#model/artifact.ts'
import type { KnownScript } from './collector.ts'

/** One thread's load, gathered from one V8 profile after the other. Times in milliseconds since the visit's start. */
export class ThreadLoad {
  readonly #windowMs: number
  /** Busy and observed milliseconds by number of the window. */
  readonly #windows = new Map<number, { busyMs: number; observedMs: number; fromMs: number; toMs: number }>()
  readonly #functions = new Map<
    string,
    { functionName: string; url: string; line: number; ms: number; wasm: boolean; scriptId: string | undefined }
  >()
  #busyMs = 0
  #observedMs = 0

  constructor(windowMs = 1_000) {
    this.#windowMs = windowMs
  }

  get observedMs(): number {
    return this.#observedMs
  }

  /** `fromMonotonic` maps seconds of the browser's clock, which a profile gives in microseconds. */
  add(
    profile: Protocol.Profiler.Profile,
    fromMonotonic: (seconds: number) => number,
    knownScript: (v8ScriptId: string) => KnownScript | undefined,
  ): void {
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
    const samples = profile.samples ?? []
    const deltas = profile.timeDeltas ?? []
    let atUs = profile.startTime
    for (let i = 0; i < samples.length; i++) {
      atUs += deltas[i] ?? 0
      const nextUs = i + 1 < samples.length ? atUs + (deltas[i + 1] ?? 0) : profile.endTime
      const node = nodes.get(samples[i]!)
      // Deltas may be negative where samples were taken out of order.
      if (!node || nextUs <= atUs) continue
      const fromMs = fromMonotonic(atUs / 1e6)
      const toMs = fromMonotonic(nextUs / 1e6)
      const isIdle = node.callFrame.functionName === '(idle)'
      this.#spread(fromMs, toMs, !isIdle)
      if (!isIdle) this.#attribute(node.callFrame, toMs - fromMs, knownScript)
    }
  }

  artifact(base: Pick<CpuArtifact, 'id' | 'targetId' | 'thread' | 'url' | 'samplingIntervalUs'>): CpuArtifact {
    const windows = [...this.#windows]
      .sort(([a], [b]) => a - b)
      .map(([, window]) => ({ fromMs: round(window.fromMs), toMs: round(window.toMs), busy: share(window.busyMs, window.observedMs) }))
    const hottest = [...this.#functions.values()]
      .sort((a, b) => b.ms - a.ms)
      .slice(0, 20)
      .map(({ ms, scriptId, ...place }) => ({
        ...place,
        share: share(ms, this.#observedMs),
        ...(scriptId === undefined ? {} : { scriptId }),
      }))
    return { ...base, observedMs: round(this.#observedMs), windows, busy: share(this.#busyMs, this.#observedMs), hottest }
  }

  /** A sample stands for the time until the next one, which may reach over several windows. */
  #spread(fromMs: number, toMs: number, isBusy: boolean): void {
    for (let at = fromMs; at < toMs;) {
      const number = Math.floor(at / this.#windowMs)
      const end = Math.min(toMs, (number + 1) * this.#windowMs)
      const window = this.#windows.get(number) ?? { busyMs: 0, observedMs: 0, fromMs: at, toMs: end }
      this.#windows.set(number, window)
      window.observedMs += end - at
      window.toMs = Math.max(window.toMs, end)
      if (isBusy) window.busyMs += end - at
      at = end
    }
    this.#observedMs += toMs - fromMs
    if (isBusy) this.#busyMs += toMs - fromMs
  }

  #attribute(frame: Protocol.Runtime.CallFrame, ms: number, knownScript: (v8ScriptId: string) => KnownScript | undefined): void {
    const key = `${frame.scriptId}:${frame.functionName}:${frame.lineNumber}:${frame.columnNumber}`
    const known = this.#functions.get(key)
    if (known) {
      known.ms += ms
      return
    }
    const script = knownScript(frame.scriptId)
    this.#functions.set(key, {
      functionName: frame.functionName,
      url: frame.url,
      line: frame.lineNumber,
      ms,
      wasm: script?.isWasm ?? (frame.url.startsWith('wasm://') || /^wasm-function\[\d+\]$/.test(frame.functionName)),
      scriptId: script?.artifactId,
    })
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10
const share = (part: number, whole: number): number => (whole <= 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000)
