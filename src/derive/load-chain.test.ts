import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArtifactByKind } from '#model/artifact.ts'
import { captureOf, type CaptureManifest } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import { sha256 } from '#model/digest.ts'
import { loadIndex } from './load-chain.ts'

const page = 'https://shop.example/'
const file = 'https://cdn.example/core.bin'
const bytes = new TextEncoder().encode('octets of a module')
const body = { status: 'stored' as const, digest: sha256(bytes), size: bytes.length }

function indexOf(module: Partial<ArtifactByKind['wasm']>, fetched = body): ReturnType<typeof loadIndex> {
  const wasm = { id: 'wasm-1', targetId: 'target-1', frameId: 'frame-1', url: 'wasm://wasm/1f2e', body, compiledAtMs: 300, ...module }
  const request = { id: 'req-2', targetId: 'target-1', frameId: 'frame-1', url: file, initiator: { type: 'script' }, body: fetched }
  const manifest = { finalUrl: page, artifacts: { wasm: complete([wasm]), request: complete([request]) } }
  return loadIndex(captureOf(manifest as unknown as CaptureManifest))
}

test('a module from a buffer lies where the same octets were fetched', () => {
  assert.deepEqual(indexOf({}).urls('wasm-1'), [file, 'wasm://wasm/1f2e'])
})

test('a module of other octets lies where its script does', () => {
  assert.deepEqual(indexOf({}, { ...body, digest: sha256(new Uint8Array(3)) }).urls('wasm-1'), ['wasm://wasm/1f2e'])
})

test('a module that was streamed has its own address', () => {
  assert.deepEqual(indexOf({ url: 'https://shop.example/own.wasm' }).urls('wasm-1'), ['https://shop.example/own.wasm'])
})
