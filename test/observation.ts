import { captureOf, type Capture, type CaptureManifest } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { conditionsWith } from './conditions.ts'

/** A page whose every text is `hostile`: for tests of what a reader is shown. */
export function observationWith(hostile: string): { observation: Observation; capture: Capture } {
  const conditions: CaptureManifest['conditions'] = conditionsWith({ userAgent: hostile })
  const capture = captureOf({
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'v',
    seed: { url: 'https://shop.example/', tags: [], scope: 'page' },
    url: 'https://shop.example/',
    finalUrl: `https://shop.example/${hostile}`,
    reached: { page: 'content', httpStatus: 200, reasons: [hostile] },
    startedAt: '2026-11-23T10:00:00.000Z',
    endedAt: '2026-11-23T10:00:09.000Z',
    clockOffsetMs: null,
    conditions,
    actions: [],
    ended: { reason: 'dwell', detail: '' },
    error: null,
    artifacts: {
      websocket: {
        status: 'complete',
        items: [
          {
            id: 'ws-1',
            targetId: 'target-1',
            url: `wss://pool.example/${hostile}`,
            initiator: { type: 'script' },
            openedAtMs: 1,
            sentCount: 1,
            receivedCount: 1,
            framesDropped: 0,
            frames: [
              { atMs: 2, direction: 'sent', opcode: 1, size: hostile.length, text: hostile },
              { atMs: 3, direction: 'received', opcode: 1, size: hostile.length, text: hostile },
            ],
          },
        ],
      },
      cpu: {
        status: 'complete',
        items: [
          {
            id: 'cpu-1',
            targetId: 'target-2',
            thread: 'worker',
            url: hostile,
            samplingIntervalUs: 10_000,
            observedMs: 8_000,
            busy: 0.97,
            windows: [{ fromMs: 0, toMs: 1_000, busy: 0.97 }],
            hottest: [{ functionName: hostile, url: hostile, line: 1, share: 0.9, wasm: true }],
          },
        ],
      },
    },
  })
  const observation: Observation = {
    schema: 'assay.observation',
    schemaVersion: 1,
    captureId: capture.id,
    visitId: 'v',
    url: capture.manifest.url,
    finalUrl: capture.manifest.finalUrl,
    site: 'shop.example',
    lane: 'browser',
    vantage: 'local',
    conditions,
    rank: null,
    tags: [],
    observedAt: capture.manifest.startedAt,
    recordedAt: capture.manifest.endedAt,
    judgement: 'j',
    reached: 'content',
    conclusion: {
      status: 'active',
      mining: { activity: 'hashing', consent: 'not-asked', placement: 'third-party', operator: 'unknown' },
      sentence: `Mines: ${hostile}`,
      rule: 'active: hashing was seen',
      advice: [`Remove ${hostile}`],
      chain: [{ url: hostile, artifact: 'script-1', how: 'loads script' }],
      accounts: [{ account: hostile, service: 'coinhive' }],
    },
    findings: [
      {
        detector: 'pool-traffic',
        kind: 'mining',
        weight: 'pool-contact',
        family: hostile,
        service: null,
        account: hostile,
        title: `Sent work ${hostile}`,
        evidence: [{ captureId: capture.id, artifact: 'ws-1', at: `frame ${hostile}`, reason: hostile }],
      },
    ],
    verdicts: [],
    blindTo: [{ artifact: 'wasm', reason: hostile }],
    gaps: [
      { artifact: 'wasm', status: 'failed', kept: 0, reason: hostile },
      { artifact: hostile, status: 'truncated', kept: 1, dropped: 2, reason: hostile },
      { artifact: 'console', status: 'not-collected', kept: 0, reason: hostile },
    ],
    asked: ['mining'],
    components: [
      {
        slot: hostile,
        artifact: 'script-1',
        url: hostile,
        host: hostile,
        registrableDomain: null,
        party: 'third',
        entity: { name: hostile, source: 'list' },
        digest: null,
        size: 1,
        chain: [hostile],
      },
    ],
    hostPairs: [],
    trackers: [{ kind: 'google-analytics', id: hostile, artifact: hostile }],
    followUps: [{ url: hostile, reason: hostile, profile: 'thorough' }],
    error: { code: 'TIMEOUT', message: hostile },
  }
  return { observation, capture }
}

/** The same as a report is made of it. */
export function reportedPageWith(hostile: string, screenshot: ReportedPage['screenshot'] = null): ReportedPage {
  return {
    ...observationWith(hostile),
    screenshot,
    conversations: [
      {
        artifact: 'ws-1',
        url: `wss://pool.example/${hostile}`,
        via: 'websocket',
        pool: {
          dialect: 'coinhive',
          strength: 'named',
          accounts: [hostile],
          name: hostile,
          family: hostile,
          roles: [{ role: 'login', count: 1 }],
        },
        sentCount: 1,
        receivedCount: 1,
        turns: (['sent', 'received'] as const).map((direction, at) => ({
          artifact: 'ws-1',
          place: `frame ${at}`,
          atMs: 2,
          direction,
          size: 9,
          payload: hostile || ' ',
          encoding: 'text',
          role: 'login',
          method: hostile,
          account: hostile,
          jobId: hostile,
          layers: [hostile],
        })),
        turnsLeft: 3,
        openedAtMs: 1,
        closedAtMs: null,
        notes: [hostile],
      },
    ],
    origin: {
      files: (['first', 'third'] as const).map((party) => ({
        artifact: 'script-1',
        url: hostile,
        owner: hostile,
        party,
        digest: null,
        size: 1,
        lastModified: hostile,
        history: {
          looked: 2,
          since: { captureId: 'sha256:1', at: hostile, status: 'active' },
          before: { captureId: 'sha256:2', at: hostile, status: 'none', was: 'other' },
        },
      })),
      entry: { url: hostile, line: 7, text: hostile, isTag: true },
      policy: [hostile],
      trusted: { captureId: 'sha256:2', at: hostile, status: 'none', url: hostile, integrity: hostile },
    },
    deeds: { 'script-1': [{ kind: 'opens-socket', count: 1, objects: [hostile] }] },
  }
}
