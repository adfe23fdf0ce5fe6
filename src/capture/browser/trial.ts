import { AssayError } from '#model/errors.ts'
import type { CdpSession } from './cdp.ts'
import { launchBrowser } from './launch.ts'

/** What a browser could do when it was really started, as a visit would start it. */
export interface BrowserTrial {
  /** `Chrome/156.0.8078.108`. */
  product: string
  sandbox: boolean
  /** Whether a page with text came out with text that has a width: without any font it has none. */
  rendersText: boolean
  /** From the start to the browser's first answer. */
  startMs: number
}

const page = `data:text/html,${encodeURIComponent('<title>trial</title><span id=text>Assay</span>')}`

/** Starts a browser, lets it show a page of our own and ends it. Throws `BROWSER_MISSING`, `BROWSER_FAILED` or `PROTOCOL_ERROR`. */
export async function tryBrowser(executable: string, options: { timeoutMs?: number } = {}): Promise<BrowserTrial> {
  const timeoutMs = options.timeoutMs ?? 30_000
  const started = performance.now()
  const launched = await launchBrowser({ executable, startTimeoutMs: timeoutMs })
  try {
    const startMs = Math.round(performance.now() - started)
    const { browser } = launched.connection
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true })
    const session = launched.connection.session(sessionId)
    return {
      product: launched.product,
      sandbox: launched.sandbox,
      rendersText: session !== undefined && (await showsText(session, timeoutMs)),
      startMs,
    }
  } finally {
    await launched.kill()
  }
}

async function showsText(session: CdpSession, timeoutMs: number): Promise<boolean> {
  await session.send('Page.enable')
  await loaded(session, timeoutMs)
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'document.getElementById("text")?.offsetWidth',
    returnByValue: true,
  })
  return typeof result.value === 'number' && result.value > 0
}

async function loaded(session: CdpSession, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new AssayError('BROWSER_FAILED', `the browser showed no page in ${timeoutMs} ms`)), timeoutMs)
  session.on('Page.loadEventFired', () => resolve())
  // Rejects when the browser ends meanwhile.
  const navigated = session.send('Page.navigate', { url: page })
  try {
    await Promise.all([navigated, promise])
  } finally {
    clearTimeout(timer)
  }
}
