import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  /** User and system time of the process and all of its descendants. */
  cpuSeconds: number
  /** Of the process itself. */
  rootCpuSeconds: number
  /** By kind of process: `driver`, or what Chromium calls it (`browser`, `renderer`, `gpu-process`, `utility`, `zygote`). */
  cpuSecondsByKind: Record<string, number>
  /** Highest sum of proportional set sizes (proc(5), smaps_rollup). */
  peakPssBytes: number
  /** At the peak. */
  pssBytesByKind: Record<string, number>
}

/** Clock ticks a second: 100 on every Linux that Node runs on. */
const ticks = 100
const sampleMs = 20
const memoryEvery = 15

/**
 * Adds up what a process and its descendants use, from now on. Processes come and go, and what has ended is only seen as of the last sample,
 * 20 ms before at most; the watched processes are not slowed, the watcher's own time is not counted.
 */
export function watchProcesses(rootPid: number): { stop(): Usage } {
  const before = new Map<number, number>()
  const seen = new Map<number, number>()
  const kinds = new Map<number, string>()
  let peakPssBytes = 0
  let pssBytesByKind: Record<string, number> = {}
  let samples = 0
  for (const [pid, used] of cpuOfTree(rootPid)) before.set(pid, used)
  const sample = (): void => {
    for (const [pid, used] of cpuOfTree(rootPid)) {
      seen.set(pid, used)
      if (!kinds.has(pid)) kinds.set(pid, pid === rootPid ? 'driver' : kindOf(pid))
    }
    if (samples++ % memoryEvery !== 0) return
    const byKind: Record<string, number> = {}
    for (const pid of seen.keys()) byKind[kinds.get(pid)!] = (byKind[kinds.get(pid)!] ?? 0) + pssOf(pid)
    const sum = Object.values(byKind).reduce((a, b) => a + b, 0)
    if (sum > peakPssBytes) [peakPssBytes, pssBytesByKind] = [sum, byKind]
  }
  const timer = setInterval(sample, sampleMs)
  return {
    stop() {
      clearInterval(timer)
      sample()
      const used = (pid: number): number => (seen.get(pid) ?? 0) - (before.get(pid) ?? 0)
      return {
        cpuSeconds: [...seen.keys()].reduce((sum, pid) => sum + used(pid), 0) / ticks,
        rootCpuSeconds: used(rootPid) / ticks,
        cpuSecondsByKind: Object.fromEntries(
          [...new Set(kinds.values())].map((kind) => [
            kind,
            [...seen.keys()].filter((pid) => kinds.get(pid) === kind).reduce((sum, pid) => sum + used(pid), 0) / ticks,
          ]),
        ),
        peakPssBytes,
        pssBytesByKind,
      }
    },
  }
}

/**
 * Processor time of a process and all that it started, seconds; what has ended counts as soon as its parent has waited for it (proc(5), fields
 * 14 to 17). The difference of two readings is what was used between them.
 */
export function cpuSpent(rootPid: number): number {
  let sum = 0
  for (const pid of processesOfTree(rootPid)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      for (const at of [11, 12, 13, 14]) sum += Number(fields[at])
    } catch {
      // It ended between two reads.
    }
  }
  return sum / ticks
}

function cpuOfTree(rootPid: number): Map<number, number> {
  const parents = new Map<number, { parent: number; used: number }>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (Number.isNaN(pid)) continue
    try {
      // The second field is the program's name, which may hold spaces and parentheses.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      parents.set(pid, { parent: Number(fields[1]), used: Number(fields[11]) + Number(fields[12]) })
    } catch {
      // It ended between two reads.
    }
  }
  const isInside = (pid: number): boolean => pid === rootPid || (parents.has(pid) && isInside(parents.get(pid)!.parent))
  return new Map([...parents].filter(([pid]) => isInside(pid)).map(([pid, { used }]) => [pid, used]))
}

/** A process and its descendants, by pid. */
export const processesOfTree = (rootPid: number): number[] => [...cpuOfTree(rootPid).keys()]

/** Their proportional set sizes together, octets. */
export const memoryOfTree = (rootPid: number): number => processesOfTree(rootPid).reduce((sum, pid) => sum + pssOf(pid), 0)

export function pssOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** What Chromium's command line says that a process is. */
function kindOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return /--utility-sub-type=(?:\w+\.mojom\.)?(\w+)/.exec(command)?.[1] ?? /--type=([\w-]+)/.exec(command)?.[1] ?? 'browser'
  } catch {
    return 'gone'
  }
}
