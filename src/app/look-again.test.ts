import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VisitOptions } from '#capture/visit-options.ts'
import { followUpsOf, nothingAsked } from '#judge/follow-ups.ts'
import { type Capture, captureOf } from '#model/capture.ts'
import { AssayError } from '#model/errors.ts'
import type { Activity, Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { seedOf } from '#model/seed.ts'
import { conditionsWith } from '../../test/conditions.ts'
import { observationWith } from '../../test/observation.ts'
import { Alone } from './alone.ts'
import { judgeAgain, type SecondLooks, visitAndLookAgain } from './second-look.ts'
import type { Line } from './visit.ts'

type Seen = { status: Status; activity: Activity } | AssayError
const loaded: Seen = { status: 'loaded', activity: 'delivered' }
const active: Seen = { status: 'active', activity: 'hashing' }
const none: Seen = { status: 'none', activity: 'none-seen' }
const url = 'https://shop.example/'

/** A line whose pages show what a test says, in the order of the visits; what each was told is kept. */
function lineOf(row: readonly Seen[]): { line: Line; told: VisitOptions[]; kept: Map<string, Capture> } {
  const told: VisitOptions[] = []
  const kept = new Map<string, Capture>()
  const seenBy = new Map<string, Seen>()
  const line: Line = {
    capturer: {
      async capture(seed, options = {}) {
        const seen = row[told.length] ?? none
        told.push(options)
        if (seen instanceof AssayError) throw seen
        const capture = captureOf({
          schema: 'assay.capture',
          schemaVersion: 1,
          visitId: options.visitId ?? 'turn',
          seed,
          url: seed.url,
          finalUrl: seed.url,
          reached: { page: 'content', httpStatus: 200, reasons: [] },
          startedAt: `2026-01-01T00:00:0${told.length}.000Z`,
          endedAt: `2026-01-01T00:00:1${told.length}.000Z`,
          clockOffsetMs: null,
          conditions: conditionsWith({
            profile: options.profile ?? 'standard',
            ...(options.viewport ? { viewport: options.viewport } : {}),
          }),
          actions: [],
          ended: { reason: 'dwell', detail: '' },
          error: null,
          artifacts: {},
        })
        seenBy.set(capture.id, seen)
        return capture
      },
      close: async () => {},
    },
    judge: {
      async judge(capture: Capture): Promise<Observation> {
        const seen = seenBy.get(capture.id)
        assert.ok(seen !== undefined && !(seen instanceof AssayError))
        const { observation } = observationWith('plain')
        const conclusion = {
          ...observation.conclusion,
          status: seen.status,
          mining: { ...observation.conclusion.mining, activity: seen.activity },
        }
        const { visitId } = capture.manifest
        return {
          ...observation,
          url,
          visitId,
          captureId: capture.id,
          conclusion,
          followUps: followUpsOf(capture, conclusion, [], nothingAsked),
        }
      },
    } as Line['judge'],
    store: {
      putCapture: async (capture: Capture) => void kept.set(capture.id, capture),
      async getCapture(id: string) {
        const capture = kept.get(id)
        if (capture === undefined) throw new AssayError('NOT_FOUND', 'it is gone')
        return capture
      },
    } as unknown as Line['store'],
  }
  return { line, told, kept }
}

const looked = (row: readonly Seen[], options: VisitOptions = { dwellMs: 4_000 }, looks: Partial<SecondLooks> = {}) => {
  const { line, told } = lineOf(row)
  return visitAndLookAgain(line, seedOf(url), options, { alone: new Alone(), ...looks }).then((answer) => ({ ...answer, told }))
}

test('a miner that waits is waited for three times as long, from a search engine, by the same turn', async () => {
  const { observation, capture, others, told } = await looked([loaded, active], { dwellMs: 4_000, consent: 'accept', visitId: 'turn-1' })
  const [, second] = told
  assert.deepEqual(
    [second?.dwellMs, second?.profile, second?.returns, second?.consent, second?.visitId, second?.referrer],
    [12_000, 'thorough', true, 'accept', 'turn-1', 'https://www.google.com/'],
  )
  assert.equal(observation.conclusion.status, 'active')
  assert.equal(observation.captureId, capture.id)
  assert.equal(observation.visitId, 'turn-1')
  assert.deepEqual(
    others.map(({ observation: other }) => other.conclusion.status),
    ['loaded'],
  )
  assert.equal(told.length, 2)
})

test('where that does not decide, it is come to as a phone', async () => {
  const { observation, told } = await looked([loaded, loaded, active])
  assert.match(told[2]?.userAgent ?? '', /Android.*Mobile/)
  assert.equal(told[2]?.viewport?.mobile, true)
  assert.deepEqual(
    observation.visits?.map(({ rule, status }) => [rule, status]),
    [
      [null, 'loaded'],
      ['waiting', 'loaded'],
      ['phone', 'active'],
    ],
  )
  assert.deepEqual(observation.followUps, [])
})

test('a clean page is visited once', async () => {
  const { observation, told } = await looked([none])
  assert.deepEqual([told.length, observation.visits, observation.followUps], [1, undefined, []])
})

test('a second look that is interrupted, or whose browser fails, leaves the first answer', async () => {
  for (const code of ['INTERRUPTED', 'BROWSER_FAILED'] as const) {
    const { observation } = await looked([loaded, new AssayError(code, 'gone'), new AssayError(code, 'gone')])
    assert.deepEqual([observation.conclusion.status, observation.visits], ['loaded', undefined])
    assert.deepEqual(
      observation.followUps.map(({ rule }) => rule),
      ['waiting', 'phone'],
    )
  }
})

test('a fault that no visit mends is told', async () => {
  await assert.rejects(looked([loaded, new AssayError('DISK_FULL', 'no space')]), /no space/)
})

test('what a budget draws stands in the answer, also where nothing was made', async () => {
  const { observation, told } = await looked([loaded], {}, { choose: () => ({ probability: 0.25, isMade: false }) })
  assert.equal(told.length, 1)
  assert.deepEqual(
    observation.followUps.map(({ rule, probability }) => [rule, probability]),
    [
      ['waiting', 0.25],
      ['phone', 0.25],
    ],
  )
})

test('judged again, the answer rests on the same visits; one that is gone is left out', async () => {
  const { line, kept } = lineOf([loaded, active])
  const { capture, observation } = await visitAndLookAgain(line, seedOf(url), {}, { alone: new Alone() })
  const again = await judgeAgain(line, capture, observation)
  assert.deepEqual(again.visits, observation.visits)
  assert.deepEqual(again.conclusion, observation.conclusion)
  kept.delete(observation.visits?.[0]?.captureId ?? '')
  const alone = await judgeAgain(line, capture, observation)
  assert.deepEqual([alone.visits, alone.captureId, alone.conclusion.status], [undefined, capture.id, 'active'])
})
