import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { link, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Attestation, attestationSchemaVersion, attestedOctets, keyIdOf } from '#model/attestation.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { makeFolder, readIfThere, syncFolder, writeWhole } from './files/atomic.ts'

/** The key of one instance, which is one data folder. */
export interface InstanceKey {
  keyId: Digest
  attest(captureId: Digest): Attestation
}

const privateName = 'ed25519.pem'

/** Reads the key of a data folder, or makes it: once, also where several processes begin at the same time. Throws `STORE_CORRUPT`. */
export async function openInstanceKey(dir: string, tmp: string): Promise<InstanceKey> {
  const folder = join(dir, 'key')
  const file = join(folder, privateName)
  const pem = (await readIfThere(file)) ?? (await makeKey(folder, file, tmp))
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (cause) {
    throw noPrivateKey(file, cause)
  }
  const publicKey = createPublicKey(privateKey)
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const keyId = keyIdOf(spki)
  const publicFile = join(folder, `${keyId.slice(7, 23)}.pub.pem`)
  if ((await readIfThere(publicFile)) === null)
    await writeWhole(publicFile, Buffer.from(publicKey.export({ format: 'pem', type: 'spki' })), tmp)
  return {
    keyId,
    attest: (captureId) => ({
      schema: 'assay.attestation',
      schemaVersion: attestationSchemaVersion,
      captureId,
      keyId,
      publicKey: spki.toString('base64'),
      signature: sign(null, attestedOctets(captureId), privateKey).toString('base64'),
    }),
  }
}

const noPrivateKey = (file: string, cause: unknown): AssayError =>
  new AssayError('STORE_CORRUPT', `${file} is no private key`, {
    cause,
    hint: 'Restore it from a copy, or move it away: the next visit makes another one.',
  })

async function makeKey(folder: string, file: string, tmp: string): Promise<Buffer> {
  await makeFolder(folder)
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const beside = join(tmp, randomUUID())
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(pem)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    // Whoever links first has made the key; the others use it.
    await link(beside, file)
    await syncFolder(folder)
    return pem
  } catch (error) {
    const first = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await readIfThere(file) : null
    if (first === null) throw error
    return first
  } finally {
    await rm(beside, { force: true })
  }
}

/** The data folder's own key where it has made one, without making one; `exposed` where others than its owner may read it. */
export async function ownKey(dir: string): Promise<{ keyId: Digest; exposed: boolean } | null> {
  const file = join(dir, 'key', privateName)
  const pem = await readIfThere(file)
  if (pem === null) return null
  try {
    const keyId = keyIdOf(createPublicKey(createPrivateKey(pem)).export({ format: 'der', type: 'spki' }))
    return { keyId, exposed: ((await stat(file)).mode & 0o077) !== 0 }
  } catch (cause) {
    throw noPrivateKey(file, cause)
  }
}
