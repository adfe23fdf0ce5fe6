/** What a page may answer needs this share of the dwell to be seen. */
const answerShare = 0.5
/** However much comes late, a stay ends after so many times the dwell. */
const longest = 2

/**
 * How much longer to stay, in ms; 0 when it is time to go. A click that a busy machine brought late, a consent that was given late, a window or worker
 * that opened late gets half a dwell of its own, or the visit would call a page quiet that it only did not wait for. `events` are the ms of
 * what was done and opened, on the visit's own clock.
 */
export function longerStayMs(dwellMs: number, o: { startMs: number; nowMs: number; events: readonly number[] }): number {
  const last = Math.max(o.startMs, ...o.events)
  const until = Math.min(o.startMs + longest * dwellMs, Math.max(o.startMs + dwellMs, last + answerShare * dwellMs))
  return Math.max(0, until - o.nowMs)
}
