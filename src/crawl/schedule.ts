import { AssayError } from '#model/errors.ts'

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/** `7d`, `12h`, `23w`, `90m`, `30s` → milliseconds. Throws `BAD_ARGUMENT`. */
export function parseSpan(text: string): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(text.trim())
  const ms = match ? Number(match[1]) * (units[match[2] ?? ''] ?? 0) : 0
  if (ms === 0)
    throw new AssayError('BAD_ARGUMENT', `"${text.slice(0, 40)}" is no span of time`, {
      hint: 'Write a number and s, m, h, d or w: 7d, 23w.',
    })
  return ms
}

/** How often, and how many rounds begin within the span. Without `every` there is one. Throws `BAD_ARGUMENT`. */
export function scheduleOf(every: string | null, span: string | null): { everyMs: number | null; rounds: number } {
  if (every === null) {
    if (span !== null) throw new AssayError('BAD_ARGUMENT', 'a crawl that lasts needs --every: the time from one round to the next')
    return { everyMs: null, rounds: 1 }
  }
  const everyMs = parseSpan(every)
  // Without an end: as many as the table counts.
  return { everyMs, rounds: span === null ? 1_000_000 : Math.max(1, Math.ceil(parseSpan(span) / everyMs)) }
}
