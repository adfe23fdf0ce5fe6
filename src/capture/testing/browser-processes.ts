import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'

export interface BrowserProcess {
  pid: number
  /** What Chromium calls it: `renderer`, `gpu-process`, `utility`, `zygote`; `browser` the first of all. */
  type: string
}

const prefixOf = (owner: number): string => `assay-browser-${owner}-`

/** Processes of browsers that `owner` started, wherever they hang in the tree of processes: each has the browser's home in its environment. */
export function browserProcesses(owner: number = process.pid): BrowserProcess[] {
  const prefix = prefixOf(owner)
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (Number.isNaN(pid) || pid === process.pid) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      if (!command.includes(prefix) && !readFileSync(`/proc/${pid}/environ`, 'latin1').includes(prefix)) return []
      return [{ pid, type: /--type=([\w-]+)/.exec(command)?.[1] ?? 'browser' }]
    } catch {
      // It ended between two reads, or is another user's.
      return []
    }
  })
}

/** Kills every process of this type: a renderer for a page. */
export function killBrowserProcesses(type: string, owner: number = process.pid): number {
  let killed = 0
  for (const { pid } of browserProcesses(owner).filter((found) => found.type === type)) {
    try {
      process.kill(pid, 'SIGKILL')
      killed++
    } catch {
      // Another one's end was its end too.
    }
  }
  return killed
}

/** What a process that is done with its browsers must not leave. */
export const leftovers = (owner: number = process.pid): { folders: string[]; processes: BrowserProcess[] } => ({
  folders: readdirSync(tmpdir()).filter((name) => name.startsWith(prefixOf(owner))),
  processes: browserProcesses(owner),
})
