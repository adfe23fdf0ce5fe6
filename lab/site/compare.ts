import type { ConsentPolicy } from '#model/capture.ts'
import { answerOf, exitCodeOf } from '#model/answer.ts'
import type { Observation } from '#model/observation.ts'
import type { Expected, SiteTruth } from './site.ts'

/** One site of the lab, what is true of it under the visit's consent policy, and where the answer differs. */
export interface Comparison {
  truth: SiteTruth
  expected: Expected
  /** What is not as the truth says, `status: none, not active` each. */
  wrong: string[]
  /** Family of the algorithm, where one is true and one was to be seen. */
  family: 'right' | 'wrong' | 'missing' | 'not-asked'
}

/** What was answered beside what is true. `met`: the visit had what the site keeps itself for. */
export function compare(truth: SiteTruth, policy: ConsentPolicy, observation: Observation, met = false): Comparison {
  const expected = (met ? truth.met?.underPolicy : undefined)?.[policy] ?? truth.underPolicy[policy]
  const answer = answerOf(observation)
  const wrong: string[] = []
  const check = (what: string, is: unknown, shouldBe: unknown): void => {
    if (is !== shouldBe) wrong.push(`${what}: ${String(is)}, not ${String(shouldBe)}`)
  }
  check('reached', answer.reached, expected.reached)
  check('status', answer.status, expected.status)
  if (expected.activity !== null) check('activity', answer.mining.activity, expected.activity)
  if (expected.consent !== null) check('consent', answer.mining.consent, expected.consent)
  if (expected.placement !== null) check('placement', answer.mining.placement, expected.placement)
  check('exit', exitCodeOf(answer), expected.exit)
  check('error', answer.error?.code ?? null, expected.error)
  const kinds = new Set(answer.findings.map(({ kind }) => kind))
  if (expected.kind !== null && !kinds.has(expected.kind)) wrong.push(`kind: ${[...kinds].join(' ') || 'none'}, not ${expected.kind}`)
  if (expected.kind !== 'mining' && kinds.has('mining')) wrong.push('kind: mining, on a page that does not mine')
  // A finding that explains and does not accuse may stand on any page; one that names what the page is may not.
  const said = observation.findings.filter(({ weight, kind }) => weight !== 'context' && kind !== expected.kind && kind !== 'mining')
  for (const { kind, detector } of said) wrong.push(`kind: ${kind} by ${detector}, not ${expected.kind ?? 'none'}`)
  // Who is paid is seen once the miner has spoken; what code says before that may be named, and then must be right.
  const accounts = answer.accounts.map(({ account }) => account)
  const spoke =
    (expected.activity === 'hashing' || expected.activity === 'pool-contact') && !(truth.poolMode ?? '').startsWith('unreachable')
  if (truth.account !== null && spoke && !accounts.includes(truth.account))
    wrong.push(`account: ${accounts.join(' ') || 'none'}, not ${truth.account}`)
  for (const account of accounts) if (account !== truth.account) wrong.push(`account: ${account}, which is nobody's`)
  // What could not leave is seen as an attempt, and cited where the miner made one.
  const attempted = (truth.poolMode ?? '').startsWith('unreachable') && truth.hiding === 'none' && expected.kind === 'mining'
  if (attempted && !observation.findings.some(({ evidence }) => evidence.some(({ artifact }) => artifact.startsWith('transport-'))))
    wrong.push(`the attempt over ${truth.transport} is not cited`)
  return { truth, expected, wrong, family: familyOf(truth, expected, observation) }
}

function familyOf(truth: SiteTruth, expected: Expected, observation: Observation): Comparison['family'] {
  if (truth.family === null || expected.kind !== 'mining') return 'not-asked'
  const named = observation.findings.flatMap(({ kind, family }) => (kind === 'mining' && family !== null ? [family] : []))
  if (named.length === 0) return 'missing'
  return named.includes(truth.family) ? 'right' : 'wrong'
}
