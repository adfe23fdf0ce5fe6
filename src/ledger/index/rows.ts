import { canonicalJson } from '#model/canonical.ts'
import type { Conditions } from '#model/capture.ts'
import { sha256 } from '#model/digest.ts'
import { foundStatuses } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import type { VisitRecord } from '../visit-record.ts'
import { slotOf } from './study-rows.ts'

/**
 * What a sighting is about. `mining` has two subjects, `found` and `opt-in`; `script` and `wasm` are digests; `similarity` is one that copies of a miner's
 * code with other names and literals share (`s1:…`); `tracker` is `kind id`; `host` is one that is not the site's own; `pair` is `parent → child cause`;
 * `address`, `network` (AS number) and `certificate` (fingerprint) are of every server that was connected with.
 */
export const subjectKinds = [
  'mining',
  'family',
  'service',
  'account',
  'script',
  'wasm',
  'host',
  'pair',
  'address',
  'network',
  'certificate',
  'similarity',
  'tracker',
] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** Of these what names a miner. */
export const minerKinds: readonly SubjectKind[] = ['family', 'service', 'account']

export interface Subject {
  kind: SubjectKind
  subject: string
}

/** What observations name by a number. */
export interface NumberedName {
  kind: SubjectKind | 'server'
  subject: string
}

/** Servers of the page itself, each once, as names of kind `server`. */
export function pageServersOf({ servers = [] }: Observation): NumberedName[] {
  const names = servers
    .filter(({ isPage }) => isPage)
    .map(({ address, asn, organisation, country }) => JSON.stringify([address, asn, organisation, country]))
  return [...new Set(names)].map((subject) => ({ kind: 'server', subject }))
}

export const isOfMiner = ({ kind }: Pick<Subject, 'kind'>): boolean => minerKinds.includes(kind)

/** The longest key that an index of PostgreSQL takes is a third of a page; a hostile page may name more. */
const longestSubject = 500

function shortened(text: string): string {
  return text.length <= longestSubject ? text : `${text.slice(0, longestSubject)}…${sha256(Buffer.from(text))}`
}

/** Each once. Only findings of mining name a family, a service or an account. */
export function subjectsOf(observation: Observation): Subject[] {
  const subjects = new Map<string, Subject>()
  const add = (kind: SubjectKind, subject: string | null) => {
    if (subject !== null && subject !== '') subjects.set(`${kind} ${subject}`, { kind, subject: shortened(subject) })
  }
  const { status, accounts } = observation.conclusion
  if (foundStatuses.includes(status)) add('mining', 'found')
  if (status === 'opt-in') add('mining', 'opt-in')
  for (const finding of observation.findings) {
    if (finding.kind !== 'mining') continue
    add('family', finding.family)
    add('service', finding.service)
    add('account', finding.account)
  }
  for (const { account } of accounts) add('account', account)
  for (const component of observation.components) {
    add(component.artifact.startsWith('wasm-') ? 'wasm' : 'script', component.digest)
    if (component.party === 'third') add('host', component.host)
  }
  for (const { digest } of observation.similarities ?? []) add('similarity', digest)
  for (const { kind, id } of observation.trackers ?? []) add('tracker', `${kind} ${id}`)
  for (const { parent, child, cause } of observation.hostPairs) add('pair', `${parent} → ${child} ${cause}`)
  for (const { address, asn, certificate } of observation.servers ?? []) {
    add('address', address)
    add('network', asn === null ? null : `AS${asn}`)
    add('certificate', certificate)
  }
  return [...subjects.values()]
}

/**
 * The conditions that a sighting is told apart by, besides lane and vantage: what the visitor was and agreed to.
 * The browser's build is not among them, or every update would end every sighting.
 */
export function conditionsKey(conditions: Conditions): string {
  const { profile, consent, language, proxy, viewport, extraHeaders, referrer } = conditions
  return canonicalJson({ profile, consent, language, proxy, mobile: viewport.mobile, extraHeaders: [...extraHeaders].sort(), referrer })
}

export function visitRow(visit: VisitRecord) {
  return {
    visit_id: visit.visitId,
    crawl: visit.crawl,
    round: visit.round,
    url: visit.seed.url,
    site: visit.site,
    rank: visit.seed.rank ?? null,
    tags: visit.seed.tags,
    planned_at: visit.plannedAt,
    capture_id: visit.captureId,
    observed_at: visit.observedAt,
    error_code: visit.error?.code ?? null,
    lane: visit.lane ?? 'browser',
    repeat: visit.repeat ?? 0,
    inclusion: visit.inclusion?.probability ?? null,
    inclusion_reason: visit.inclusion?.reason ?? null,
    failure: visit.failure ?? null,
    is_last: (visit.next ?? null) === null,
  }
}

export function observationRow(observation: Observation) {
  return {
    capture_id: observation.captureId,
    judgement: observation.judgement,
    visit_id: observation.visitId,
    url: observation.url,
    final_url: observation.finalUrl,
    site: observation.site,
    lane: observation.lane,
    vantage: observation.vantage,
    conditions: conditionsKey(observation.conditions),
    rank: observation.rank,
    tags: observation.tags,
    observed_at: observation.observedAt,
    recorded_at: observation.recordedAt,
    reached: observation.reached,
    status: observation.conclusion.status,
    activity: observation.conclusion.mining.activity,
    consent: observation.conclusion.mining.consent,
    placement: observation.conclusion.mining.placement,
    error_code: observation.error?.code ?? null,
  }
}

export function findingRows(observation: Observation) {
  return observation.findings.map((finding, number) => ({
    capture_id: observation.captureId,
    judgement: observation.judgement,
    number,
    detector: finding.detector,
    kind: finding.kind,
    weight: finding.weight,
    family: finding.family,
    service: finding.service,
    account: finding.account,
    title: finding.title,
    slot: slotOf(observation, finding.evidence),
  }))
}
