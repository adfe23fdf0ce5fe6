import { type ChildProcess, spawn } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface AssayProcess {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  out(): string
  err(): string
}

/** A command as a process of its own. `running` holds it while it runs, `changes` tells of what it prints and of its end. */
export function startAssay(
  args: readonly string[],
  { cwd, env, running, changes }: { cwd: string; env?: NodeJS.ProcessEnv; running: Set<ChildProcess>; changes: EventEmitter },
): AssayProcess {
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  running.add(child)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((out += text), changes.emit('change')))
  child.stderr.setEncoding('utf8').on('data', (text: string) => ((err += text), changes.emit('change')))
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    changes.emit('change')
    return code as number | null
  })
  return { child, ended, out: () => out, err: () => err }
}
