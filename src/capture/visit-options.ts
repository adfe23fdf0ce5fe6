import type { ArtifactKind, HttpHeader } from '#model/artifact.ts'
import type { ConsentPolicy } from '#model/capture.ts'

/** What a caller may say of a visit; the rest follows from the profile. */
export type VisitOptions = Partial<VisitPlan>

/** How a visit is made. Every member stands in the capture's conditions, by value or (headers) by name. */
export interface VisitPlan {
  /** Fencing token of whoever asked; a new one where none is given. */
  visitId: string | null
  profile: string
  /** How long the visitor stays after the page has loaded, milliseconds. */
  dwellMs: number
  /** How long to wait for the load event; what is there then is what the visitor sees. Milliseconds. */
  loadTimeoutMs: number
  consent: ConsentPolicy
  /** Null: the browser's own, without the word Headless. */
  userAgent: string | null
  /** `Accept-Language` and navigator.languages, such as `en-US,en`. */
  language: string
  viewport: { width: number; height: number; deviceScaleFactor: number; mobile: boolean }
  /** Upstream proxy that egress goes through. */
  proxy: string | null
  /** Sent to the seed's own origin only: they may be secrets. */
  headers: HttpHeader[]
  referrer: string | null
  /** Name of the place visited from. */
  vantage: string
  /** Off: wasm runs at full speed, and neither scripts nor modules are collected. */
  debuggerOn: boolean
  /** 1 unthrottled; 4 a processor of a quarter of the speed (Emulation.setCPUThrottlingRate). */
  cpuRate: number
  /** How many cores the page is told of (navigator.hardwareConcurrency); null: as many as there are. */
  toldCores: number | null
  /** Whether the page's processor is slowed to a half for a while, so that work that is timed shows beside work that takes what it gets. */
  variesCpu: boolean
  screenshot: boolean
  /** Whether the visit moves, scrolls and answers as a visitor does. */
  interact: boolean
  /** Whether pages are shown a wallet that declines everything. By default in the profile `thorough` only: it changes what they do. */
  wallet: boolean
  /** Whether a page that installed a service worker is come to a second time. By default in the profile `thorough` only: it doubles the stay. */
  returns: boolean
  /** Kinds that this visit goes without. */
  without: readonly ArtifactKind[]
  limits: CaptureLimits
}

/** Upper bounds of what one visit keeps; what is above is counted and named as truncated. */
export interface CaptureLimits {
  maxRequests: number
  maxBodyBytes: number
  maxTotalBodyBytes: number
  maxScripts: number
  maxWasmModules: number
  maxWasmBytes: number
  maxSockets: number
  maxFramesPerSocket: number
  maxFrameBytes: number
  maxTargets: number
  maxPopups: number
  maxFrames: number
  maxDomBytes: number
  maxConsoleMessages: number
  maxStorageEntries: number
}

const megabyte = 1024 * 1024

export const defaultLimits: CaptureLimits = {
  maxRequests: 5_000,
  maxBodyBytes: 64 * megabyte,
  maxTotalBodyBytes: 256 * megabyte,
  maxScripts: 5_000,
  maxWasmModules: 500,
  maxWasmBytes: 32 * megabyte,
  maxSockets: 200,
  maxFramesPerSocket: 1_000,
  maxFrameBytes: 64 * 1024,
  maxTargets: 256,
  maxPopups: 4,
  maxFrames: 200,
  maxDomBytes: 8 * megabyte,
  maxConsoleMessages: 500,
  maxStorageEntries: 1_000,
}

/** `quick` for breadth, `standard` as a visitor who reads, `thorough` for a suspect. */
export type ProfileName = 'quick' | 'standard' | 'thorough'

export const profiles: Record<ProfileName, { dwellMs: number; loadTimeoutMs: number }> = {
  quick: { dwellMs: 3_000, loadTimeoutMs: 15_000 },
  standard: { dwellMs: 8_000, loadTimeoutMs: 30_000 },
  thorough: { dwellMs: 30_000, loadTimeoutMs: 60_000 },
}

/** Fills in what was left open. A profile that has no name here is taken as `standard`. */
export function planOf(options: VisitOptions): VisitPlan {
  const profile = options.profile ?? 'standard'
  return {
    visitId: null,
    profile,
    ...(profile in profiles ? profiles[profile as ProfileName] : profiles.standard),
    consent: 'ignore',
    userAgent: null,
    language: 'en-US,en',
    viewport: { width: 1366, height: 768, deviceScaleFactor: 1, mobile: false },
    proxy: null,
    headers: [],
    referrer: null,
    vantage: 'local',
    debuggerOn: true,
    cpuRate: 1,
    toldCores: null,
    variesCpu: false,
    screenshot: true,
    interact: true,
    returns: profile === 'thorough',
    wallet: profile === 'thorough',
    without: [],
    limits: defaultLimits,
    ...options,
  }
}
