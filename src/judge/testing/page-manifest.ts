import type { CaptureManifest } from '#model/capture.ts'
import type { Seed } from '#model/seed.ts'
import { conditionsWithoutBrowser } from '#model/without-browser.ts'

/** Of an ordinary page that was imported with these artifacts. */
export function pageManifest(
  artifacts: CaptureManifest['artifacts'],
  { url = 'https://shop.example/', rank }: Partial<Seed> = {},
): CaptureManifest {
  return {
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'v',
    seed: { url, tags: [], scope: 'page', ...(rank === undefined ? {} : { rank }) },
    url,
    finalUrl: url,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    clockOffsetMs: null,
    conditions: conditionsWithoutBrowser('archive', { vantage: 'local', userAgent: '', language: 'en' }),
    actions: [],
    ended: { reason: 'imported', detail: '' },
    error: null,
    artifacts,
  }
}
