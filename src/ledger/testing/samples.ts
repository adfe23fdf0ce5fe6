import { type Capture, type CaptureManifest, captureOf } from '#model/capture.ts'
import type { Finding, Status } from '#model/finding.ts'
import type { Digest } from '#model/digest.ts'
import { type Observation, observationSchemaVersion } from '#model/observation.ts'
import { randomUUIDv7 } from 'node:crypto'

/** Captures and observations for this room's tests: whole by the model's schemas, small. */
export function sampleCapture(over: Partial<CaptureManifest> = {}, bodies: Digest[] = []): Capture {
  const url = over.url ?? 'https://shop.test/'
  return captureOf({
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: randomUUIDv7(),
    seed: { url, tags: [], scope: 'page' },
    url,
    finalUrl: url,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-05T10:00:00.000Z',
    endedAt: '2026-01-05T10:00:08.000Z',
    clockOffsetMs: null,
    conditions: {
      lane: 'browser',
      vantage: 'local',
      userAgent: 'Mozilla/5.0',
      language: 'en',
      viewport: { width: 1280, height: 800, deviceScaleFactor: 1, mobile: false },
      profile: 'standard',
      dwellMs: 8000,
      consent: 'ignore',
      proxy: null,
      extraHeaders: [],
      browser: null,
      sandbox: true,
      cpuRate: 1,
      cores: 2,
      debuggerOn: false,
      concurrency: 1,
    },
    actions: [],
    ended: { reason: 'dwell', detail: '' },
    error: null,
    artifacts: {
      request: {
        status: 'complete',
        items: bodies.map((digest, index) => ({
          id: `req-${index}`,
          url,
          method: 'GET',
          resourceType: 'document',
          requestBody: { status: 'none' },
          initiator: { type: 'other' },
          body: { status: 'stored', digest, size: 1 },
        })),
      },
    },
    ...over,
  })
}

export interface SampleMiner {
  family?: string | null
  service?: string | null
  account?: string | null
}

export function sampleObservation(
  capture: Capture,
  status: Status = 'none',
  miner: SampleMiner = {},
  over: Partial<Observation> = {},
): Observation {
  const { manifest } = capture
  const found = status === 'active' || status === 'loaded' || status === 'suspected' || status === 'opt-in'
  const finding: Finding = {
    detector: 'pool-traffic',
    kind: 'mining',
    weight: status === 'suspected' ? 'suspicion' : status === 'active' ? 'hashing' : 'delivered',
    family: miner.family ?? null,
    service: miner.service ?? null,
    account: miner.account ?? null,
    title: 'Sent work to a mining pool',
    evidence: [{ captureId: capture.id, artifact: 'ws-1', at: 'frame 2', reason: 'a login with an account' }],
  }
  return {
    schema: 'assay.observation',
    schemaVersion: observationSchemaVersion,
    captureId: capture.id,
    visitId: manifest.visitId,
    url: manifest.url,
    finalUrl: manifest.finalUrl,
    site: new URL(manifest.url).hostname,
    lane: manifest.conditions.lane,
    vantage: manifest.conditions.vantage,
    conditions: manifest.conditions,
    rank: manifest.seed.rank ?? null,
    tags: manifest.seed.tags,
    observedAt: manifest.startedAt,
    recordedAt: manifest.endedAt,
    judgement: 'sha256:judgement-1',
    reached: manifest.reached.page,
    conclusion: {
      status,
      mining: {
        activity: status === 'active' ? 'hashing' : found ? 'delivered' : 'none-seen',
        consent: status === 'opt-in' ? 'asked-first' : 'not-asked',
        placement: 'page',
        operator: 'unknown',
      },
      sentence: 'This page mines.',
      rule: 'test',
      advice: [],
      chain: [],
      accounts: !found || miner.account == null ? [] : [{ account: miner.account, service: miner.service ?? null }],
    },
    findings: found ? [finding] : [],
    verdicts: [],
    blindTo: [],
    asked: ['mining'],
    components: [],
    hostPairs: [],
    followUps: [],
    error: null,
    ...over,
  }
}
