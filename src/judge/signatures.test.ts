import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { captureOf, type CaptureManifest } from '#model/capture.ts'
import { complete, notCollected } from '#model/collection.ts'
import { AssayError } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { Observation } from '#model/observation.ts'
import { createJudge } from './judge.ts'
import { loadSignatures, parseSignature } from './signatures.ts'

const signatures = await loadSignatures()
const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures, limits: { children: 1, heapMb: 512, timeMs: 20_000, timeMsPerMb: 1_000 } })
after(() => judge.close())

type Sample = (typeof signatures)[number]['samples']['silent'][number]

/** A sample as the page that holds it and nothing else. */
async function judged(sample: Sample): Promise<Observation> {
  const html =
    sample.html ??
    (sample.js === undefined
      ? `<!doctype html><script src="${sample.url ?? ''}"></script>`
      : `<!doctype html><script>${sample.js}</script>`)
  const bytes = new TextEncoder().encode(`<!doctype html><title>A page</title><p>Welcome to this page.</p>${html}`)
  const digest = await blobs.put(bytes)
  const url = 'https://shop.example/'
  const manifest: CaptureManifest = {
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'v',
    seed: { url, tags: [], scope: 'page' },
    url,
    finalUrl: url,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    clockOffsetMs: null,
    conditions: {
      lane: 'archive',
      vantage: 'local',
      userAgent: '',
      language: 'en',
      viewport: { width: 0, height: 0, deviceScaleFactor: 1, mobile: false },
      profile: 'archive',
      dwellMs: 0,
      consent: 'ignore',
      proxy: null,
      extraHeaders: [],
      browser: null,
      sandbox: true,
      cpuRate: 1,
      cores: 1,
      debuggerOn: false,
      concurrency: 1,
    },
    actions: [],
    ended: { reason: 'imported', detail: '' },
    error: null,
    artifacts: {
      request: complete([
        {
          id: 'req-1',
          targetId: 'target-1',
          url,
          method: 'GET',
          resourceType: 'document',
          requestHeaders: [],
          requestBody: { status: 'none' },
          initiator: { type: 'other' },
          startedAtMs: 0,
          response: {
            status: 200,
            statusText: '',
            headers: [],
            mimeType: 'text/html',
            protocol: 'h2',
            remoteAddress: null,
            fromCache: false,
            fromServiceWorker: false,
          },
          body: { status: 'stored', digest, size: bytes.length },
        },
      ]),
      wasm: notCollected('a saved page has none'),
    },
  }
  return judge.judge(captureOf(manifest))
}

test('there is a signature for every service that is known', () => assert.ok(signatures.length >= 30, String(signatures.length)))

for (const signature of signatures) {
  for (const [at, sample] of signature.samples.fires.entries()) {
    test(`${signature.id}: sample ${at + 1} fires`, async () => {
      const observation = await judged(sample)
      const finding = observation.findings.find(({ detector, service }) => detector === 'known-service' && service === signature.id)
      assert.ok(finding !== undefined, `found ${observation.findings.map(({ service, title }) => `${service}: ${title}`).join('; ')}`)
      assert.equal(finding.kind, signature.kind)
      if (sample.account !== undefined) assert.equal(finding.account, sample.account)
      if (signature.kind === 'mining')
        assert.ok(['loaded', 'suspected', 'opt-in'].includes(observation.conclusion.status), observation.conclusion.status)
      else assert.equal(observation.conclusion.status, 'none')
    })
  }
  for (const [at, sample] of signature.samples.silent.entries()) {
    test(`${signature.id}: near miss ${at + 1} is silent`, async () => {
      const observation = await judged(sample)
      // A page that could not be read is silent too.
      assert.deepEqual(observation.blindTo, [])
      assert.deepEqual(
        observation.findings.filter(({ service, kind }) => service === signature.id || kind === 'mining'),
        [],
      )
    })
  }
}

const bad: Record<string, string> = {
  'no YAML': 'a: [',
  'an unknown member': 'id: x\nname: X\nkind: mining\nsource: [a]\nhots: [x]\nsamples: { fires: [{}], silent: [{}] }',
  'a pattern that is no regular expression':
    "id: x\nname: X\nkind: mining\nsource: [a]\nscriptPaths: ['(']\nsamples: { fires: [{}], silent: [{}] }",
  aliases: 'a: &a [1]\nb: [*a, *a]',
  'aliases that double thirty times': `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`).join('\n')}`,
  'an alias to itself': 'a: &a [*a]',
  'a hundred thousand brackets': '['.repeat(100_000),
  'no samples': 'id: x\nname: X\nkind: mining\nsource: [a]',
}
for (const [name, text] of Object.entries(bad)) {
  test(`a signature with ${name} is refused with a typed error`, () =>
    assert.throws(
      () => parseSignature(text, 'x.yaml'),
      (error) => error instanceof AssayError && error.code === 'BAD_SIGNATURE',
    ))
}
test('any text is a signature or a typed error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      try {
        parseSignature(text, 'x.yaml')
        return false
      } catch (error) {
        return error instanceof AssayError
      }
    }),
  )
})
