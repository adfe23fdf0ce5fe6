import type { Finding, Weight } from '#model/finding.ts'
import type { Signature } from '#model/signature.ts'
import { defineDetector, evidence } from '../contract.ts'
import { type Sight, sightsOf } from '../service-sights.ts'

/** Services, libraries and wallets that a signature knows, by what the page loads, calls and shows. */
export const detector = defineDetector({
  meta: {
    id: 'known-service',
    version: '3',
    title: 'Known services',
    kinds: ['mining', 'proof-of-work', 'crypto-library', 'wallet', 'proxyware', 'ad-worker', 'clipboard', 'drainer'],
    limits: 'Knows what signatures/ describes; a renamed copy under another interface needs the other detectors.',
  },
  needs: { artifacts: ['request', 'websocket', 'frame', 'script'], features: ['javascript', 'html'] },
  hiddenBy: ['request', 'script'],
  detect(input) {
    const { sights, tells } = sightsOf(input)
    const findings: Finding[] = []
    for (const signature of input.signatures) {
      const own = sights.get(signature.id) ?? []
      const lent =
        signature.api === undefined
          ? []
          : (sights.get(signature.api) ?? []).filter((sight) => sight.how !== 'reference' && sight.how !== 'socket')
      const referenced = own.some((sight) => sight.how === 'reference' || sight.how === 'literal')
      // The same calls start the one whose script is there.
      const isLentOut = input.signatures.some(
        (other) =>
          other.api === signature.id &&
          !own.some((sight) => sight.how === 'reference' || sight.how === 'literal') &&
          (sights.get(other.id) ?? []).some((sight) => sight.how === 'reference' || sight.how === 'literal'),
      )
      const mine = isLentOut
        ? own.filter((sight) => sight.how === 'reference' || sight.how === 'socket')
        : referenced || lent.length === 0
          ? [...own, ...(referenced ? lent : [])]
          : own
      const judged = judge(signature, mine, tells)
      if (judged === null) continue
      const { sights: cited, ...finding } = judged
      findings.push({ ...finding, evidence: unique(cited).map(({ artifact, at, reason }) => evidence(input, artifact, at, reason)) })
    }
    return findings
  },
})

type Judged = Omit<Finding, 'evidence'> & { sights: Sight[] }

function judge(signature: Signature, sights: readonly Sight[], tells: boolean): Judged | null {
  const strong = sights.filter((sight) => !sight.weak)
  const has = (how: Sight['how']): boolean => strong.some((sight) => sight.how === how)
  // A common name counts with an account of the service's form, or beside its script.
  const beside = has('reference') || has('literal') || has('socket') || has('start')
  const usable = beside || strong.some((sight) => sight.account !== null) ? [...sights] : strong
  const account = usable.find((sight) => sight.account !== null)?.account ?? null
  const base = { detector: 'known-service', kind: signature.kind, family: signature.families[0] ?? null, service: signature.id, account }
  if (signature.kind !== 'mining') {
    return strong.length === 0
      ? null
      : {
          ...base,
          family: signature.families[0] ?? null,
          account: null,
          weight: 'context',
          title: `Uses ${signature.name}`,
          sights: strong,
        }
  }
  const starts = usable.filter((sight) => sight.how === 'start' || sight.how === 'element')
  if (usable.length === 0) return null
  if (has('socket')) return { ...base, weight: 'pool-contact', title: `Spoke to a pool of ${signature.name}`, sights: usable }
  const silentStart =
    signature.calls.length + signature.elements.length + signature.startUrls.length === 0 && signature.consent === 'never-asks'
  const called = usable.some((sight) => sight.how === 'construct' || sight.how === 'start')
  // One that asks by itself mines nobody by being referred to, and is there to be agreed to.
  const asksByItself = signature.consent === 'asks-first' && (has('reference') || has('literal'))
  const delivered =
    asksByItself || (starts.length > 0 && (called || has('reference') || has('literal')))
      ? 'start'
      : has('literal')
        ? 'code'
        : silentStart && has('reference')
          ? 'start'
          : null
  const weight: Weight = delivered === null ? 'suspicion' : 'delivered'
  // What waits for an act on something that does not name mining asked nobody.
  const waits = delivered === 'start' && starts.length > 0 && starts.every((sight) => sight.waits) && (tells || starts.every(asksItself))
  const asksFirst = (signature.consent === 'asks-first' && delivered === 'start') || waits
  const title =
    delivered === 'start'
      ? asksFirst
        ? `${signature.name} starts when the visitor agrees`
        : `Starts the miner ${signature.name}`
      : delivered === 'code'
        ? `Delivers the client script of ${signature.name}`
        : `Refers to the miner ${signature.name} and does not start it`
  return { ...base, weight, title, sights: usable, ...(asksFirst ? { asksFirst: true } : {}) }
}

/** An element of a service that puts the question itself. */
const asksItself = (sight: Sight): boolean => sight.how === 'element' && sight.waits

function unique(sights: readonly Sight[]): Sight[] {
  const order: Sight['how'][] = ['socket', 'start', 'construct', 'element', 'reference', 'literal']
  const seen = new Set<string>()
  return sights
    .toSorted((a, b) => order.indexOf(a.how) - order.indexOf(b.how))
    .filter((sight) => !seen.has(sight.reason) && seen.add(sight.reason))
    .slice(0, 8)
}
