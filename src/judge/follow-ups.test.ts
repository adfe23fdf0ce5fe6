import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Conditions, captureOf } from '#model/capture.ts'
import type { Status, Verdict } from '#model/finding.ts'
import type { Conclusion, FollowUpRule, VisitChange } from '#model/observation.ts'
import { conditionsWith } from '../../test/conditions.ts'
import { type AskedOfVisitor, followUpsOf, nothingAsked } from './follow-ups.ts'

const page = 'https://shop.example/'
const blind = (reason: string): Verdict => ({
  detector: 'wasm-hash-core',
  version: '1',
  findings: [],
  blindTo: [{ artifact: 'wasm', reason }],
  error: null,
})
const listed: Verdict = {
  detector: 'block-list',
  version: '1',
  findings: [
    {
      detector: 'block-list',
      kind: 'mining',
      weight: 'context',
      family: null,
      service: null,
      account: null,
      title: 'Listed',
      evidence: [],
    },
  ],
  blindTo: [],
  error: null,
}

interface Case {
  status: Status
  asked?: Partial<AskedOfVisitor>
  conditions?: Partial<Conditions>
  verdicts?: Verdict[]
  rules: FollowUpRule[]
  /** Of the first. */
  changes?: VisitChange[]
}
const phone = { width: 412, height: 915, deviceScaleFactor: 2.6, mobile: true }
const cases: Record<string, Case> = {
  'a suspicion is looked at alone, with other cores and a slower processor': {
    status: 'suspected',
    rules: ['suspected'],
    changes: ['longer', 'alone', 'referrer', 'returns', 'cores', 'throttle'],
  },
  'a miner that was not seen running may wait, or be for phones': {
    status: 'loaded',
    rules: ['waiting', 'phone'],
    changes: ['longer', 'alone', 'referrer', 'returns'],
  },
  'code that asks for a touch screen is visited as a phone first': {
    status: 'loaded',
    asked: { phone: true },
    rules: ['phone', 'waiting'],
    changes: ['longer', 'alone', 'referrer', 'returns', 'phone'],
  },
  'a phone is not looked at as a phone again': { status: 'loaded', conditions: { viewport: phone }, rules: ['waiting'] },
  'who came from somewhere stays one who did': {
    status: 'loaded',
    conditions: { referrer: 'https://forum.example/' },
    rules: ['waiting', 'phone'],
    changes: ['longer', 'alone', 'returns'],
  },
  'a module that was lost': { status: 'inconclusive', verdicts: [blind('its octets were lost: the target was gone')], rules: ['blind'] },
  'a bound that the next visit meets again': {
    status: 'inconclusive',
    verdicts: [blind('the module is beyond the limit of 32 MiB')],
    rules: [],
  },
  'a page that a list names': { status: 'none', verdicts: [listed], rules: ['listed'] },
  'code that asks for a program before it works': {
    status: 'none',
    asked: { automation: true },
    rules: ['wary'],
    changes: ['longer', 'alone', 'referrer', 'returns', 'wallet'],
  },
  'an ordinary page': { status: 'none', rules: [] },
  'an ordinary page in an archive': { status: 'none', asked: { automation: true }, conditions: { lane: 'archive' }, rules: [] },
  'a miner that was seen at work': { status: 'active', rules: [] },
  'a miner that asks': { status: 'opt-in', rules: [] },
  'a gate': { status: 'not-observed', rules: [] },
  'a second look': { status: 'suspected', conditions: { profile: 'thorough' }, rules: [] },
  'a lone file': { status: 'loaded', conditions: { lane: 'file' }, rules: [] },
}
for (const [name, { status, asked, conditions, verdicts = [], rules, changes }] of Object.entries(cases)) {
  test(name, () => {
    const capture = captureOf({
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
      actions: [],
      ended: { reason: 'dwell', detail: '' },
      error: null,
      artifacts: {},
    })
    const conclusion: Conclusion = {
      status,
      mining: { activity: 'none-seen', consent: 'unknown', placement: 'unknown', operator: 'unknown' },
      sentence: '',
      rule: '',
      advice: [],
      chain: [],
      accounts: [],
    }
    const followUps = followUpsOf(capture, conclusion, verdicts, { ...nothingAsked, ...asked })
    assert.deepEqual(
      followUps.map(({ rule }) => rule),
      rules,
    )
    if (changes !== undefined) assert.deepEqual(followUps[0]?.changes, changes)
  })
}
