import { existsSync, readFileSync } from 'node:fs'

export type Row = Readonly<Record<string, string>>

/** Text without quoting, with one header line → its rows. */
export function tableOf(text: string, separator = '\t'): Row[] {
  const [header = '', ...lines] = text.split('\n')
  const names = header.split(separator)
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split(separator)
      return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']))
    })
}

export function readTable(path: string, separator = '\t'): Row[] | null {
  return existsSync(path) ? tableOf(readFileSync(path, 'utf8'), separator) : null
}

/** A ranked list `rank,domain` with a header, or names one a line without ranks. */
export function readRanks(path: string): Map<string, number | null> | null {
  if (!existsSync(path)) return null
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('rank,'))
  return new Map(
    lines.map((line): [string, number | null] => {
      const [rank = '', domain] = line.split(',')
      return domain === undefined ? [siteName(rank), null] : [siteName(domain), Number(rank)]
    }),
  )
}

/** Sources write the same site with and without `www.`; nothing else is folded: blogs under one suffix are sites of their own. */
export function siteName(name: string): string {
  return name.toLowerCase().replace(/^www\./, '')
}

export const endingOf = (site: string): string => `.${site.slice(site.lastIndexOf('.') + 1)}`

export const dayMs = 86_400_000

/** Whole days since 1970 of a day or time in ISO 8601. */
export const dayOf = (date: string): number => Math.floor(Date.parse(date) / dayMs)
