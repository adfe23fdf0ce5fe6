import { readFileSync } from 'node:fs'

/** Clock ticks a second in /proc (sysconf(_SC_CLK_TCK)): 100 in every Linux build that Node runs on. */
const ticksPerSecond = 100

/** Processor time that a process has used, in milliseconds. Null where the system does not tell (proc_pid_stat(5), Linux only). */
export function cpuTimeMs(pid: number | undefined): number | null {
  if (pid === undefined) return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, so fields are counted behind it: utime is the 12th, stime the 13th of those.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? (ticks / ticksPerSecond) * 1_000 : null
  } catch {
    return null
  }
}
