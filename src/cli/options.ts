import { isIP, isIPv6 } from 'node:net'
import { InvalidArgumentError } from 'commander'
import { type FailOn, defaultFailOn } from '#model/answer.ts'
import { AssayError } from '#model/errors.ts'
import { type FindingKind, findingKinds, type Status, statuses } from '#model/finding.ts'
import type { HttpHeader } from '#model/artifact.ts'

/** `8`, `8s`, `1500ms`, `2m` → milliseconds. */
export function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim())
  const value = match ? Number(match[1]) * { ms: 1, s: 1_000, m: 60_000 }[(match[2] ?? 's') as 'ms' | 's' | 'm'] : Number.NaN
  if (!(value >= 0 && value <= 3_600_000)) throw new InvalidArgumentError('a time such as 8s, 1500ms or 2m, at most 60m.')
  return Math.round(value)
}

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1_000) throw new InvalidArgumentError('a whole number from 1 to 1000.')
  return value
}

/** How many of a list: also of a top list of millions. */
export function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1.')
  return value
}

/** `Name: value`, may be given many times. */
export function header(text: string, before: HttpHeader[]): HttpHeader[] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(text)
  if (!match?.[1]) throw new InvalidArgumentError('a header such as "Accept-Language: de".')
  return [...before, { name: match[1], value: match[2] ?? '' }]
}

/** An http(s) address, as browsers write it; without a user, for it stands in the capture. */
export function webAddress(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new InvalidArgumentError('an address such as https://www.google.com/.')
  return url.href
}

/** A DNS server: an address, with a port where it is not 53; may be given many times. */
export function server(text: string, before: string[] = []): string[] {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const address = isIPv6(text) ? text : (match?.[1] ?? match?.[2] ?? '')
  if (isIP(address) === 0 || Number(match?.[3] ?? 53) > 65_535 || Number(match?.[3] ?? 53) < 1)
    throw new InvalidArgumentError('an address such as 192.0.2.53, 127.0.0.1:5353 or [2001:db8::53]:53.')
  return [...before, text]
}

export const repeated = (text: string, before: string[]): string[] => [...before, text]

/** `active,loaded,proxyware` → what makes the exit code 1; `never` for nothing. */
export function failOn(text: string): FailOn {
  if (text === 'never') return { statuses: [], kinds: [] }
  const result = { statuses: [] as Status[], kinds: [] as FindingKind[] }
  for (const word of text.split(',').map((part) => part.trim())) {
    const status = statuses.find((name) => name === word)
    const kind = findingKinds.find((name) => name === word)
    if (word === 'found') result.statuses.push(...defaultFailOn.statuses)
    else if (status) result.statuses.push(status)
    else if (kind) result.kinds.push(kind)
    else throw new InvalidArgumentError(`never, found, or a list of: ${[...statuses, ...findingKinds].join(', ')}.`)
  }
  return result
}

/** `--markdown [file.md]`. Throws `BAD_ARGUMENT`: `--markdown CAPTURE` would write over the capture's manifest. */
export function checkMarkdown({ json, markdown }: { json?: boolean; markdown?: string | true }): void {
  if (typeof markdown === 'string' && !/\.(md|markdown|txt)$/i.test(markdown))
    throw new AssayError('BAD_ARGUMENT', `--markdown writes a file that ends in .md, not ${markdown}`, {
      hint: 'Name captures first, and --markdown behind them.',
    })
  if (json && markdown === true) throw new AssayError('BAD_ARGUMENT', '--json and --markdown both want standard output')
}

/** `2026-01-31`, or a whole ISO 8601 time. */
export function day(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime())) throw new InvalidArgumentError('a day such as 2026-01-31.')
  return date
}
