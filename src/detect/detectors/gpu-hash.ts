import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { gpuWork } from '../gpu-work.ts'

/** Shaders that hash: a core's constants, or a search for a nonce below a target; and whether the GPU worked. */
export const detector = defineDetector({
  meta: {
    id: 'gpu-hash',
    version: '2',
    title: 'Hash cores on the GPU',
    kinds: ['mining', 'crypto-library'],
    limits: 'WGSL only; WebGL shaders are not collected. GPU time is that of the browser, not of one page.',
  },
  needs: { artifacts: ['gpu'], features: ['wgsl'] },
  hiddenBy: [],
  detect(input) {
    const work = gpuWork(input)
    return input.features.wgsl.flatMap((shader): Finding[] => {
      const artifact = shader.artifacts[0]
      const { cores, nonceLoop, entryPoints } = shader.features
      if (artifact === undefined || !shader.runs || !entryPoints.some(({ stage }) => stage === 'compute') || cores.length === 0) return []
      const core = cores.find(({ purpose }) => purpose === 'mining-core') ?? cores[0]!
      const mines = core.purpose === 'mining-core' || nonceLoop !== null
      const place = [...shader.within, `line ${core.line}`].join(', ')
      const proof = [
        evidence(
          input,
          artifact.id,
          place,
          `${core.marks.join('; ')}${nonceLoop === null ? '' : `; compares with a target and keeps the nonce, line ${nonceLoop}`}`,
        ),
      ]
      proof.push(...work.proof(artifact.id))
      return [
        {
          detector: 'gpu-hash',
          kind: mines ? 'mining' : 'crypto-library',
          weight: mines ? (work.worked ? 'hashing' : 'delivered') : 'context',
          family: core.family,
          service: null,
          account: null,
          title: mines ? `A shader searches nonces with ${core.family}` : `A shader computes ${core.family}`,
          evidence: proof,
        },
      ]
    })
  },
})
