import type { CallFeature } from '#derive/javascript/features.ts'
import type { Finding } from '#model/finding.ts'
import { addressOf } from '#derive/pool/account.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Keys of sites as Coinhive and those after it gave them out: 32 letters and figures, 44 or 64 hexadecimal figures. */
const siteKey = /^(?=[^]*\d)(?=[^]*[A-Za-z])(?:[0-9A-Za-z]{32}|[0-9a-f]{44}|[0-9a-f]{64}|SK_[0-9A-Za-z]{10,40})$/

/**
 * A miner under a name that nobody knows, told by how it is started: Coinhive's interface with a key of its form and a start, or a function
 * named after mining that is given an address of a coin.
 */
export const detector = defineDetector({
  meta: {
    id: 'miner-start',
    version: '1',
    title: 'Start of a miner by its interface',
    kinds: ['mining'],
    limits: 'By the names of the interface; a copy whose functions were renamed too is told by its code or traffic.',
  },
  needs: { artifacts: ['script'], features: ['javascript'] },
  hiddenBy: [],
  detect(input) {
    // These are told by name.
    const known = new Set(input.signatures.flatMap(({ calls }) => calls.filter(({ weak }) => !weak).map(({ name }) => name)))
    return input.features.javascript.flatMap((script): Finding[] => {
      const [artifact] = script.artifacts
      if (artifact === undefined || !script.runs) return []
      const { calls } = script.features
      for (const call of calls) {
        if (known.has(call.name)) continue
        const account = paidBy(call, calls)
        if (account === null) continue
        return [
          {
            detector: 'miner-start',
            kind: 'mining',
            weight: 'suspicion',
            family: null,
            service: null,
            account,
            title: 'Starts what has the interface of a miner',
            evidence: [
              evidence(
                input,
                artifact.id,
                [...script.within, ...(call.place.line > 0 ? [`line ${call.place.line}`] : [])].join(', ') || 'whole',
                `calls ${call.isNew ? 'new ' : ''}${call.name.slice(0, 80)} with the account ${account.slice(0, 12)}…${call.isNew ? ', and starts it' : ''}`,
              ),
            ],
          },
        ]
      }
      return []
    })
  },
})

function paidBy(call: CallFeature, calls: readonly CallFeature[]): string | null {
  const [first] = call.arguments
  if (/\.(?:Anonymous|User|Token)$/.test(call.name)) {
    if (typeof first !== 'string' || !siteKey.test(first)) return null
    const ofOwn = calls.some(({ name }) => name === `${call.name}().start`)
    // A user or token with a key is of many libraries: it has to be what is started.
    return ofOwn || (call.name.endsWith('.Anonymous') && calls.some(({ name }) => name.endsWith('.start'))) ? first : null
  }
  if (!/min(?:ing|er)$/i.test(call.name)) return null
  for (const value of call.arguments)
    if (typeof value === 'string' && value.length >= 90 && addressOf(value)?.address === value) return value
  return null
}
