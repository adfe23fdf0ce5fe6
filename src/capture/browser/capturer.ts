import { randomUUIDv7 } from 'node:crypto'
import { type Egress } from '#egress/egress.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { type Capture, type CaptureManifest, captureOf } from '#model/capture.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import type { BlobStore } from '#model/store.ts'
import { clockOffsetOf } from '../clock-offset.ts'
import { KeptBodies } from '../kept-bodies.ts'
import { KnownBlobs } from '../known-blobs.ts'
import { type VisitResult, visitPage } from '../visit.ts'
import { planOf, type VisitOptions } from '../visit-options.ts'
import { BrowserPool } from './browser-pool.ts'

export type { VisitOptions, VisitPlan, CaptureLimits } from '../visit-options.ts'

export interface CapturerOptions {
  browser: { executable: string; args?: readonly string[] }
  egress: Egress
  blobs: BlobStore
  clock?: Clock
  /** base64 SHA-256 of the public key of a lab's certificates, which are trusted then. */
  spki?: string | null
  /** Visits at a time; more wait. */
  jobs?: number
  /** Stands in every manifest as the key that signs it. */
  keyId?: Digest
  /** A browser that has served so many visits is replaced. */
  visitsPerBrowser?: number
}

export interface Capturer {
  /**
   * Visits a page. Whatever the page does ends as a Capture, with the error in its manifest. Rejects with `BROWSER_MISSING`,
   * `BROWSER_FAILED`, `INTERRUPTED`, with `BAD_ARGUMENT` for a proxy that cannot be used, and with `DISK_FULL` or `STORE_UNREACHABLE` where a body
   * could not be kept.
   */
  capture(seed: Seed, options?: VisitOptions, signal?: AbortSignal): Promise<Capture>
  /** Ends every browser and removes its files. Visits under way end with `INTERRUPTED`. */
  close(): Promise<void>
}

/** Starts the first browser, so that what is wrong with it is known at once. */
export async function startCapturer(o: CapturerOptions): Promise<Capturer> {
  const clock = o.clock ?? systemClock
  const knownBlobs = new KnownBlobs()
  const flags = [...(o.browser.args ?? []), ...(o.spki == null ? [] : [`--ignore-certificate-errors-spki-list=${o.spki}`])]
  const pool = new BrowserPool({ executable: o.browser.executable, flags, visitsPerBrowser: o.visitsPerBrowser ?? 75 })
  const closing = new AbortController()
  const turns = new Turns(o.jobs ?? 4)
  await pool.start()

  async function once(visitId: string, seed: Seed, options: VisitOptions, signal: AbortSignal): Promise<VisitResult> {
    const lease = await pool.lease()
    const blobs = new KeptBodies(o.blobs)
    try {
      const result = await visitPage(
        visitId,
        seed,
        planOf(options),
        {
          launched: lease.launched,
          router: lease.router,
          egress: o.egress,
          blobs,
          knownBlobs,
          clock,
          concurrency: () => lease.visits(),
        },
        signal,
      )
      if (result.isBrowserSick) lease.retire()
      if (blobs.fault !== null) throw blobs.fault
      return result
    } catch (error) {
      if (error instanceof AssayError && error.code === 'BROWSER_FAILED') lease.retire()
      throw error
    } finally {
      await lease.end()
    }
  }

  return {
    async capture(seed, options = {}, signal) {
      const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
      await turns.take(either)
      try {
        const visitId = options.visitId ?? randomUUIDv7()
        const result = await once(visitId, seed, options, either).catch((error: unknown) => {
          if (isBrowserFault(error)) return null
          throw error
        })
        // A browser may end for another page's sake: the visit gets one more, and its second crash is its own.
        const isLost = result === null || result.manifest.ended.crashed === 'browser'
        const final = isLost && !either.aborted ? await once(visitId, seed, options, either) : result
        if (final === null) throw new AssayError('INTERRUPTED', `the visit to ${seed.url} was interrupted`)
        const { offsetMs, clock } = clockOffsetOf(requestsOf(final.manifest), Date.parse(final.manifest.startedAt))
        return captureOf({ ...final.manifest, clockOffsetMs: offsetMs, clock, ...(o.keyId === undefined ? {} : { keyId: o.keyId }) })
      } finally {
        turns.give()
      }
    },
    async close() {
      closing.abort()
      await pool.close()
    },
  }
}

const requestsOf = ({ artifacts }: CaptureManifest): RequestArtifact[] => (artifacts['request']?.items ?? []) as RequestArtifact[]

const isBrowserFault = (error: unknown): boolean =>
  error instanceof AssayError && (error.code === 'BROWSER_FAILED' || error.code === 'TARGET_CRASHED')

/** So many at a time, the others in the order in which they came. */
class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new AssayError('INTERRUPTED', 'the visit was interrupted before it began')
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1)
        reject(new AssayError('INTERRUPTED', 'the visit was interrupted before it began'))
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(turn)
    })
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
