import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { commitDaysOf, historiesOf, type SiteHistory } from './repositories.ts'
import { readRanks, readTable, siteName, type Row } from './table.ts'

export interface Census {
  name: string
  /** Site → its families. */
  sites: Map<string, string[]>
  rows: Row[]
}

export interface Sources {
  weekly: Row[] | null
  screener: Census | null
  minesweeper: Census | null
  published: Row[] | null
  endpoints: Row[] | null
  listIntervals: Row[]
  features: { label: string; rows: Row[] }[]
  /** By name of the file. */
  ranks: Map<string, Map<string, number | null>>
  repositories: { history: SiteHistory; commitDays: number[] | null }[]
  /** What was looked for and is not there. */
  absent: string[]
}

const rankFiles = ['alexa-10k-2016-04-21.csv', 'alexa-1k-members-2017-12-22.txt', 'alexa-10k-2018-10-03.csv']

export function readSources({ data, pages, mirrors }: { data: string; pages: string; mirrors: string }): Sources {
  const absent: string[] = []
  const at = (path: string): string => join(data, path)
  const table = (path: string): Row[] | null => {
    const rows = readTable(at(path))
    if (rows === null) absent.push(`data/${path}`)
    return rows
  }
  const census = (name: string, path: string): Census | null => {
    const rows = table(path)
    const sites = new Map((rows ?? []).map(({ site = '', families = '' }) => [siteName(site), families.split(';')]))
    return rows && { name, rows, sites }
  }
  const ranks = new Map(
    rankFiles.flatMap((name) => {
      const list = readRanks(at(`toplists/${name}`))
      if (list === null) absent.push(`data/toplists/${name}`)
      return list === null ? [] : [[name, list] as const]
    }),
  )
  const snapshots = readTable(join(pages, 'dev.tsv'))
  if (snapshots === null) absent.push('pages/dev.tsv')
  if (snapshots !== null && !existsSync(mirrors)) absent.push('the folder of repositories (--mirrors)')
  const repositories = historiesOf(snapshots ?? []).map((history) => {
    const commitDays = commitDaysOf(mirrors, history)
    if (commitDays === null) absent.push(`the repository of ${history.site}`)
    return { history, commitDays }
  })
  return {
    weekly: table('mining/censys-authedmine-weekly.tsv'),
    screener: census('cm-screener', 'mining/cm-screener-2018-01-31.tsv'),
    minesweeper: census('MineSweeper', 'mining/minesweeper-sites.tsv'),
    published: table('mining/unit42-coinhive-domains-2017-10.tsv'),
    endpoints: table('infra/minesweeper-endpoints.tsv'),
    listIntervals: ['permissive', 'copyleft'].flatMap((licence) => table(`lists/list-intervals-${licence}.tsv`) ?? []),
    features: ['crypto', 'benign'].flatMap((label) => {
      const path = `mining/outguard-features-${label}.csv`
      const rows = readTable(at(path), ',')
      if (rows === null) absent.push(`data/${path}`)
      return rows === null ? [] : [{ label, rows }]
    }),
    ranks,
    repositories,
    absent,
  }
}
