import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MessageFraming } from './framing.ts'

function framed(chunks: readonly Buffer[], maxBytes: number): { messages: string[]; oversize: [string, string][] } {
  const messages: string[] = []
  const oversize: [string, string][] = []
  const framing = new MessageFraming(
    maxBytes,
    (message) => messages.push(message.toString('latin1')),
    (head, tail) => oversize.push([head.toString('latin1'), tail.toString('latin1')]),
  )
  for (const chunk of chunks) framing.push(chunk)
  return { messages, oversize }
}

describe('messages on the pipe', () => {
  it('come out as they went in, wherever the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' })),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (messages, lengths) => {
          const whole = Buffer.from(messages.map((message) => `${message}\0`).join(''))
          const chunks: Buffer[] = []
          for (let at = 0, i = 0; at < whole.length; i++) {
            const length = lengths[i % lengths.length]!
            chunks.push(whole.subarray(at, at + length))
            at += length
          }
          assert.deepEqual(framed(chunks, 1_000), { messages, oversize: [] })
        },
      ),
    )
  })

  it('that are too long are told by their first and last octets, and the next one is whole', () => {
    const long = `{"id":7,${'x'.repeat(5_000)}"sessionId":"A"}`
    const whole = Buffer.from(`${long}\0next\0`)
    for (const size of [7, 600, 100_000]) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size))
      const { messages, oversize } = framed(chunks, 1_024)
      assert.deepEqual(messages, ['next'])
      assert.equal(oversize.length, 1)
      assert.ok(oversize[0]![0].startsWith('{"id":7,') && oversize[0]![1].endsWith('"sessionId":"A"}'), `in chunks of ${size}`)
      assert.ok(oversize[0]![0].length <= 256 && oversize[0]![1].length <= 256)
    }
  })
})
