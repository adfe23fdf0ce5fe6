import type { CdpSession } from './browser/cdp.ts'
import { pause, within } from './deadline.ts'

/** Processor time of the browser's GPU process, which all of its visits share, milliseconds; null where the browser does not say. */
export async function gpuTimeMs(browser: CdpSession): Promise<number | null> {
  try {
    const { processInfo } = await within(5_000, 'process information', browser.send('SystemInfo.getProcessInfo'))
    const gpu = processInfo.find((process) => process.type.toLowerCase() === 'gpu')
    return gpu ? gpu.cpuTime * 1_000 : null
  } catch {
    return null
  }
}

/** Less than this over a whole visit is drawing. */
const muchMs = 1_500
const looks = 3
const lookMs = 200

/**
 * Whether the GPU process goes on with what a page gave it though the page is gone: no shader is ever taken back from it, and every later
 * page of the browser waits for it to draw. Only where it worked much since `startMs`, or is another process, is it watched for a moment.
 * Without work it uses no time at all; on a busy machine one that never stops gets little: so any use counts, in most of the looks.
 */
export async function isGpuStuck(browser: CdpSession, startMs: number | null): Promise<boolean> {
  let lastMs = await gpuTimeMs(browser)
  if (lastMs === null || (startMs !== null && lastMs >= startMs && lastMs - startMs < muchMs)) return false
  let busy = 0
  for (let look = 0; look < looks && busy >= look - 1; look++) {
    await pause(lookMs, new AbortController().signal)
    const ms: number | null = await gpuTimeMs(browser)
    if (ms === null) return false
    if (ms > lastMs) busy++
    lastMs = ms
  }
  return busy >= looks - 1
}
