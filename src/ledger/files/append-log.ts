import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { batched } from '../database/batched.ts'
import { isMissing } from './atomic.ts'

/**
 * Names in the order in which they were written, one a line, appended by any number of processes at once.
 * All names have the same length: a line that a full disk cut short spoils only itself, because the next name is the end of the joined line.
 */
export interface AppendLog {
  /** Resolves when the name would survive a power cut. */
  append(name: string): Promise<void>
  /** Each name once, in the order of its first line. */
  names(): AsyncIterable<string>
  has(name: string): Promise<boolean>
}

/** Names that this process wrote and is asked for again soon: an observation is often kept twice in a row. */
const recentLimit = 10_000

export function appendLog(path: string, form: RegExp, length: number): AppendLog {
  const recent = new Set<string>()
  const remember = (name: string) => {
    recent.add(name)
    if (recent.size > recentLimit) for (const oldest of recent.values().take(1)) recent.delete(oldest)
  }
  async function* names(): AsyncIterable<string> {
    const seen = new Set<string>()
    try {
      // A last line without its end was never acknowledged, and readline would hand it out.
      const size = await endOfLastLine(path)
      if (size === 0) return
      for await (const line of createInterface({ input: createReadStream(path, { end: size - 1 }), crlfDelay: Infinity })) {
        const name = line.slice(-length)
        if (!form.test(name) || seen.has(name)) continue
        seen.add(name)
        yield name
      }
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  const write = batched(async (lines: string[]) => {
    const handle = await open(path, 'a', 0o644)
    try {
      // One write under O_APPEND: whole lines of several processes never mix.
      const octets = Buffer.from(lines.map((name) => `${name}\n`).join(''))
      const { bytesWritten } = await handle.write(octets)
      if (bytesWritten < octets.length) throw Object.assign(new Error(`${path} was written in part`), { code: 'ENOSPC' })
      await handle.datasync()
    } finally {
      await handle.close()
    }
    lines.forEach(remember)
    return lines
  })
  return {
    async append(name) {
      if (name.length !== length || !form.test(name)) throw new RangeError(`"${name}" is no name of this log`)
      await write(name)
    },
    names,
    async has(wanted) {
      if (recent.has(wanted)) return true
      for await (const name of names()) if (name === wanted) return true
      return false
    },
  }
}

async function endOfLastLine(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const step = 4096
    for (let end = size; end > 0; end -= step) {
      const from = Math.max(0, end - step)
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(end - from), 0, end - from, from)
      const at = buffer.subarray(0, bytesRead).lastIndexOf(10)
      if (at >= 0) return from + at + 1
    }
    return 0
  } finally {
    await handle.close()
  }
}
