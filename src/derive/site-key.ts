/**
 * Whether a text has the form of the keys that Coinhive and the services after it gave their customers: 32 letters and figures, 44 or 64 hexadecimal
 * figures, or `SK_` before letters and figures. Many digests and keys of other services look the same: it says something only beside a miner.
 */
export function isSiteKey(text: string): boolean {
  return form.test(text)
}

const form = /^(?=[^]*\d)(?=[^]*[A-Za-z])(?:[0-9A-Za-z]{32}|[0-9a-f]{44}|[0-9a-f]{64}|SK_[0-9A-Za-z]{10,40})$/
