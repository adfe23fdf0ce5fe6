/**
 * JSON in the canonical form of RFC 8785 (JCS): members sorted by UTF-16 code unit, no white space, ECMAScript numbers.
 * Members whose value is `undefined` are left out. Throws `TypeError` on a number that is not finite.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(wellFormed(value))
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, member]) => `${JSON.stringify(name.toWellFormed())}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  throw new TypeError(`canonical JSON has no ${typeof value}`)
}

/** A lone surrogate has no UTF-8 form, so it would not survive a round trip through a file. */
function wellFormed<T>(value: T): T | string {
  return typeof value === 'string' ? value.toWellFormed() : value
}
