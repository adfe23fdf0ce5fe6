import robotsParser, { type Robot } from 'robots-parser'
import { AssayError, type ErrorRecord } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import type { RobotsCache, RobotsEntry } from '#ledger/index/robots.ts'

/** Its types describe an ES module; it is CommonJS, whose export is the function itself. */
const parseRobots = robotsParser as unknown as (url: string, text: string) => Robot

/** Product token of both lanes (RFC 9309, 2.2.1). */
export const robotsAgent = 'assay'

/** RFC 9309, 2.5: at least 500 KiB are parsed. What is beyond is not. */
export const maxRobotsBytes = 500 * 1024
/** RFC 9309, 2.3.1.2. */
export const maxRobotsRedirects = 5
/** No address of ours is longer, so no longer rule can be met by one. */
const longestLine = 2100

const minute = 60_000
/** RFC 9309, 2.4: not used for longer than 24 hours, unless it is unreachable. */
const longestKeptMs = 24 * 60 * minute
const shortestKeptMs = 10 * minute
const unreachableKeptMs = 10 * minute
const parsedKept = 500
/** A site that asks for more is visited once and rests for so long. */
const longestCrawlDelayMs = 24 * 60 * minute

export interface RobotsResponse {
  status: number
  /** The first `maxRobotsBytes`. */
  text: string
  /** By Cache-Control; null where it says nothing. */
  maxAgeMs: number | null
}

/** Follows up to `maxRobotsRedirects` redirects; throws an `AssayError` where no answer is to be had. */
export type FetchRobots = (url: string, signal: AbortSignal, seed: Seed) => Promise<RobotsResponse>

export interface RobotsDecision {
  isAllowed: boolean
  crawlDelayMs: number
  /** Why not, as a sentence. */
  reason: string | null
  /** Where the way to robots.txt failed: the page's would have too. */
  error: ErrorRecord | null
}

/** What sites allow, by RFC 9309: 4xx allows all, 5xx and no answer disallow all for ten minutes, and then it is asked again. */
export class Robots {
  readonly #cache: RobotsCache
  readonly #fetch: FetchRobots
  readonly #parsed = new Map<string, { expiresAt: number; outcome: RobotsEntry['outcome']; reason: string | null; rules: Robot | null }>()

  constructor(o: { cache: RobotsCache; fetch: FetchRobots }) {
    this.#cache = o.cache
    this.#fetch = o.fetch
  }

  /** Rejects where the visit is interrupted or nothing can be kept. */
  async decide(seed: Seed, now: Date, signal: AbortSignal): Promise<RobotsDecision> {
    const { url } = seed
    const { origin } = new URL(url)
    const known = this.#parsed.get(origin)
    if (known === undefined || known.expiresAt <= now.getTime()) {
      const entry = (await this.#cache.get(origin, now)) ?? (await this.#ask(origin, seed, now, signal))
      if ('error' in entry) return { isAllowed: false, crawlDelayMs: 0, reason: entry.error.message, error: entry.error }
      this.#remember(origin, entry)
    }
    const { outcome, reason, rules } = this.#parsed.get(origin)!
    if (outcome === 'unreachable') return { isAllowed: false, crawlDelayMs: 0, reason, error: null }
    if (rules === null) return { isAllowed: true, crawlDelayMs: 0, reason: null, error: null }
    const delayS = rules.getCrawlDelay(robotsAgent) ?? 0
    const crawlDelayMs = delayS > 0 ? Math.min(delayS * 1000, longestCrawlDelayMs) : 0
    if (rules.isAllowed(url, robotsAgent) !== false) return { isAllowed: true, crawlDelayMs, reason: null, error: null }
    const line = rules.getMatchingLineNumber(url, robotsAgent)
    return {
      isAllowed: false,
      crawlDelayMs,
      reason: `${origin}/robots.txt disallows it${line > 0 ? ` in line ${line}` : ''}`,
      error: null,
    }
  }

  async #ask(origin: string, seed: Seed, now: Date, signal: AbortSignal): Promise<RobotsEntry | { error: ErrorRecord }> {
    let entry: RobotsEntry
    const kept = (ms: number) => ({ fetchedAt: now, expiresAt: new Date(now.getTime() + ms) })
    try {
      const { status, text, maxAgeMs } = await this.#fetch(`${origin}/robots.txt`, signal, seed)
      const ageMs = Math.min(longestKeptMs, Math.max(shortestKeptMs, maxAgeMs ?? longestKeptMs))
      if (status >= 200 && status < 300) entry = { ...kept(ageMs), outcome: 'rules', text, reason: null }
      else if (status >= 500)
        entry = { ...kept(unreachableKeptMs), outcome: 'unreachable', text: '', reason: `${origin}/robots.txt answered HTTP ${status}` }
      // 2.3.1.3: unavailable. A redirect that is left over is one too many: 2.3.1.2.
      else entry = { ...kept(ageMs), outcome: 'none', text: '', reason: `HTTP ${status}` }
    } catch (error) {
      if (signal.aborted || !(error instanceof AssayError) || error.code === 'INTERRUPTED') throw error
      // No answer for robots is none for visitors: it is that fault, with its own plan, and is asked again with it.
      return { error: { code: error.code, message: `robots.txt: ${error.message}` } }
    }
    await this.#cache.put(origin, entry)
    return entry
  }

  #remember(origin: string, { expiresAt, outcome, text, reason }: RobotsEntry): void {
    this.#parsed.delete(origin)
    if (this.#parsed.size >= parsedKept) for (const oldest of this.#parsed.keys()) if (this.#parsed.delete(oldest)) break
    const rules = outcome === 'rules' ? parseRobots(`${origin}/robots.txt`, bounded(text)) : null
    this.#parsed.set(origin, { expiresAt: expiresAt.getTime(), outcome, reason, rules })
  }
}

/** Lines that no address can meet are emptied; the others keep their numbers. */
function bounded(text: string): string {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line) => (line.length > longestLine ? '' : line))
    .join('\n')
}
