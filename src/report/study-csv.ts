import type { StudyReport } from '#model/study-report.ts'

/** RFC 4180. A field that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvOf(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.map(fieldOf).join(',')}\r\n`).join('')
}

function fieldOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

/** Every figure of a report, a line each. */
export function csvFigures({ figures }: StudyReport): string {
  return csvOf([
    ['id', 'title', 'unit', 'value', 'low', 'high', 'of', 'sites', 'method'],
    ...figures.map(({ id, title, unit, value, low, high, of, sites, method }) => [id, title, unit, value, low, high, of, sites, method]),
  ])
}
