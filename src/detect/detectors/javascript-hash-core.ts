import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Mining cores in asm.js and plain JavaScript, by the constants that they reach and their walk over a scratchpad. */
export const detector = defineDetector({
  meta: {
    id: 'javascript-hash-core',
    version: '1',
    title: 'Hash cores in JavaScript',
    kinds: ['mining'],
    limits: 'SHA-1 and SHA-256 coins have no core of their own: see pool-traffic, miner-client and thread-load.',
  },
  needs: { artifacts: ['script', 'request'], features: ['javascript'] },
  hiddenBy: ['script'],
  detect(input) {
    return input.features.javascript.flatMap((script): Finding[] => {
      const artifact = script.artifacts[0]
      if (artifact === undefined || !script.runs) return []
      return script.features.cores
        .filter(({ purpose }) => purpose === 'mining-core')
        .map(({ family, style, marks, place }) => ({
          detector: 'javascript-hash-core',
          kind: 'mining',
          weight: 'delivered',
          family,
          service: null,
          account: null,
          title: `Holds a ${family} core in ${style === 'asm.js' ? 'asm.js' : 'JavaScript'}`,
          evidence: [evidence(input, artifact.id, [...script.within, `line ${place.line}`].join(', '), marks.join('; '))],
        }))
    })
  },
})
