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
      if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name.toWellFormed())}:${canonicalJson(member)}`
    }
    return `{${text}}`
  }
  throw new TypeError(`canonical JSON has no ${typeof value}`)
}
