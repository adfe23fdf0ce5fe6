import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Capture, captureOf } from '#model/capture.ts'
import { type ArtifactByKind, type ArtifactKind, artifactKinds } from '#model/artifact.ts'
import { type Collection, complete } from '#model/collection.ts'
import type { Finding, Status } from '#model/finding.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { FollowUp, Observation, VisitChange } from '#model/observation.ts'
import type { Conditions } from '#model/capture.ts'
import { conditionsWith } from '../../test/conditions.ts'
import { foldVisits, type JudgedVisit } from './fold-visits.ts'
import { createJudge } from './judge.ts'

const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures: [], limits: { children: 1, heapMb: 512, timeMs: 20_000, timeMsPerMb: 1_000 } })
after(() => judge.close())

const page = 'https://shop.example/'
type Made = { [K in ArtifactKind]?: ArtifactByKind[K][] | Collection<ArtifactByKind[K]> }

function captureWith(made: Made, conditions: Partial<Conditions> = {}, actions: Capture['manifest']['actions'] = []): Capture {
  return captureOf({
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'visit',
    seed: { url: page, tags: [], scope: 'page' },
    url: page,
    finalUrl: page,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    clockOffsetMs: null,
    conditions: conditionsWith(conditions),
    actions,
    ended: { reason: 'dwell', detail: '' },
    error: null,
    artifacts: Object.fromEntries(
      artifactKinds.map((kind) => {
        const given = made[kind] as Collection<unknown> | unknown[] | undefined
        return [kind, given === undefined || Array.isArray(given) ? complete<unknown>(given ?? []) : given]
      }),
    ),
  })
}

const thread = (id: string, busy: readonly number[]): ArtifactByKind['cpu'] => ({
  id,
  targetId: id,
  thread: 'worker',
  url: `${page}w.js`,
  busy: busy.reduce((sum, share) => sum + share, 0) / busy.length,
  observedMs: busy.length * 1_000,
  windows: busy.map((share, at) => ({ fromMs: at * 1_000, toMs: (at + 1) * 1_000, busy: share })),
  hottest: [],
  samplingIntervalUs: 10_000,
})

const followUp = (rule: FollowUp['rule'] & string, ...changes: VisitChange[]): FollowUp => ({
  url: page,
  reason: 'as the rule says',
  profile: 'thorough',
  rule,
  changes,
})

/** A visit of which only the status and what goes with it matters. */
async function visited(
  status: Status,
  more: Partial<Observation['conclusion']['mining']> & { account?: string; detector?: string } = {},
  second: FollowUp | null = null,
): Promise<JudgedVisit> {
  const capture = captureWith({}, second === null ? {} : { profile: 'thorough', dwellMs: 24_000 })
  const observation = await judge.judge(capture)
  const activity =
    more.activity ?? (status === 'active' ? 'hashing' : status === 'loaded' || status === 'opt-in' ? 'delivered' : 'none-seen')
  const finding: Finding = {
    detector: more.detector ?? 'miner-client',
    kind: 'mining',
    weight: activity === 'hashing' ? 'hashing' : 'delivered',
    family: null,
    service: null,
    account: null,
    title: 'Delivered a miner',
    evidence: [{ captureId: capture.id, artifact: 'script-1', at: 'line 1', reason: 'it is one' }],
  }
  return {
    capture,
    followUp: second,
    observation: {
      ...observation,
      conclusion: {
        ...observation.conclusion,
        status,
        mining: { activity, consent: more.consent ?? 'unknown', placement: more.placement ?? 'unknown', operator: 'unknown' },
        accounts: more.account === undefined ? [] : [{ account: more.account, service: null }],
      },
      findings: activity === 'none-seen' ? [] : [finding],
      blindTo: status === 'inconclusive' ? [{ artifact: 'wasm', reason: 'a module was lost' }] : [],
    },
  }
}

const pairs: Record<string, [first: Status, second: Status, answer: Status]> = {
  'a miner that waited': ['loaded', 'active', 'active'],
  'a miner that did not come again': ['active', 'none', 'active'],
  'a suspicion that another visit does not bear out stays one': ['suspected', 'none', 'suspected'],
  'a blindness that another visit mends': ['inconclusive', 'none', 'none'],
  'a blindness that hid a miner': ['inconclusive', 'active', 'active'],
  'blind twice': ['inconclusive', 'inconclusive', 'inconclusive'],
  'a page that does not answer the second time': ['loaded', 'not-observed', 'loaded'],
  'a dialog for which the first visit was too short': ['loaded', 'opt-in', 'opt-in'],
  'a miner that ran without asking in one of two visits': ['opt-in', 'active', 'active'],
}
for (const [name, [first, second, answer]] of Object.entries(pairs)) {
  test(`${name}: ${first}, ${second} → ${answer}`, async () => {
    const visits = [await visited(first), await visited(second, {}, followUp('waiting', 'longer'))] as const
    const folded = foldVisits(visits)
    assert.equal(folded.conclusion.status, answer)
    assert.deepEqual(
      folded.visits?.map(({ status, rule }) => [status, rule]),
      [
        [first, null],
        [second, 'waiting'],
      ],
    )
    assert.equal(folded.captureId, visits.find(({ observation }) => observation.conclusion.status === answer)?.capture.id)
    assert.equal(folded.blindTo.length > 0, answer === 'inconclusive')
  })
}

test('both captures are cited, and what one visit alone saw of consent, placement and accounts stands', async () => {
  const first = await visited('loaded', { consent: 'not-asked', placement: 'ad', account: 'AAA' })
  const second = await visited('active', { account: 'BBB' }, followUp('waiting', 'longer', 'referrer'))
  const folded = foldVisits([first, second])
  assert.deepEqual(
    folded.findings.map(({ weight, evidence }) => [weight, evidence.map(({ captureId }) => captureId)]),
    [['hashing', [second.capture.id, first.capture.id]]],
  )
  assert.deepEqual(folded.conclusion.mining, { activity: 'hashing', consent: 'not-asked', placement: 'ad', operator: 'unknown' })
  assert.deepEqual(folded.conclusion.accounts.map(({ account }) => account).sort(), ['AAA', 'BBB'])
  assert.match(folded.conclusion.sentence, /second visit \(longer, from a search engine\); the first alone was loaded/)
  assert.match(folded.conclusion.rule, /the stronger of 2 visits/)
})

test('one visit is its own answer', async () => {
  const only = await visited('loaded')
  assert.equal(foldVisits([only]), only.observation)
})

test('an answer that is given again stays with its capture, whichever visit decides now', async () => {
  const visits = [await visited('active'), await visited('loaded', {}, followUp('waiting', 'longer'))] as const
  const folded = foldVisits(visits, visits[1].capture.id)
  assert.deepEqual([folded.captureId, folded.conclusion.status], [visits[1].capture.id, 'active'])
})

test('threads that follow the cores given are said to', async () => {
  const full = [1, 1, 1, 1, 1]
  const first = captureWith({ cpu: [thread('cpu-1', full), thread('cpu-2', full)] }, { cores: 2 })
  const more = captureWith({ cpu: [thread('cpu-1', full), thread('cpu-2', full), thread('cpu-3', full)] }, { cores: 2, toldCores: 3 })
  const same = captureWith({ cpu: [thread('cpu-1', full), thread('cpu-2', full)] }, { cores: 2, toldCores: 3 })
  const notes = async (second: Capture): Promise<string[]> =>
    foldVisits([
      { capture: first, observation: await judge.judge(first), followUp: null },
      { capture: second, observation: await judge.judge(second), followUp: followUp('suspected', 'cores') },
    ]).visits?.[1]?.notes ?? []
  assert.match((await notes(more))[0] ?? '', /2 workers at a steady load, and 3 when it was told of 3: its load follows/)
  assert.match((await notes(same))[0] ?? '', /does not follow/)
})

test('what a slower processor does to a thread is said with its shares', async () => {
  const slowed = captureWith({ cpu: [thread('cpu-1', [0.3, 0.3, 0.3, 0.3, 0.45, 0.45, 0.3, 0.3, 0.3])] }, {}, [
    { atMs: 4_000, type: 'throttle', detail: '' },
    { atMs: 6_000, type: 'throttle', detail: '' },
  ])
  const first = captureWith({})
  const [, second] =
    foldVisits([
      { capture: first, observation: await judge.judge(first), followUp: null },
      { capture: slowed, observation: await judge.judge(slowed), followUp: followUp('suspected', 'throttle') },
    ]).visits ?? []
  assert.match(second?.notes.join() ?? '', /took 30 % of a core, and 45 % while/)
})
