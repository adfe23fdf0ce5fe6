import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RequestArtifact } from '#model/artifact.ts'
import { type Capture, captureOf } from '#model/capture.ts'
import type { ChainLink, Observation } from '#model/observation.ts'
import { observationWith } from '../../test/observation.ts'
import { originOf } from './origin.ts'

const page = 'https://shop.example/'
const miner = 'https://evil.example/m.js'
let next = 0
const request = (url: string, resourceType = 'script', by: string | null = null): RequestArtifact => ({
  id: `req-${++next}`,
  targetId: 'target-1',
  url,
  method: 'GET',
  resourceType,
  requestHeaders: [],
  requestBody: { status: 'none' },
  initiator:
    by === null ? { type: 'parser', url: page, line: 3 } : { type: 'script', stack: [{ functionName: '', url: by, line: 0, column: 0 }] },
  startedAtMs: 0,
  response: {
    status: 200,
    statusText: '',
    headers: [{ name: 'Last-Modified', value: 'Mon, 02 Nov 2026 10:00:00 GMT' }],
    mimeType: '',
    protocol: 'h2',
    remoteAddress: null,
    fromCache: false,
    fromServiceWorker: false,
  },
  body: { status: 'none' },
})
const toMiner: ChainLink[] = [
  { url: page, artifact: null, how: 'is the page' },
  { url: miner, artifact: 'req-1', how: 'loads the script' },
]

/** A page with these requests whose finding cites the pool's socket. */
function seen(requests: RequestArtifact[], chain: ChainLink[], frames: string[] = []): { capture: Capture; observation: Observation } {
  const { observation, capture } = observationWith('plain')
  const made = captureOf({
    ...capture.manifest,
    url: page,
    finalUrl: page,
    artifacts: {
      ...capture.manifest.artifacts,
      request: { status: 'complete', items: requests },
      frame: {
        status: 'complete',
        items: frames.map((url, i) => ({ id: `frame-${i + 2}`, targetId: 'target-1', parentFrameId: 'frame-1', url, name: '' })),
      },
    },
  })
  return {
    capture: made,
    observation: { ...observation, finalUrl: page, components: [], conclusion: { ...observation.conclusion, chain } },
  }
}

const cases: Record<string, { requests: RequestArtifact[]; chain?: ChainLink[]; frames?: string[]; policy: string[] }> = {
  "a third party's file is left out, and so is its pool": {
    requests: [request(miner), request('https://cdn.example/lib.js'), request('https://api.example/x', 'fetch')],
    policy: ["script-src 'self' 'unsafe-inline' https://cdn.example", "connect-src 'self' https://api.example"],
  },
  "the site's other hosts stay": {
    requests: [request(miner), request('https://static.shop.example/a.js')],
    policy: ["script-src 'self' 'unsafe-inline' https://static.shop.example", "connect-src 'self'"],
  },
  'where the host is needed otherwise, only the files that are needed stay': {
    requests: [request(miner), request('https://evil.example/good.js?v=2')],
    policy: ["script-src 'self' 'unsafe-inline' https://evil.example/good.js", "connect-src 'self'"],
  },
  "a file of the site's own cannot be told from it: its pool can": {
    requests: [request(`${page}app.js`)],
    chain: [toMiner[0]!, { url: `${page}app.js`, artifact: 'req-9', how: 'loads the script' }],
    policy: ["connect-src 'self'"],
  },
  'a frame of another site is shut out as a frame': {
    requests: [],
    chain: [toMiner[0]!, { url: 'https://evil.example/f', artifact: 'frame-2', how: 'shows the frame' }],
    frames: ['https://evil.example/f', 'https://video.example/v'],
    policy: ["frame-src 'self' https://video.example"],
  },
}

describe('a policy that would have stopped the miner, and nothing else that was seen', () => {
  for (const [name, { requests, chain = toMiner, frames, policy }] of Object.entries(cases))
    it(name, () => {
      const { capture, observation } = seen(requests, chain, frames)
      assert.deepEqual(originOf(capture, observation, new Map())?.policy, policy)
    })
})

describe('where the code comes from', () => {
  it('names the files on the way, whose they are and what their servers say of them', () => {
    const { capture, observation } = seen([request(miner)], toMiner)
    const files = originOf(capture, observation, new Map())?.files
    assert.deepEqual(
      files?.map(({ url, owner, party, lastModified }) => [url, owner, party, lastModified]),
      [[miner, 'evil.example', 'third', 'Mon, 02 Nov 2026 10:00:00 GMT']],
    )
  })
  it('is nothing where no miner was found', () => {
    const { capture, observation } = seen([], [])
    assert.equal(originOf(capture, observation, new Map()), null)
  })
})
