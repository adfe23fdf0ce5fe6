import { defineDetector } from '../contract.ts'
import { wasmFindings } from '../wasm-findings.ts'

/** Hash, cipher and password libraries: a reader sees what kept the processor busy. */
export const detector = defineDetector({
  meta: {
    id: 'wasm-crypto-library',
    version: '1',
    title: 'Hash and cipher libraries in WebAssembly',
    kinds: ['crypto-library'],
    limits: 'Names algorithms with known constants or turns; a library of others is not named.',
  },
  needs: { artifacts: ['wasm'], features: ['wasm'] },
  hiddenBy: [],
  detect: (input) => wasmFindings(input, 'wasm-crypto-library', 'crypto-library', 'context', ({ family }) => `Computes ${family}`),
})
