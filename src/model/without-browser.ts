import type { Conditions, Lane } from './capture.ts'

/** Conditions of a capture that no browser made: nothing was shown, waited for or asked. */
export function conditionsWithoutBrowser(
  lane: Lane,
  known: Pick<Conditions, 'vantage' | 'userAgent' | 'language'> & Partial<Conditions>,
): Conditions {
  return {
    lane,
    viewport: { width: 0, height: 0, deviceScaleFactor: 1, mobile: false },
    profile: lane,
    dwellMs: 0,
    consent: 'ignore',
    proxy: null,
    extraHeaders: [],
    browser: null,
    sandbox: false,
    cpuRate: 1,
    cores: 0,
    debuggerOn: false,
    concurrency: 1,
    ...known,
  }
}
