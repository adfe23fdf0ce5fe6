import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerOf, answerSchema } from '#model/answer.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { captureOf } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { Observation } from '#model/observation.ts'
import { subjectsOf } from '#ledger/index/rows.ts'
import { createJudge } from './judge.ts'
import { pageManifest } from './testing/page-manifest.ts'

const limits = { children: 1, heapMb: 256, timeMs: 20_000, timeMsPerMb: 1_000 }

/** A page with its requests, in order: the document, and what it loads. */
async function judged(...loaded: { url: string; text: string; type: 'document' | 'script' | 'image' }[]): Promise<Observation> {
  const blobs = memoryBlobs()
  const url = loaded[0]!.url
  const request = async ({ url: at, text, type }: (typeof loaded)[number], index: number): Promise<RequestArtifact> => ({
    id: `req-${index + 1}`,
    targetId: 'target-1',
    url: at,
    method: 'GET',
    resourceType: type,
    requestHeaders: [],
    requestBody: { status: 'none' },
    initiator: { type: 'other' },
    startedAtMs: index,
    response: {
      status: 200,
      statusText: '',
      headers: [],
      mimeType: type === 'document' ? 'text/html' : type === 'script' ? 'text/javascript' : 'image/gif',
      protocol: 'h2',
      remoteAddress: null,
      fromCache: false,
      fromServiceWorker: false,
    },
    body: { status: 'stored', digest: await blobs.put(Buffer.from(text)), size: Buffer.byteLength(text) },
  })
  const judge = createJudge({ blobs, signatures: [], limits })
  try {
    return await judge.judge(captureOf(pageManifest({ request: complete(await Promise.all(loaded.map(request))) }, { url })))
  } finally {
    await judge.close()
  }
}

const page = (html: string, url = 'https://shop.example/') => ({
  url,
  text: `<!doctype html><title>A shop</title>${html}`,
  type: 'document' as const,
})
const minerFor = (account: string, name: string) => `(function () {
  var ${name} = new WebSocket("wss://${name}.example/"), w = "${account}", t = 4;
  ${name}.onopen = function () { ${name}.send(JSON.stringify({ method: "login", params: { login: w, pass: "x", agent: "a" } })) };
  ${name}.onmessage = function (e) {
    var j = JSON.parse(e.data).params;
    ${name}.send(JSON.stringify({ method: "submit", params: { id: 1, job_id: j.job_id, nonce: work(j.blob, j.target, t), result: "" } }))
  };
})()`
const subjects = (observation: Observation, kind: string) =>
  subjectsOf(observation)
    .filter((each) => each.kind === kind)
    .map(({ subject }) => subject)

test('identifiers of a page are said once, with the first artifact that shows each, and are subjects of the ledger', async () => {
  const observation = await judged(
    page(
      `<script>ga('create','UA-4711829-3','auto')</script><script src="https://www.googletagmanager.com/gtm.js?id=GTM-N4XK7QP"></script><script src="/own.js"></script>`,
    ),
    {
      url: 'https://www.googletagmanager.com/gtm.js?id=GTM-N4XK7QP',
      text: `run({tag:"UA-4711829-1",other:"G-7KQ2XW94HB"})`,
      type: 'script',
    },
    { url: 'https://mc.yandex.ru/watch/47283910?wmode=7', text: 'GIF89a', type: 'image' },
  )
  assert.deepEqual(observation.trackers, [
    { kind: 'google-tag-manager', id: 'GTM-N4XK7QP', artifact: 'req-1' },
    { kind: 'google-analytics', id: 'UA-4711829', artifact: 'req-1' },
    { kind: 'google-analytics', id: 'G-7KQ2XW94HB', artifact: 'req-2' },
    { kind: 'yandex-metrica', id: '47283910', artifact: 'req-3' },
  ])
  assert.deepEqual(subjects(observation, 'tracker'), [
    'google-tag-manager GTM-N4XK7QP',
    'google-analytics UA-4711829',
    'google-analytics G-7KQ2XW94HB',
    'yandex-metrica 47283910',
  ])
  assert.deepEqual(observation.similarities, [])
  answerSchema.parse(answerOf(observation))
})

test('copies of a miner with another account, host and names have one similarity digest, in a file as in a page', async () => {
  const inFile = await judged(page('<script src="/m.js"></script>'), {
    url: 'https://shop.example/m.js',
    text: minerFor('48first', 'a'),
    type: 'script',
  })
  const inPage = await judged(
    page(`<script>var menu=1</script><script>${minerFor('49second', 'socket')}</script>`, 'https://other.example/'),
  )
  const digests = subjects(inFile, 'similarity')
  assert.match(digests.join(), /^s1:[0-9a-f]{32}$/)
  assert.deepEqual(subjects(inPage, 'similarity'), digests)
  assert.deepEqual(
    [inFile, inPage].map(({ similarities }) => similarities?.map(({ artifact }) => artifact)),
    [['req-2'], ['req-1']],
  )
  assert.equal(
    subjects(inFile, 'script').some((digest) => subjects(inPage, 'script').includes(digest)),
    false,
  )
  answerSchema.parse(answerOf(inFile))
})

test('code that no finding of mining cites has none, and observations of before lack both', async () => {
  const observation = await judged(page('<script src="/lib.js"></script>'), {
    url: 'https://shop.example/lib.js',
    text: `var nonce=0;${'function a(b){return b.nonce+1}'.repeat(20)};sha256(nonce)`,
    type: 'script',
  })
  assert.deepEqual(observation.similarities, [])
  const { trackers: _, similarities: __, ...before } = observation
  assert.deepEqual(subjects(before, 'tracker'), [])
  assert.deepEqual(subjects(before, 'similarity'), [])
})
