/**
 * JSON in the canonical form of RFC 8785 (JCS): members sorted by UTF-16 code unit, no white space, ECMAScript numbers.
 * Members whose value is `undefined` are left out. Throws `TypeError` on a number that is not finite.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed())
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) {
    let text = ''
    for (const item of value as unknown[]) text += (text === '' ? '' : ',') + canonicalJson(item ?? null)
    return `[${text}]`
  }
  if (typeof value === 'object') {
    let text = ''
    // The default order is that of UTF-16 code units.
    for (const name of Object.keys(value).sort()) {
      const member = (value as Record<string, unknown>)[name]
      // A lone surrogate has no UTF-8 form, so it would not survive a round trip through a file.
      if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(name)}:${canonicalJson(member)}`
    }
    return `{${text}}`
  }
  throw new TypeError(`canonical JSON has no ${typeof value}`)
}

/** Names of members come again and again; those of data that we do not know are not kept for ever. */
const names = new Map<string, string>()
const maxNames = 1_000
const longestName = 40

function quoted(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const text = JSON.stringify(name.toWellFormed())
  if (names.size < maxNames && name.length <= longestName) names.set(name, text)
  return text
}
