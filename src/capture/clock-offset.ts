import type { RequestArtifact } from '#model/artifact.ts'
import type { ClockMeasurement } from '#model/capture.ts'

/**
 * How far this machine's clock is ahead, by the `Date` of answers over HTTPS (RFC 9110, 6.6.1: whole seconds, when the answer was made).
 * Each host bounds the offset; what most of them allow is taken (Marzullo 1984, as NTP does). Answers out of caches do not count.
 * `startedAtMs`: this machine's time, epoch milliseconds, at which the requests' times begin.
 */
export function clockOffsetOf(
  requests: readonly RequestArtifact[],
  startedAtMs: number,
): { offsetMs: number | null; clock: ClockMeasurement } {
  const byHost = new Map<string, { from: number; to: number }>()
  for (const request of requests) {
    const bounds = boundsOf(request, startedAtMs)
    const host = URL.parse(request.url)?.host
    if (bounds === null || host === undefined) continue
    const known = byHost.get(host)
    // One host has one clock: each of its answers bounds it further, unless its servers differ.
    const from = Math.max(bounds.from, known?.from ?? bounds.from)
    const to = Math.min(bounds.to, known?.to ?? bounds.to)
    byHost.set(host, from <= to ? { from, to } : bounds)
  }
  const measured = (agreeing: number, uncertaintyMs: number | null, reason: string | null): ClockMeasurement => ({
    method: 'https-date',
    sources: byHost.size,
    agreeing,
    uncertaintyMs,
    reason,
  })
  if (byHost.size === 0) return { offsetMs: null, clock: measured(0, null, 'no answer over HTTPS had a Date of its own') }
  const best = mostAgreed([...byHost.values()])
  if (best.count * 2 <= byHost.size) return { offsetMs: null, clock: measured(best.count, null, 'the clocks of the servers do not agree') }
  return {
    offsetMs: Math.round((best.from + best.to) / 2),
    clock: measured(best.count, Math.ceil((best.to - best.from) / 2), null),
  }
}

function boundsOf(request: RequestArtifact, startedAtMs: number): { from: number; to: number } | null {
  const { response, endedAtMs } = request
  if (!response || endedAtMs === undefined || !request.url.startsWith('https:') || response.fromCache || response.fromServiceWorker)
    return null
  const valueOf = (wanted: string): string | undefined => response.headers.find(({ name }) => name.toLowerCase() === wanted)?.value
  // Out of a cache on the way the Date is of when it was stored there.
  if (valueOf('age') !== undefined) return null
  const date = Date.parse(valueOf('date') ?? '')
  if (Number.isNaN(date)) return null
  return { from: startedAtMs + request.startedAtMs - (date + 999), to: startedAtMs + endedAtMs - date }
}

function mostAgreed(bounds: readonly { from: number; to: number }[]): { from: number; to: number; count: number } {
  const edges = bounds.flatMap(({ from, to }) => [
    { at: from, step: 1 },
    { at: to, step: -1 },
  ])
  edges.sort((a, b) => a.at - b.at || b.step - a.step)
  let count = 0
  let best = { from: 0, to: 0, count: 0 }
  edges.forEach(({ at, step }, i) => {
    count += step
    if (count > best.count) best = { from: at, to: edges[i + 1]?.at ?? at, count }
  })
  return best
}
