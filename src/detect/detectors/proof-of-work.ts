import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { clientMarks } from '../miner-code.ts'

/** Work that pays nobody: a search for a nonce against a challenge of the site's own, without a pool, an account, or a count of hashes. */
export const detector = defineDetector({
  meta: {
    id: 'proof-of-work',
    version: '3',
    title: 'Proof of work without payment',
    kinds: ['proof-of-work'],
    limits: 'By the code’s words for challenge and solution; who gains from the work is told by traffic.',
  },
  needs: { artifacts: ['script'], features: ['javascript'] },
  hiddenBy: [],
  detect(input) {
    return input.features.javascript.flatMap((script): Finding[] => {
      const artifact = script.artifacts[0]
      const { features } = script
      if (artifact === undefined || !script.runs || clientMarks(features) !== null) return []
      const words = features.vocabulary.filter(({ group }) => group === 'challenge').map(({ word }) => word)
      const counts = features.vocabulary.some(({ group, word }) => group === 'work' && (word === 'nonce' || word === 'difficulty'))
      // A worker of its own does nothing but search.
      const isWorker = input.artifacts.script.items.some(
        ({ id, source }) => source === 'worker' && script.artifacts.some((other) => other.id === id),
      )
      const isSearch =
        (features.nonceLoop !== null && words.length >= 1 && counts) ||
        (words.length >= 3 &&
          counts &&
          (isWorker ||
            features.workers.serves ||
            features.workers.constructed > 0 ||
            features.nonceLoop !== null ||
            features.wasm.instantiates))
      if (!isSearch) return []
      return [
        {
          detector: 'proof-of-work',
          kind: 'proof-of-work',
          weight: 'context',
          family: features.cores[0]?.family ?? null,
          service: null,
          account: null,
          title: 'Searches a nonce for a challenge of the site',
          evidence: [
            evidence(
              input,
              artifact.id,
              [...script.within, `line ${features.nonceLoop?.line ?? 1}`].join(', '),
              `a loop that hashes a counter, beside ${words.slice(0, 4).join(', ')}; no pool, no account`,
            ),
          ],
        },
      ]
    })
  },
})
