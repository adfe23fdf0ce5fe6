import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { gpuWork } from '../gpu-work.ts'

/** A shader that searches by a hash that nobody knows, on a page that speaks to a pool: particles and noise search nothing for anybody. */
export const detector = defineDetector({
  meta: {
    id: 'gpu-search',
    version: '1',
    title: 'Searches on the GPU',
    kinds: ['mining'],
    limits: 'Only beside a pool’s traffic or a miner’s client; a shader with a known hash is told by gpu-hash.',
  },
  needs: { artifacts: ['gpu'], features: ['wgsl'], findings: true },
  hiddenBy: [],
  detect(input) {
    const joined = input.findings.find(
      ({ kind, weight, detector: by }) =>
        kind === 'mining' && (by === 'pool-traffic' || by === 'miner-client') && weight !== 'suspicion' && weight !== 'context',
    )
    if (joined === undefined) return []
    const work = gpuWork(input)
    return input.features.wgsl.flatMap((shader): Finding[] => {
      const artifact = shader.artifacts[0]
      const { cores, nonceLoop } = shader.features
      if (artifact === undefined || !shader.runs || nonceLoop === null || cores.length > 0) return []
      return [
        {
          detector: 'gpu-search',
          kind: 'mining',
          weight: work.worked ? 'hashing' : 'delivered',
          family: joined.family ?? 'unknown-core',
          service: joined.service,
          account: null,
          title: 'A shader searches numbers for a mining pool',
          evidence: [
            evidence(
              input,
              artifact.id,
              [...shader.within, `line ${nonceLoop}`].join(', '),
              'compares what it computed with a bound and keeps the number that met it',
            ),
            ...work.proof(artifact.id),
            ...joined.evidence.slice(0, 1),
          ],
        },
      ]
    })
  },
})
