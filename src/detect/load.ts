import type { CpuArtifact } from '#model/artifact.ts'

export interface SteadyLoad {
  /** Mean share of a core while it was busy. */
  share: number
  fromMs: number
  toMs: number
  /** `full`: near a core. `steady`: a throttle that holds. `core`: in the hash core's own code, whatever the machine let it have. */
  form: 'full' | 'steady' | 'core'
}

/** A throttle shows as the same share in window after window: how much the windows may vary around their mean. */
const maxVariation = 0.45
const minWindows = 3
const minShare = 0.08

/**
 * Whether a thread worked steadily: from some window on until (nearly) the end, at least three windows, each near the mean. Work that comes
 * in bursts, as a page's own does, is none.
 */
export function steadyLoad(cpu: CpuArtifact): SteadyLoad | null {
  const { windows } = cpu
  for (let from = 0; from + minWindows <= windows.length; from++) {
    const rest = windows.slice(from)
    // The last window is cut short by the end of the visit, or by a pool that was cut.
    const kept = rest.length > minWindows ? rest.slice(0, -1) : rest
    const mean = kept.reduce((sum, window) => sum + window.busy, 0) / kept.length
    if (mean < minShare) continue
    const deviation = Math.sqrt(kept.reduce((sum, window) => sum + (window.busy - mean) ** 2, 0) / kept.length)
    if (kept.every((window) => window.busy >= mean * 0.4) && deviation <= mean * maxVariation) {
      return { share: mean, fromMs: kept[0]!.fromMs, toMs: rest.at(-1)!.toMs, form: mean >= 0.8 ? 'full' : 'steady' }
    }
  }
  // A visit too short for windows still has its whole.
  if (windows.length > 0 && windows.length < minWindows && cpu.busy >= 0.7 && cpu.observedMs >= 1_000)
    return { share: cpu.busy, fromMs: windows[0]!.fromMs, toMs: windows.at(-1)!.toMs, form: 'full' }
  return null
}

const minCoreMs = 600

/**
 * Work inside a known hash core: steady or not, nothing else runs there. A self-test is shorter; half a second of it in two windows is
 * no self-test. `cores` are the artifacts that hold one.
 */
export function coreLoad(cpu: CpuArtifact, cores: ReadonlySet<string>): SteadyLoad | null {
  const share = cpu.hottest.reduce((sum, code) => sum + (code.scriptId !== undefined && cores.has(code.scriptId) ? code.share : 0), 0)
  const windows = cpu.windows.filter((window) => window.busy >= minShare)
  if (share * cpu.observedMs < minCoreMs || windows.length < 2) return null
  return { share, fromMs: windows[0]!.fromMs, toMs: windows.at(-1)!.toMs, form: 'core' }
}

export function isWorker(cpu: CpuArtifact): boolean {
  return cpu.thread === 'worker' || cpu.thread === 'shared-worker' || cpu.thread === 'service-worker'
}
