import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { canonicalJson } from '#model/canonical.ts'
import { captureManifestSchema } from '#model/capture.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { sampleCapture } from '../src/archive/testing/sample-capture.ts'
import { generatedSchemas } from '../scripts/generate-schemas.ts'

for (const [path, text] of Object.entries(generatedSchemas())) {
  test(`${path} is what scripts/generate-schemas.ts writes`, () => {
    assert.equal(readFileSync(join(import.meta.dirname, '..', path), 'utf8'), text)
  })
}

test('a capture with a kind of a later version fits the schema, one with a wrong body does not', async () => {
  const { manifest } = await sampleCapture(memoryBlobs())
  const value = JSON.parse(canonicalJson(manifest)) as { artifacts: { script: unknown } }
  assert.equal(captureManifestSchema.safeParse(value).success, true)
  value.artifacts.script = { status: 'complete', items: [{ id: 'script-1', url: 'x', body: { status: 'stored' } }] }
  assert.equal(captureManifestSchema.safeParse(value).success, false)
})
