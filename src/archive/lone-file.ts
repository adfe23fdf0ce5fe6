import { artifactKinds, type ScriptArtifact, type WasmArtifact, type GpuArtifact, type RequestArtifact } from '#model/artifact.ts'
import { type Capture, captureOf, captureSchemaVersion } from '#model/capture.ts'
import { type Collection, complete, notCollected } from '#model/collection.ts'
import { conditionsOf, importedVisitId } from './import-conditions.ts'
import type { StoredExchange } from './stored-exchange.ts'

/** A script, module, shader or text that belongs to no page → a capture of lane `file` with that one thing in it. */
export function fileCapture(stored: StoredExchange, otherwiseAt: string): Capture {
  const { url, startedAt, mimeType = '' } = stored.exchange
  const at = startedAt || otherwiseAt
  const targetId = 'target-1'
  const request: RequestArtifact = {
    id: 'req-1',
    targetId,
    url,
    method: 'GET',
    resourceType: stored.is === 'script' ? 'script' : 'other',
    requestHeaders: [],
    requestBody: { status: 'none' },
    initiator: { type: 'other' },
    startedAtMs: 0,
    body: stored.body,
  }
  const collected: Record<string, Collection<unknown>> = Object.fromEntries(
    artifactKinds.map((kind) => [kind, notCollected('a lone file does not hold it')]),
  )
  collected.request = complete([request])
  if (stored.is === 'wasm') {
    const wasm: WasmArtifact = { id: 'wasm-1', targetId, url, body: stored.body, parsedAtMs: 0 }
    collected.wasm = complete([wasm])
  } else if (stored.is === 'script') {
    const script: ScriptArtifact = {
      id: 'script-1',
      targetId,
      url,
      source: 'external',
      isModule: url.endsWith('.mjs'),
      startLine: 0,
      startColumn: 0,
      body: stored.body,
      parsedAtMs: 0,
    }
    collected.script = complete([script])
  } else if (mimeType === 'text/wgsl') {
    const shader: GpuArtifact = { id: 'gpu-1', targetId, type: 'shader', source: stored.body, atMs: 0 }
    collected.gpu = complete([shader])
  }
  return captureOf({
    schema: 'assay.capture',
    schemaVersion: captureSchemaVersion,
    visitId: importedVisitId([url, stored.body]),
    seed: { url, tags: [], scope: 'page' },
    url,
    finalUrl: url,
    reached: { page: 'content', httpStatus: null, reasons: ['a lone file'] },
    startedAt: at,
    endedAt: at,
    clockOffsetMs: null,
    conditions: conditionsOf('file', [], null, 0),
    actions: [],
    ended: { reason: 'imported', detail: 'a lone file' },
    error: null,
    artifacts: collected,
  })
}
