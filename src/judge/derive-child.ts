import type { BlobKind, Derivation, DeriveContext } from '#derive/deriver.ts'
import { deriveTree } from './derive-tree.ts'

/** What the pool sends: the context once, then blobs one at a time. */
export type ChildRequest = { type: 'context'; context: DeriveContext } | { type: 'derive'; id: number; kind: BlobKind; bytes: Uint8Array }
export interface ChildReply {
  id: number
  derivation: Derivation
}

let context: DeriveContext = { version: 'none', literals: [], elements: [] }

// When the parent goes, so does the channel, which is all that keeps this process alive.
process.on('message', (request: ChildRequest) => {
  if (request.type === 'context') context = request.context
  else process.send?.({ id: request.id, derivation: deriveTree(request.kind, request.bytes, context) } satisfies ChildReply)
})
