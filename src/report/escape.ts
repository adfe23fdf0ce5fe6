/**
 * Text of the page that is reported on never reaches a reader as anything but text: it may try to steer his terminal
 * (ECMA-48 escape sequences), reorder what he reads (Unicode bidirectional controls, "Trojan Source", CVE-2021-42574) or bring markup.
 */
const unsafeInText = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu
const harmless = new Set(['\u200d', '\u00ad'])

/** One line of a terminal: control, format and unassigned characters as `\u{…}`; cut to `maxLength` code units. */
export function inert(text: string, maxLength = 2_000): string {
  const shown = text
    .toWellFormed()
    .replace(unsafeInText, (char) => (harmless.has(char) ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`))
  return shown.length <= maxLength ? shown : `${shown.slice(0, maxLength).toWellFormed()}… (${shown.length - maxLength} more)`
}

/** Text → HTML text or attribute value. */
export function escapeHtml(text: string, maxLength = 10_000): string {
  return inert(text, maxLength).replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`)
}
