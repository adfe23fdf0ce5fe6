import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '#model/digest.ts'
import { answerOf, answerSchema } from '#model/answer.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { reportedPageWith } from '../../test/observation.ts'
import { htmlReport } from './html.ts'
import { markdownReport } from './markdown.ts'
import { terminalAnswer } from './terminal.ts'
import { ownFindings } from './visits.ts'

const other = sha256(new TextEncoder().encode('the first visit'))

function pageOfTwo(note = 'told of 2 cores, the page kept 2 workers'): ReportedPage {
  const page = reportedPageWith('plain')
  const { observation } = page
  const [finding] = observation.findings
  assert.ok(finding)
  const twice: Observation = {
    ...observation,
    findings: [
      { ...finding, evidence: [{ captureId: other, artifact: 'script-77', at: 'line 1', reason: 'delivered' }, ...finding.evidence] },
    ],
    followUps: [
      { url: observation.url, reason: 'it may be for phones', profile: 'thorough', rule: 'phone', changes: ['phone'], probability: 0.25 },
    ],
    visits: [
      {
        captureId: other,
        observedAt: observation.observedAt,
        status: 'loaded',
        activity: 'delivered',
        rule: null,
        reason: null,
        changes: [],
        dwellMs: 8_000,
        notes: [],
      },
      {
        captureId: observation.captureId,
        observedAt: observation.observedAt,
        status: 'active',
        activity: 'hashing',
        rule: 'waiting',
        reason: 'it may wait',
        changes: ['longer', 'alone', 'referrer'],
        dwellMs: 24_000,
        notes: [note],
      },
    ],
  }
  return { ...page, observation: twice }
}

const formats: Record<string, (page: ReportedPage) => string> = {
  terminal: (page) => terminalAnswer(page.observation, { colour: false }),
  HTML: (page) => htmlReport([page], '1'),
  Markdown: (page) => markdownReport([page], '1'),
}
describe('an answer that rests on two visits says so', () => {
  for (const [name, format] of Object.entries(formats)) {
    it(`${name}: both, and what differed`, () => {
      const text = format(pageOfTwo()).replaceAll('\\', '')
      assert.match(text, /first visit: miner loaded/)
      assert.match(text, /stayed longer, was alone in the browser and came from a search engine: mining, .* 24 s after loading/)
      assert.match(text, /told of 2 cores/)
    })
    it(`${name}: which visit a piece of evidence is of`, () =>
      assert.match(format(pageOfTwo()).replaceAll('\\', ''), /visit 1, .*script-77/))
    it(`${name}: with which probability another was going to be made`, () =>
      assert.match(format(pageOfTwo()).replaceAll('\\', ''), /its probability was 0\.25/))
    it(`${name}: nothing, where there was one visit`, () => assert.doesNotMatch(format(reportedPageWith('plain')), /first visit/))
  }
  it('the line of JSON has both, as the schema says', () => {
    const answer = answerOf(pageOfTwo().observation)
    assert.deepEqual(
      answer.visits?.map(({ status }) => status),
      ['loaded', 'active'],
    )
    assert.doesNotThrow(() => answerSchema.shape.visits.parse(answer.visits))
    assert.equal(answerOf(reportedPageWith('plain').observation).visits, undefined)
  })
  it('lists of the page hold what lies in its own capture alone', () => {
    const { observation } = pageOfTwo()
    assert.ok(!ownFindings(observation).some(({ evidence }) => evidence.some(({ artifact }) => artifact === 'script-77')))
  })
  it('notes of a hostile page are text', () => {
    const hostile = pageOfTwo('<script>alert(1)</script>\u001b[31m')
    assert.doesNotMatch(formats['HTML']!(hostile), /<script>/)
    assert.doesNotMatch(formats['terminal']!(hostile), /\u001b/)
  })
})
