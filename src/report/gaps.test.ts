import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ArtifactKind } from '#model/artifact.ts'
import { answerOf, answerSchema } from '#model/answer.ts'
import { captureOf } from '#model/capture.ts'
import type { Collection } from '#model/collection.ts'
import { artifactKinds } from '#model/artifact.ts'
import { gapsOf } from '#model/gap.ts'
import { reportedPageWith } from '../../test/observation.ts'
import { type ReportPart, madeOf } from './gaps.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { htmlReport } from './html.ts'
import { markdownReport } from './markdown.ts'
import { sarif } from './sarif.ts'
import { terminalAnswer } from './terminal.ts'

const broken: Record<string, Collection<never>> = {
  failed: { status: 'failed', items: [], error: { code: 'TIMEOUT', message: 'REASON' } },
  truncated: { status: 'truncated', items: [], dropped: 7, reason: 'REASON' },
  'not collected': { status: 'not-collected', items: [], reason: 'REASON' },
}

/** Everything whole but one kind, or all of it whole. */
function pageWith(kind: ArtifactKind | null, collection: Collection<never> | undefined): ReportedPage {
  const plain = reportedPageWith('plain', { bytes: new Uint8Array([1]), mimeType: 'image/png' })
  const { observation, capture } = { ...plain, capture: plain.capture! }
  const artifacts: Record<string, Collection<unknown>> = Object.fromEntries(
    artifactKinds.map((each) => [each, capture.manifest.artifacts[each] ?? { status: 'complete', items: [] }]),
  )
  if (kind !== null && collection) {
    const kept = collection.status === 'not-collected' ? [] : (artifacts[kind]?.items ?? [])
    artifacts[kind] = { ...collection, items: kept }
  }
  const manifest = { ...capture.manifest, artifacts }
  return {
    ...plain,
    observation: { ...observation, blindTo: [], gaps: gapsOf(manifest) },
    capture: captureOf(manifest),
  }
}

const headings: Record<ReportPart, string> = {
  code: 'All code on this page',
  chain: 'How it got there',
  payment: 'Who is paid',
  load: 'Load of the visitor&#39;s machine',
  sockets: 'Sockets',
  screenshot: 'What a visitor sees',
}

function section(page: ReportedPage, part: ReportPart): string {
  const parts = htmlReport([page], '1').replaceAll("visitor's", 'visitor&#39;s').split('<h2>')
  const found = parts.find((each) => each.startsWith(headings[part]))
  assert.ok(found !== undefined, `no section ${headings[part]}`)
  return found
}

describe('a part of a report whose list is not whole says so', () => {
  for (const part of Object.keys(headings) as ReportPart[]) {
    it(`HTML, ${headings[part]}: silent where all of it is whole`, () =>
      assert.doesNotMatch(section(pageWith(null, undefined), part), /Not whole/))
    for (const kind of madeOf[part]) {
      if (kind === 'component') continue
      for (const [how, collection] of Object.entries(broken))
        it(`HTML, ${headings[part]}: ${kind} ${how}`, () =>
          assert.match(section(pageWith(kind, collection), part), /Not whole: [^<]*REASON/))
    }
  }

  it('HTML: an empty list of code is "None was seen" only where it is whole', () => {
    const empty = (page: ReportedPage): ReportedPage => ({ ...page, observation: { ...page.observation, components: [] } })
    assert.match(section(empty(pageWith(null, undefined)), 'code'), /None was seen\./)
    for (const collection of Object.values(broken))
      assert.doesNotMatch(section(empty(pageWith('script', collection)), 'code'), /None was seen/)
  })

  for (const kind of artifactKinds)
    for (const [how, collection] of Object.entries(broken)) {
      const { observation } = pageWith(kind, collection)
      it(`terminal: ${kind} ${how}`, () =>
        assert.match(terminalAnswer(observation, { colour: false }), /Lists that are not whole\n[^\n]*REASON/))
      it(`SARIF: ${kind} ${how}`, () => assert.match(sarif([observation], '1'), /not whole: [^"]*REASON/))
      it(`JSON: ${kind} ${how}`, () => {
        const answer = answerOf(observation)
        answerSchema.parse(answer)
        assert.deepEqual(
          answer.gaps?.map(({ artifact, status, reason }) => [artifact, status, reason]),
          [[kind, collection.status, 'REASON']],
        )
      })
    }

  it('nothing is said of whole lists', () => {
    const { observation } = pageWith(null, undefined)
    assert.doesNotMatch(terminalAnswer(observation, { colour: false }), /not whole/)
    assert.doesNotMatch(sarif([observation], '1'), /not whole/)
    assert.deepEqual(answerOf(observation).gaps, [])
  })

  it('an answer of an earlier version does not pass for a whole one', () => {
    const { gaps: _, ...observation } = pageWith(null, undefined).observation
    assert.match(terminalAnswer(observation, { colour: false }), /earlier version/)
    assert.match(sarif([observation], '1'), /earlier version/)
    assert.match(section({ ...reportedPageWith('plain'), observation, capture: null }, 'code'), /earlier version/)
    assert.equal(answerOf(observation).gaps, undefined)
  })
})

describe('a page that never came', () => {
  const { observation } = reportedPageWith('plain')
  const never: ReportedPage = {
    ...reportedPageWith('plain'),
    origin: null,
    observation: {
      ...observation,
      reached: 'error',
      error: { code: 'DNS_FAILED', message: 'the name is not known' },
      findings: [],
      components: [],
      blindTo: [],
      followUps: [],
    },
  }
  const formats: Record<string, (page: ReportedPage) => string> = {
    terminal: (page) => terminalAnswer(page.observation, { colour: false }),
    HTML: (page) => htmlReport([page], '1'),
    Markdown: (page) => markdownReport([page], '1'),
    SARIF: (page) => sarif([page.observation], '1'),
  }
  for (const [name, format] of Object.entries(formats)) {
    it(`has no lists that could be whole: ${name}`, () => assert.doesNotMatch(format(never), /not whole/i))
    it(`but one that came and failed later has: ${name}`, () =>
      assert.match(
        format({ ...never, observation: { ...never.observation, error: { code: 'TIMEOUT', message: 'too slow' } } }),
        /not whole/i,
      ))
  }
})
