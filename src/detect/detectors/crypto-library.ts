import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Hash functions and ciphers that anybody may need: named so that a reader sees what they are, never as mining. */
export const detector = defineDetector({
  meta: {
    id: 'crypto-library',
    version: '1',
    title: 'Hash functions',
    kinds: ['crypto-library'],
    limits: 'By constants; a library whose tables are made at run time is not named.',
  },
  needs: { artifacts: ['script'], features: ['javascript'] },
  hiddenBy: [],
  detect(input) {
    return input.features.javascript.flatMap((script): Finding[] => {
      const artifact = script.artifacts[0]
      const functions = script.features.cores.filter(({ purpose }) => purpose === 'hash-function')
      if (artifact === undefined || functions.length === 0 || script.features.cores.some(({ purpose }) => purpose === 'mining-core'))
        return []
      const names = [...new Set(functions.map(({ family }) => family))]
      return [
        {
          detector: 'crypto-library',
          kind: 'crypto-library',
          weight: 'context',
          family: names[0] ?? null,
          service: null,
          account: null,
          title: `Holds hash functions or ciphers: ${names.slice(0, 5).join(', ')}`,
          evidence: [
            evidence(
              input,
              artifact.id,
              [...script.within, `line ${functions[0]!.place.line}`].join(', '),
              functions
                .flatMap(({ marks }) => marks)
                .slice(0, 6)
                .join('; '),
            ),
          ],
        },
      ]
    })
  },
})
