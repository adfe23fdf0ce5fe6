import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { AssayError } from '#model/errors.ts'

export interface RunOptions {
  /** Added to this process's environment. */
  environment?: Record<string, string>
  cwd?: string
  timeoutMs: number
  onLine?: (line: string) => void
  signal?: AbortSignal
}

/**
 * Runs a program to its end and gives what it wrote to standard output. Throws `INTERRUPTED` when it was aborted, `DISK_FULL` when it
 * says so, else `BROWSER_MISSING` with its last words: it is only used to get a browser.
 */
export async function runProgram(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    ...(options.signal ? { signal: options.signal } : {}),
  })
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output = (output + chunk).slice(-4_000_000)))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints = (complaints + chunk).slice(-4_000)))
  createInterface({ input: child.stdout }).on('line', (line) => options.onLine?.(line))

  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.once('error', (cause: NodeJS.ErrnoException) => {
    if (options.signal?.aborted) reject(new AssayError('INTERRUPTED', `${program} was stopped`, { cause }))
    else
      reject(
        new AssayError(
          'BROWSER_MISSING',
          cause.code === 'ENOENT' ? `there is no ${program} on this machine` : `${program}: ${cause.message}`,
          { cause },
        ),
      )
  })
  child.once('close', (code, killedBy) => {
    if (code === 0) resolve(output)
    else if (/ENOSPC|No space left|enough free space/i.test(complaints))
      reject(new AssayError('DISK_FULL', `${program} found the disk full`, { hint: 'Free some space, then start again.' }))
    else reject(new AssayError('BROWSER_MISSING', `${program} ended with ${killedBy ?? code}: ${lastWords(complaints)}`))
  })
  return promise
}

function lastWords(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/complete log|npm error\s*$/i.test(line))
  return lines.slice(-3).join(' ').slice(0, 300) || 'no reason given'
}
