import type { Finding } from '#model/finding.ts'
import type { JudgementParts } from '#model/judgement.ts'
import type { Observation } from '#model/observation.ts'

/** Findings that one judgement has and the other has not. */
export interface FindingChanges {
  came: Finding[]
  went: Finding[]
}

/** By what a finding says, not by the words and places of its evidence. */
export function findingChanges(before: Observation | null, after: Observation): FindingChanges {
  const said = new Set((before?.findings ?? []).map(keyOf))
  const says = new Set(after.findings.map(keyOf))
  return {
    came: after.findings.filter((finding) => !said.has(keyOf(finding))),
    went: (before?.findings ?? []).filter((finding) => !says.has(keyOf(finding))),
  }
}

const keyOf = ({ detector, kind, weight, family, service, account, title, asksFirst }: Finding): string =>
  JSON.stringify([detector, kind, weight, family, service, account, title, asksFirst === true])

/** Whether a reader is told anything else than before. */
export function isChanged(before: Observation | null, after: Observation, { came, went }: FindingChanges): boolean {
  if (before === null || came.length > 0 || went.length > 0) return true
  const [was, is] = [before.conclusion, after.conclusion]
  return (
    was.status !== is.status || (Object.keys(is.mining) as (keyof typeof is.mining)[]).some((fact) => was.mining[fact] !== is.mining[fact])
  )
}

/**
 * Which differences of two versions of the judgement lie behind a change: those of what made the findings that came and went first; where
 * none of these changed, all differences. `parts` are null for a version that did not keep what it was made of.
 */
export function whyChanged(
  before: { observation: Observation; parts: JudgementParts | null } | null,
  after: { observation: Observation; parts: JudgementParts },
  { came, went }: FindingChanges,
): string[] {
  if (before === null) return ['never judged before']
  const findings = [...came, ...went]
  const detectors = detectorChanges(before.observation, after.observation, new Set(findings.map(({ detector }) => detector)))
  if (before.parts === null) return detectors.length > 0 ? detectors : ['a version that did not keep what it was made of']
  const services = new Set(findings.flatMap(({ service }) => (service === null ? [] : [service])))
  const lists = findings.some(({ detector }) => detector === 'block-list') && before.parts.blockLists !== after.parts.blockLists
  const near = [...detectors, ...signatureChanges(before.parts, after.parts, services), ...(lists ? ['other block lists'] : [])]
  if (near.length > 0) return near
  const far = [...deriverChanges(before.parts.derivers, after.parts.derivers), ...conclusionChange(before.parts, after.parts)]
  if (far.length > 0) return far
  return [...detectorChanges(before.observation, after.observation, null), ...signatureChanges(before.parts, after.parts, null)]
}

function detectorChanges(before: Observation, after: Observation, only: ReadonlySet<string> | null): string[] {
  const versions = new Map(before.verdicts.map(({ detector, version }) => [detector, version]))
  const changes = after.verdicts.flatMap(({ detector, version }) => {
    const was = versions.get(detector)
    versions.delete(detector)
    if (was === version || (only !== null && !only.has(detector))) return []
    return [was === undefined ? `new detector ${detector}` : `detector ${detector} ${was} → ${version}`]
  })
  return [...changes, ...[...versions.keys()].filter((id) => only?.has(id) !== false).map((id) => `detector ${id} is gone`)]
}

function signatureChanges(before: JudgementParts, after: JudgementParts, only: ReadonlySet<string> | null): string[] {
  return [...new Set([...Object.keys(after.signatures), ...Object.keys(before.signatures)])].flatMap((id) => {
    const [was, is] = [before.signatures[id], after.signatures[id]]
    if (was === is || (only !== null && !only.has(id))) return []
    return [was === undefined ? `new signature ${id}` : is === undefined ? `signature ${id} is gone` : `signature ${id} changed`]
  })
}

function deriverChanges(before: string, after: string): string[] {
  const versions = new Map(before.split(' ').map((each) => each.split('@') as [string, string]))
  return after.split(' ').flatMap((each) => {
    const [kind = '', version = ''] = each.split('@')
    const was = versions.get(kind)
    return was === version ? [] : [was === undefined ? `new features of ${kind}` : `features of ${kind} ${was} → ${version}`]
  })
}

const conclusionChange = (before: JudgementParts, after: JudgementParts): string[] =>
  before.conclusion === after.conclusion ? [] : [`rules of the conclusion ${before.conclusion} → ${after.conclusion}`]
