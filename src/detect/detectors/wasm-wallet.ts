import { defineDetector } from '../contract.ts'
import { wasmFindings } from '../wasm-findings.ts'

/** Wallets of coins, which hold a miner's hash functions to check blocks and derive keys. */
export const detector = defineDetector({
  meta: {
    id: 'wasm-wallet',
    version: '1',
    title: 'Coin wallets in WebAssembly',
    kinds: ['wallet'],
    limits:
      'A miner that carries signatures, a wallet’s words and a wallet’s size looks like one; that it works is told by traffic and load.',
  },
  needs: { artifacts: ['wasm'], features: ['wasm'] },
  hiddenBy: [],
  detect: (input) => wasmFindings(input, 'wasm-wallet', 'wallet', 'context', () => 'Is a wallet of a coin'),
})
