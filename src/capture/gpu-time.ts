import type { CdpSession } from './browser/cdp.ts'
import { pause, within } from './deadline.ts'

/** Processor time of the browser's GPU process, which all of its visits share, milliseconds; null where the browser does not say. */
export async function gpuTimeMs(browser: CdpSession): Promise<number | null> {
  try {
    const { processInfo } = await within(2_000, 'process information', browser.send('SystemInfo.getProcessInfo'))
    const gpu = processInfo.find((process) => process.type.toLowerCase() === 'gpu')
    return gpu ? gpu.cpuTime * 1_000 : null
  } catch {
    return null
  }
}

/** Less than this over a whole visit is drawing. */
const muchMs = 1_500
const watchedMs = 250

/**
 * Whether the GPU process goes on with what a page gave it though the page is gone: no shader is ever taken back from it, and every later
 * page of the browser waits for it to draw. Only where it worked much since `startMs` is it watched for a moment.
 */
export async function isGpuStuck(browser: CdpSession, startMs: number | null): Promise<boolean> {
  const endMs = await gpuTimeMs(browser)
  // A new process began at zero.
  if (startMs === null || endMs === null || endMs - startMs < muchMs) return false
  await pause(watchedMs, new AbortController().signal)
  const laterMs = await gpuTimeMs(browser)
  return laterMs !== null && laterMs - endMs > watchedMs / 3
}
