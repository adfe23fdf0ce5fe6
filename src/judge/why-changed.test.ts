import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '#model/finding.ts'
import type { JudgementParts } from '#model/judgement.ts'
import type { Observation } from '#model/observation.ts'
import { sampleCapture, sampleObservation } from '../ledger/testing/samples.ts'
import { findingChanges, isChanged, whyChanged } from './why-changed.ts'

const capture = sampleCapture()
const parts: JudgementParts = {
  derivers: 'html@3 javascript@7',
  detectors: ['known-service@2', 'pool-traffic@2'],
  signatures: { coinhive: 'sha256:a', jsecoin: 'sha256:b' },
  conclusion: '2',
}
const finding = (over: Partial<Finding> = {}): Finding => ({
  detector: 'known-service',
  kind: 'mining',
  weight: 'delivered',
  family: null,
  service: 'coinhive',
  account: null,
  title: 'Starts the miner Coinhive',
  evidence: [{ captureId: capture.id, artifact: 'script-1', at: 'line 1', reason: 'calls it' }],
  ...over,
})

interface Side {
  findings?: Finding[]
  versions?: Record<string, string>
  parts?: Partial<JudgementParts> | null
  status?: Observation['conclusion']['status']
}

function side({ findings = [], versions = { 'known-service': '2', 'pool-traffic': '2' }, status = 'none' }: Side): Observation {
  const verdicts = Object.entries(versions).map(([detector, version]) => ({ detector, version, findings: [], blindTo: [], error: null }))
  return sampleObservation(capture, status, {}, { findings, verdicts })
}

const cases: Record<string, { before: Side | null; after: Side; why: string[] | 'unchanged' }> = {
  nothing: { before: {}, after: {}, why: 'unchanged' },
  'other places of the same finding': {
    before: { findings: [finding()] },
    after: { findings: [finding({ evidence: [{ captureId: capture.id, artifact: 'script-2', at: 'line 9', reason: 'another' }] })] },
    why: 'unchanged',
  },
  'a signature that came': { before: { parts: { signatures: {} } }, after: { findings: [finding()] }, why: ['new signature coinhive'] },
  'a signature that changed, not the others': {
    before: { parts: { signatures: { coinhive: 'sha256:c', jsecoin: 'sha256:d' } } },
    after: { findings: [finding()] },
    why: ['signature coinhive changed'],
  },
  'a signature that is gone': {
    before: { findings: [finding()] },
    after: { parts: { signatures: { jsecoin: 'sha256:b' } } },
    why: ['signature coinhive is gone'],
  },
  'a detector that changed': {
    before: { versions: { 'known-service': '1', 'pool-traffic': '1' } },
    after: { findings: [finding()] },
    why: ['detector known-service 1 → 2'],
  },
  'a detector that is new': { before: { versions: {} }, after: { findings: [finding()] }, why: ['new detector known-service'] },
  'features that are read otherwise': {
    before: { parts: { derivers: 'html@2 javascript@7' } },
    after: { findings: [finding()] },
    why: ['features of html 2 → 3'],
  },
  'rules alone': {
    before: { parts: { conclusion: '1' }, status: 'suspected' },
    after: { status: 'loaded' },
    why: ['rules of the conclusion 1 → 2'],
  },
  'block lists': {
    before: {},
    after: {
      findings: [finding({ detector: 'block-list', weight: 'context', service: null })],
      parts: { blockLists: 'sha256:e' },
      versions: { 'block-list': '1' },
    },
    why: ['new detector block-list', 'other block lists'],
  },
  'a version that kept nothing': {
    before: { parts: null },
    after: { findings: [finding()] },
    why: ['a version that did not keep what it was made of'],
  },
  'a version that kept nothing, and a detector that changed': {
    before: { parts: null, versions: { 'known-service': '1' } },
    after: { findings: [finding()] },
    why: ['detector known-service 1 → 2'],
  },
  'a capture that was never judged': { before: null, after: {}, why: ['never judged before'] },
}
for (const [name, { before, after, why }] of Object.entries(cases)) {
  test(`why: ${name}`, () => {
    const [was, is] = [before === null ? null : side(before), side(after)]
    const changes = findingChanges(was, is)
    assert.equal(isChanged(was, is, changes), why !== 'unchanged')
    if (why === 'unchanged') return
    const old =
      before === null || was === null ? null : { observation: was, parts: before.parts === null ? null : { ...parts, ...before.parts } }
    assert.deepEqual(whyChanged(old, { observation: is, parts: { ...parts, ...after.parts } }, changes), why)
  })
}
