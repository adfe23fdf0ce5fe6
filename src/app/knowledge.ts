import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlockLists } from '#detect/block-lists.ts'
import { loadBlockLists } from '#judge/block-lists.ts'
import type { Judge } from '#judge/judge.ts'
import { faultText, loadAllSignatures } from '#judge/signatures.ts'
import type { FileStore } from '#ledger/file-store.ts'
import { canonicalJson } from '#model/canonical.ts'
import type { Signature } from '#model/signature.ts'

/** What a judgement knows beside what comes with the program. */
export interface KnowledgeRequest {
  /** Folders (or files) of the user's own signatures. */
  signatures: readonly string[]
  /** Files of block lists. */
  blockLists: readonly string[]
}

export const noKnowledge: KnowledgeRequest = { signatures: [], blockLists: [] }

export interface Knowledge {
  signatures: readonly Signature[]
  blockLists?: BlockLists
}

/** Ours, the user's, and those in the folder `signatures/` of a data folder. A bad file of his is told and left out. */
export async function loadKnowledge(request: KnowledgeRequest, dataDir: string | null, onNote: (text: string) => void): Promise<Knowledge> {
  const { files, faults, replaced } = await loadAllSignatures(await signatureFolders(request, dataDir))
  for (const fault of faults) onNote(`assay: BAD_SIGNATURE: ${faultText(fault)}; it is left out`)
  for (const id of replaced) onNote(`assay: the signature "${id}" of your own stands instead of ours`)
  return {
    signatures: files.map(({ signature }) => signature),
    ...(request.blockLists.length === 0 ? {} : { blockLists: await loadBlockLists(request.blockLists) }),
  }
}

export async function signatureFolders({ signatures }: KnowledgeRequest, dataDir: string | null): Promise<string[]> {
  const ofData = dataDir === null ? null : join(dataDir, 'signatures')
  const isThere =
    ofData !== null &&
    (await stat(ofData)
      .then((info) => info.isDirectory())
      .catch(() => false))
  return [...signatures, ...(isThere ? [ofData] : [])]
}

/** Keeps what the version of a judgement is made of under its digest, so that a later version can be told from it. */
export async function keepJudgement(judge: Judge, store: FileStore): Promise<void> {
  await judge.ready()
  await store.put(Buffer.from(canonicalJson(judge.parts)))
}
