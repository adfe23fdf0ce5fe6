import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '#model/digest.ts'
import type { Target, VisitContext } from './collector.ts'
import { screenshotCollector } from './collectors/screenshot.ts'
import { planOf } from './visit-options.ts'

/** What a browser gives for a quality: octets of a picture, or why not. */
type Pictures = (quality: number) => number | Error

async function screenshotOf(pictures: Pictures): Promise<{ asked: number[]; kept: number[]; status: string; error: string }> {
  const asked: number[] = []
  const kept: number[] = []
  const context = {
    plan: planOf({}),
    nextId: () => 'screenshot-1',
    nowMs: () => 0,
    keep: async (bytes: Uint8Array) => {
      kept.push(bytes.length)
      return { status: 'stored', digest: sha256(bytes), size: bytes.length }
    },
  } as unknown as VisitContext
  const page = {
    session: {
      async send(_method: string, { quality }: { quality: number }) {
        asked.push(quality)
        const octets = pictures(quality)
        if (octets instanceof Error) throw octets
        return { data: Buffer.alloc(octets, quality).toString('base64') }
      },
    },
  } as unknown as Target
  const collector = screenshotCollector(context)
  const error = await Promise.resolve(collector.snapshot?.(page, 10_000)).then(
    () => '',
    (fault: unknown) => String(fault),
  )
  const { status } = await collector.finish()
  return { asked, kept, status, error }
}

describe('a screenshot', () => {
  const cases: Record<string, { pictures: Pictures; asked: number[]; kept: number[]; status: string }> = {
    'of an ordinary page is taken once': { pictures: () => 80_000, asked: [70], kept: [80_000], status: 'complete' },
    'as large as a report may hold is kept': { pictures: () => 300_000, asked: [70], kept: [300_000], status: 'complete' },
    'of a page of photographs is taken again, coarser': {
      pictures: (quality) => (quality > 50 ? 900_000 : 250_000),
      asked: [70, 30],
      kept: [250_000],
      status: 'complete',
    },
    'that cannot be taken again is kept as it is': {
      pictures: (quality) => (quality > 50 ? 900_000 : new Error('the page has gone')),
      asked: [70, 30],
      kept: [900_000],
      status: 'complete',
    },
    'that cannot be taken at all says so': { pictures: () => new Error('the page has gone'), asked: [70], kept: [], status: 'failed' },
  }
  for (const [name, { pictures, ...expected }] of Object.entries(cases))
    it(name, async () => {
      const { error, ...found } = await screenshotOf(pictures)
      assert.deepEqual(found, expected)
      assert.equal(error !== '', expected.status === 'failed')
    })
})
