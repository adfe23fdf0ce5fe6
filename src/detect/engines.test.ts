import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaptureManifest } from '#model/capture.ts'
import { captureOf } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import type { Finding, FindingKind } from '#model/finding.ts'
import { enginesOf } from './engines.ts'

const finding = (detector: string, kind: FindingKind, weight: Finding['weight'], artifact: string): Finding => ({
  detector,
  kind,
  weight,
  family: null,
  service: null,
  account: null,
  title: '',
  evidence: [{ captureId: 'sha256:0', artifact, at: '', reason: '' }],
})
const capture = captureOf({
  finalUrl: 'https://shop.example/',
  artifacts: {
    worker: complete([{ id: 'worker-1', targetId: 'target-2' }]),
    cpu: complete([
      { id: 'cpu-1', targetId: 'target-1' },
      { id: 'cpu-2', targetId: 'target-2' },
    ]),
    wasm: complete([
      { id: 'wasm-1', targetId: 'target-1' },
      { id: 'wasm-2', targetId: 'target-2' },
    ]),
    script: complete([]),
  },
} as unknown as CaptureManifest)
const inPage = finding('wasm-proof-of-work', 'proof-of-work', 'context', 'wasm-1')
const inWorker = finding('wasm-proof-of-work', 'proof-of-work', 'context', 'wasm-2')
const loadOf = (cpu: string): Finding => finding('thread-load', 'mining', 'hashing', cpu)

test('the hash code of a worker that hashes is the miner’s', () => {
  assert.deepEqual(enginesOf(capture, [loadOf('cpu-2')], [inPage, inWorker]), [inWorker])
})

test('the page’s own thread says nothing of its libraries', () => {
  assert.deepEqual(enginesOf(capture, [loadOf('cpu-1')], [inPage, inWorker]), [])
})

test('without a thread that hashes nothing is an engine', () => {
  assert.deepEqual(enginesOf(capture, [finding('pool-traffic', 'mining', 'pool-contact', 'ws-1')], [inPage, inWorker]), [])
})
