import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ObservedStay } from '../../src/study/estimators/stay-length.ts'
import { dayOf, type Row } from './table.ts'

export type SiteState = 'clean' | 'mention' | 'optin' | 'miner'

export interface Change {
  from: SiteState
  to: SiteState
  /** Days since 1970. */
  day: number
}

export interface SiteHistory {
  site: string
  repository: string
  families: string[]
  changes: Change[]
  /** It mined in its first commit. */
  fromTheFirst: boolean
  commits: string[]
}

/** A site's own time with a miner; null: there from the first commit, or still there in the last. */
export interface RepositoryStay {
  start: number | null
  end: number | null
}

/** `…; history: clean>miner 2018-08-29, miner>optin 2018-09-20` → its changes; null where the note tells none. */
export function changesOf(note: string): { changes: Change[]; fromTheFirst: boolean } | null {
  const told = /history: (.*)$/.exec(note)?.[1]
  if (told === undefined) return null
  const changes = [...told.matchAll(/(clean|mention|optin|miner)>(clean|mention|optin|miner) (\d{4}-\d\d-\d\d)/g)].map(
    ([, from, to, day]): Change => ({ from: from as SiteState, to: to as SiteState, day: dayOf(day ?? '') }),
  )
  const fromTheFirst = told.startsWith('always miner')
  return changes.length > 0 || fromTheFirst ? { changes, fromTheFirst } : null
}

/** Rows of several snapshots → one history a site, the longest that a row tells. */
export function historiesOf(rows: readonly Row[]): SiteHistory[] {
  const bySite = Map.groupBy(
    rows.filter(({ kind }) => kind === 'site'),
    ({ site = '' }) => site,
  )
  return [...bySite].flatMap(([site, its]): SiteHistory[] => {
    const told = its.flatMap(({ note = '' }) => changesOf(note) ?? []).sort((a, b) => b.changes.length - a.changes.length)[0]
    if (told === undefined) return []
    const families = its.flatMap(({ family = '' }) => family.split(',')).filter((family) => family !== '')
    const commits = its.map(({ commit = '' }) => commit)
    return [{ site, repository: its[0]?.['repo'] ?? '', families: [...new Set(families)].sort(), commits, ...told }]
  })
}

/** Times in which the site was in one of the states. An end and a beginning of one day are none: dates do not tell their order from a commit's slip. */
export function staysIn(
  { changes, fromTheFirst }: Pick<SiteHistory, 'changes' | 'fromTheFirst'>,
  states: readonly SiteState[],
): RepositoryStay[] {
  const stays: RepositoryStay[] = fromTheFirst ? [{ start: null, end: null }] : []
  for (const { from, to, day } of changes) {
    const [was, is] = [states.includes(from), states.includes(to)]
    const last = stays.at(-1)
    if (!was && is && last?.end === day) last.end = null
    else if (!was && is) stays.push({ start: day, end: null })
    else if (was && !is && last) last.end = day
  }
  return stays
}

/**
 * As dates tell it: what a commit put up is served until the next one, so that a stay lasted from its commit to the one that ended it, to
 * a day at either end. Only for stays whose start was seen. `lastDay` is the last at which the repository was kept.
 */
export function servedStay({ start, end }: RepositoryStay, lastDay: number, cluster: string): ObservedStay | null {
  if (start === null) return null
  const days = (end ?? lastDay) - start
  return { startGap: 0, lastSeen: Math.max(0, days - 1), goneBy: end === null ? Infinity : days + 1, cluster }
}

/** As looks at commits tell it: nothing is known between two of them. `commitDays` ascending. */
export function lookedStay({ start, end }: RepositoryStay, commitDays: readonly number[], cluster: string): ObservedStay | null {
  if (start === null) return null
  const before = commitDays.findLast((day) => day < start)
  const lastWith = commitDays.findLast((day) => end === null || day < end) ?? start
  return {
    startGap: before === undefined ? 0 : start - before,
    lastSeen: Math.max(0, lastWith - start),
    goneBy: end === null ? Infinity : Math.max(1, end - start),
    cluster,
  }
}

/** As `stay`, but over when the service that it needs is. */
export function untilService(stay: RepositoryStay, closed: number | null): RepositoryStay {
  return closed === null || (stay.end !== null && stay.end <= closed) ? stay : { ...stay, end: closed }
}

/**
 * Days of the commits by their own clocks, as the histories have them, ascending, of the branches that hold the site's snapshots; null where the
 * repository is not at hand.
 */
export function commitDaysOf(mirrors: string, { repository, commits }: SiteHistory): number[] | null {
  const dir = join(mirrors, repository.replace('/', '+'), 'repo')
  if (!existsSync(dir)) return null
  const git = (...args: string[]): string[] =>
    execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 })
      .split('\n')
      .filter((line) => line !== '')
  const branches = [...new Set(git('for-each-ref', ...new Set(commits.map((commit) => `--contains=${commit}`)), '--format=%(objectname)'))]
  if (branches.length === 0) return null
  return [...new Set(git('log', '--format=%cI', ...branches).map((time) => dayOf(time.slice(0, 10))))].sort((a, b) => a - b)
}
