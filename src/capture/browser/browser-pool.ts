import { AssayError } from '#model/errors.ts'
import { type LaunchedBrowser, launchBrowser } from './launch.ts'
import { TargetRouter } from './target-router.ts'

interface Running {
  launched: LaunchedBrowser
  router: TargetRouter
  /** Visits that it has served or serves, and those under way. */
  served: number
  live: number
  retired: boolean
}

/** A browser for one visit. */
export interface Lease {
  readonly launched: LaunchedBrowser
  readonly router: TargetRouter
  /** Visits under way in the same browser. */
  visits(): number
  /** No more visits after this; the browser goes when its last one has ended. */
  retire(): void
  end(): Promise<void>
}

export interface BrowserPoolOptions {
  executable: string
  flags: readonly string[]
  visitsPerBrowser: number
}

/** One browser at a time for all visits, a fresh one after so many visits and after every trouble, started before the next visit asks. */
export class BrowserPool {
  readonly #options: BrowserPoolOptions
  readonly #running = new Set<Running>()
  #current: Promise<Running> | null = null
  #latest: Running | null = null
  #closed = false

  constructor(options: BrowserPoolOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#browser()
  }

  async lease(): Promise<Lease> {
    let running = await this.#browser()
    while (running.retired || running.launched.connection.closed) {
      this.#retire(running)
      running = await this.#browser()
    }
    running.served++
    running.live++
    if (running.served >= this.#options.visitsPerBrowser) this.#retire(running)
    return {
      launched: running.launched,
      router: running.router,
      visits: () => running.live,
      retire: () => this.#retire(running),
      end: async () => {
        running.live--
        await this.#endIfIdle(running)
      },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const starting = this.#current
    if (starting) await starting.catch(() => undefined)
    await Promise.all([...this.#running].map((running) => running.launched.kill()))
    this.#running.clear()
  }

  #browser(): Promise<Running> {
    if (this.#closed) return Promise.reject(new AssayError('INTERRUPTED', 'the capturer was closed'))
    if (this.#current) return this.#current
    const starting = this.#launch()
    this.#current = starting
    // A start that failed is tried anew by whoever asks next.
    starting.catch(() => {
      if (this.#current === starting) this.#current = null
    })
    return starting
  }

  async #launch(): Promise<Running> {
    const launched = await launchBrowser({ executable: this.#options.executable, flags: this.#options.flags })
    const running: Running = { launched, router: new TargetRouter(launched.connection), served: 0, live: 0, retired: false }
    this.#running.add(running)
    this.#latest = running
    void launched.ended.then(() => this.#retire(running))
    return running
  }

  #retire(running: Running): void {
    if (running.retired) return
    running.retired = true
    if (this.#latest === running) {
      this.#current = null
      // Starts while the visit that ends is written down and judged. One that died unused is not followed at once: so might the next.
      if (running.served > 0 && !this.#closed) void this.#browser().catch(() => undefined)
    }
    void this.#endIfIdle(running)
  }

  async #endIfIdle(running: Running): Promise<void> {
    if (!running.retired || running.live > 0) return
    this.#running.delete(running)
    await running.launched.kill()
  }
}
