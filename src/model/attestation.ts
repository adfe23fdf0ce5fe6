import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { type Digest, digestForm, sha256 } from './digest.ts'
import { AssayError } from './errors.ts'

export const attestationSchemaVersion = 1

/** A statement beside a capture: the holder of this key had that manifest. What it proves and what not: `docs/evidence.md`. */
export interface Attestation {
  schema: 'assay.attestation'
  schemaVersion: number
  captureId: Digest
  /** Digest of the public key's octets: see `keyIdOf`. */
  keyId: Digest
  /** Ed25519 (RFC 8032), SubjectPublicKeyInfo in DER (RFC 8410), base64. */
  publicKey: string
  /** Over `attestedOctets(captureId)`, base64. */
  signature: string
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/)
const schema = z.looseObject({
  schema: z.literal('assay.attestation'),
  schemaVersion: z.number().int().positive(),
  captureId: z.string().regex(digestForm),
  keyId: z.string().regex(digestForm),
  publicKey: base64,
  signature: base64,
})

/** Throws `STORE_CORRUPT` or, for a later version, `UNSUPPORTED`. */
export function parseAttestation(bytes: Uint8Array, name: string): Attestation {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AssayError('STORE_CORRUPT', `${name} is not JSON`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new AssayError('STORE_CORRUPT', `${name} is no signature of a capture`)
  if (parsed.data.schemaVersion > attestationSchemaVersion) throw new AssayError('UNSUPPORTED', `${name} was written by a later version`)
  return parsed.data as unknown as Attestation
}

/** What is signed: two lines of ASCII, so that no signature made for something else can be taken for one of a capture. */
export function attestedOctets(captureId: Digest): Uint8Array {
  return new TextEncoder().encode(`assay.capture.v1\n${captureId}\n`)
}

/** SHA-256 of a public key's SubjectPublicKeyInfo. */
export function keyIdOf(spki: Uint8Array): Digest {
  return sha256(spki)
}

/** Null where it holds for the capture; else what is wrong, as a sentence without its full stop. */
export function attestationFault(attestation: Attestation, captureId: Digest): string | null {
  if (attestation.captureId !== captureId) return 'the signature is of another capture'
  const spki = Buffer.from(attestation.publicKey, 'base64')
  if (keyIdOf(spki) !== attestation.keyId) return 'the public key is not the one that is named'
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    if (key.asymmetricKeyType !== 'ed25519') return 'the key is not of Ed25519'
    if (!verify(null, attestedOctets(captureId), key, Buffer.from(attestation.signature, 'base64'))) return 'the signature does not fit'
  } catch {
    return 'the public key cannot be read'
  }
  return null
}
