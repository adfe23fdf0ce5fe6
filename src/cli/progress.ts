import { inert } from '#report/escape.ts'

/** Progress on standard error: one line that is rewritten on a terminal, one line an event elsewhere. */
export class Progress {
  readonly #terminal = process.stderr.isTTY === true
  #shown = false

  /** What is going on now; a terminal only. */
  now(text: string): void {
    if (!this.#terminal) return
    process.stderr.write(`\r\u001b[2K${inert(text, Math.max(20, (process.stderr.columns ?? 80) - 4))}`)
    this.#shown = true
  }

  /** Something that stays to be read. */
  line(text: string): void {
    this.clear()
    process.stderr.write(`${text}\n`)
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K')
    this.#shown = false
  }
}

/** Ctrl-C and SIGTERM once: finish what can be kept; a second one ends at once. */
export function interruptible(progress: Progress): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    progress.line('assay: stopping; what is done is kept (again to end at once)')
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}

export const colourOn = (): boolean =>
  process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
