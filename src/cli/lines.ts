import { addAbortSignal, type Readable } from 'node:stream'
import { AssayError } from '#model/errors.ts'

/** Longer than any address: enough to say of a line that it is too long. */
const maxLength = 64 * 1024

/**
 * Lines of what somebody hands in, however it is made: of a line without end only its beginning is held. Ends when the signal is given.
 * Throws `BAD_INPUT_FILE` for what is no text.
 */
export async function* linesOf(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  addAbortSignal(signal, stream)
  let line = ''
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      if (chunk.includes('\0'))
        throw new AssayError('BAD_INPUT_FILE', 'standard input is no text', { hint: 'Give one address a line, as UTF-8.' })
      const parts = chunk.split('\n')
      for (const [index, part] of parts.entries()) {
        if (index > 0) {
          yield line
          line = ''
        }
        if (line.length < maxLength) line += part.slice(0, maxLength - line.length)
      }
    }
    if (line !== '') yield line
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
