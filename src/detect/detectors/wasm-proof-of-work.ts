import { defineDetector } from '../contract.ts'
import { wasmFindings } from '../wasm-findings.ts'

/** Modules that search for a nonce with a hash that everybody uses: captchas and gates, unless traffic says who is paid. */
export const detector = defineDetector({
  meta: {
    id: 'wasm-proof-of-work',
    version: '1',
    title: 'Proof of work in WebAssembly',
    kinds: ['proof-of-work'],
    limits:
      'The same code could serve a coin of SHA-256: who is paid stands in the traffic only. A solver whose loop is in JavaScript shows here as a library.',
  },
  needs: { artifacts: ['wasm'], features: ['wasm'] },
  hiddenBy: [],
  detect: (input) =>
    wasmFindings(input, 'wasm-proof-of-work', 'proof-of-work', 'context', ({ family }) => `Searches for a nonce with ${family}`),
})
