import { hash } from 'node:crypto'

/** `sha256:` and 64 lower-case hex digits. Always of octets after content-decoding and before charset-decoding. */
export type Digest = `sha256:${string}`

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}`
}

export const digestForm = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: string): text is Digest {
  return digestForm.test(text)
}
