import { defineDetector } from '../contract.ts'
import { wasmFindings } from '../wasm-findings.ts'

/** Mining cores in WebAssembly, by the flow of values and the constants that it reaches: the rules are in docs/hash-cores.md. */
export const detector = defineDetector({
  meta: {
    id: 'wasm-hash-core',
    version: '2',
    title: 'Mining cores in WebAssembly',
    kinds: ['mining'],
    limits:
      'A core of SHA-1, SHA-256, BLAKE2 or Argon2 alone looks like any library: traffic or load tells those. A core split over modules is seen as far as one of them holds it.',
  },
  needs: { artifacts: ['wasm'], features: ['wasm'] },
  hiddenBy: ['wasm'],
  detect: (input) =>
    wasmFindings(input, 'wasm-hash-core', 'mining', 'delivered', ({ family }) =>
      family === 'unknown-core' ? 'Holds a mining core of a kind not known here' : `Holds a ${family} mining core`,
    ),
})
