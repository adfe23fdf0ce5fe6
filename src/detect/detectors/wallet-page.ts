import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Tickers that a wallet writes behind amounts, and names of coins. */
const coin = /\b(?:XMR|BTC|ETH|LTC|DOGE|ZEC|WOW|ARRR|monero|bitcoin|ethereum|litecoin|zcash|wownero)\b/i

/** What can be done in a wallet; each is common alone. */
const deeds: readonly RegExp[] = [
  /\bbalances?\b/i,
  /\b(?:send|withdraw|transfer)\b/i,
  /\b(?:receive|deposit)\b/i,
  /\b(?:seed|recovery|mnemonic) (?:phrase|words?)\b/i,
  /\b(?:private|spend|view) keys?\b|\bkeys never leave\b/i,
  /\b(?:create|restore|open|unlock) (?:a |your )?wallet\b/i,
]

/** A page where somebody keeps coins: it says so, and runs the ciphers and hashes that keys need. */
export const detector = defineDetector({
  meta: {
    id: 'wallet-page',
    version: '1',
    title: 'Coin wallets by page and code',
    kinds: ['wallet'],
    limits: 'By the page’s words in English, beside code that hashes; a wallet behind a login shows no words.',
  },
  needs: { artifacts: ['dom'], features: [], findings: true },
  hiddenBy: [],
  detect(input) {
    const code = input.findings.find(({ kind }) => kind === 'crypto-library' || kind === 'wallet')
    if (code === undefined) return []
    for (const page of input.artifacts.dom.items) {
      const text = `${page.title}\n${page.text}`
      const ticker = coin.exec(text)?.[0]
      const seen = deeds.flatMap((deed) => deed.exec(text)?.[0] ?? [])
      // An article about wallets is longer than one.
      if (ticker === undefined || seen.length < 2 || text.length > 8_000 || !/\bwallet\b/i.test(text)) continue
      const finding: Finding = {
        detector: 'wallet-page',
        kind: 'wallet',
        weight: 'context',
        family: null,
        service: null,
        account: null,
        title: 'Is a wallet of a coin',
        evidence: [
          evidence(input, page.id, 'text', `speaks of a wallet for ${ticker}, with ${seen.slice(0, 4).join(', ')}`),
          ...code.evidence.slice(0, 2),
        ],
      }
      return [finding]
    }
    return []
  },
})
