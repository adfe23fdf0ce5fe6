import { siteOf } from '#model/site.ts'
import type { Sources } from './sources.ts'
import { siteName, type Row } from './table.ts'
import { scansOf } from './weekly.ts'

const header = 'source,date,site,subject_kind,subject'

/**
 * The observations as `assay study import` reads them: what was found, its service and account, by registrable domain, each once. Of the weekly
 * scans also the sites that were not found that day but on another; of the rest nobody wrote down who was looked at.
 */
export function observationsCsv({ weekly, screener, minesweeper, published }: Sources): string {
  const lines = new Set<string>()
  const add = (...fields: string[]): void => void lines.add(fields.map(quoted).join(','))
  const found = ({ source = '', date = '', site = '', families = '', accounts = '' }: Row): void => {
    const its = families.split(';').filter((family) => family !== '')
    const place = registrable(site)
    add(source, date, place, 'mining', its.length > 0 && its.every((family) => family === 'coinhive-authedmine') ? 'opt-in' : 'found')
    for (const family of its) if (family !== 'generic') add(source, date, place, 'service', family)
    for (const account of accounts.split(';')) if (account !== '') add(source, date, place, 'account', account)
  }
  for (const rows of [weekly, screener?.rows ?? null, minesweeper?.rows ?? null, published]) for (const row of rows ?? []) found(row)
  const scans = scansOf(weekly ?? [])
  const everFound = new Set([...scans.values()].flatMap((sites) => [...sites]))
  for (const [date, sites] of scans)
    for (const site of everFound) if (!sites.has(site)) add(weekly?.[0]?.['source'] ?? '', date, registrable(site), 'visited', '')
  return [header, ...lines, ''].join('\n')
}

const registrable = (site: string): string => siteOf(`http://${siteName(site)}/`)
const quoted = (field: string): string => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)
