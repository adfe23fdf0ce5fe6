import type { Conditions } from '#model/capture.ts'

/** Those of an ordinary visit, and what a test wants otherwise. */
export const conditionsWith = (otherwise: Partial<Conditions> = {}): Conditions => ({
  lane: 'browser',
  vantage: 'local',
  userAgent: 'test',
  language: 'en',
  viewport: { width: 1280, height: 720, deviceScaleFactor: 1, mobile: false },
  profile: 'standard',
  dwellMs: 8_000,
  consent: 'ignore',
  proxy: null,
  extraHeaders: [],
  browser: 'Chromium',
  sandbox: true,
  cpuRate: 1,
  cores: 4,
  debuggerOn: true,
  concurrency: 1,
  ...otherwise,
})
