import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { clientMarks } from '../miner-code.ts'

/** Names of functions that are another's name for an algorithm: Panthera is Scala's RandomX (https://github.com/scala-network/Panthera). */
const familyOf: Readonly<Record<string, string>> = {
  cn_slow_hash: 'cryptonight',
  panthera: 'randomx',
  scanhash: 'unknown-core',
  hash_cn: 'cryptonight',
  miner_thread: 'unknown-core',
  mine_step: 'unknown-core',
}

/** Hash functions that a client beside them mines with, though others use them too. */
const coinHashes: ReadonlySet<string> = new Set(['cryptonight', 'scrypt'])

/** A miner's client or worker without a name: code that takes jobs, hands in nonces, counts hashes. */
export const detector = defineDetector({
  meta: {
    id: 'miner-client',
    version: '4',
    title: 'Client code of a miner',
    kinds: ['mining'],
    limits: 'A client whose fields were all renamed together with its proxy is told by its traffic only.',
  },
  needs: { artifacts: ['script', 'request'], features: ['javascript'] },
  hiddenBy: ['script'],
  detect(input) {
    const hasWallet = input.features.javascript.some((script) =>
      input.signatures.some(
        (signature) =>
          signature.kind === 'wallet' &&
          signature.literals.some((all) => all.every((literal) => script.features.literals.includes(literal))),
      ),
    )
    return input.features.javascript.flatMap((script): Finding[] => {
      const artifact = script.artifacts[0]
      if (artifact === undefined || !script.runs) return []
      const marks = clientMarks(script.features)
      if (marks === null || (hasWallet && marks.part === 'binding')) return []
      const account = script.features.accounts[0]?.account ?? null
      const { cores } = script.features
      const isBitcoin = script.features.vocabulary.some(({ word }) => word === 'midstate')
      const core =
        (
          cores.find(({ purpose }) => purpose === 'mining-core') ??
          cores.find(({ family }) => coinHashes.has(family)) ??
          cores.find(({ family }) => isBitcoin && family === 'sha256')
        )?.family ?? null
      const algorithm = script.features.vocabulary.find(({ group }) => group === 'algorithm')?.word ?? null
      return [
        {
          detector: 'miner-client',
          kind: 'mining',
          weight: marks.decided ? 'delivered' : 'suspicion',
          // The services that had this interface mined by CryptoNight, as those that spoke Coinhive's dialect.
          family: core ?? (algorithm === null ? (marks.part === 'controls' ? 'cryptonight' : null) : (familyOf[algorithm] ?? algorithm)),
          service: null,
          account,
          title: {
            client: 'Delivers the client of a miner',
            worker: 'Delivers the worker of a miner',
            binding: 'Calls a hash function that only coins use',
            controls: 'Steers a miner by its interface',
          }[marks.part],
          evidence: [evidence(input, artifact.id, script.within.join(', ') || 'whole', marks.reasons.join('; '))],
        },
      ]
    })
  },
})
