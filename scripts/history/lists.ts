import { clopperPearson } from '../../src/study/estimators/clopper-pearson.ts'
import type { Share } from '#model/study.ts'
import { dayOf, siteName, type Row } from './table.ts'

export interface ListSummary {
  list: string
  /** Intervals of entries: one that came back is two. */
  intervals: number
  /** In the first version of the list: of unknown age. */
  initial: number
  removed: number
  /** Removed by the one commit that removed most. */
  removedAtOnce: number
  /** Its time; null where nothing was removed. */
  largestRemoval: string | null
  /** Taken off and put back. */
  putBack: number
  /** Hosts taken off and not put back, of those seen in use by a scan on a later day. */
  seenAfter: Share
}

/** What a list's removals are. `lastSeen`: host → the last day (since 1970) on which a scan saw it mine or be mined with. */
export function listSummaries(rows: readonly Row[], lastSeen: ReadonlyMap<string, number>): ListSummary[] {
  return [...Map.groupBy(rows, ({ list = '' }) => list)].map(([list, its]) => {
    const removed = its.filter(({ removed_at: at }) => at !== '')
    const largest = [...Map.groupBy(removed, ({ removed_at: at = '' }) => at)].sort(([, a], [, b]) => b.length - a.length)[0]
    const byHost = [...Map.groupBy(its, ({ host = '' }) => siteName(host))].filter(([host]) => host !== '')
    const gone = byHost.flatMap(([host, intervals]) => {
      const days = intervals.map(({ removed_at: at = '' }) => (at === '' ? null : dayOf(at)))
      return days.includes(null) ? [] : [{ host, day: Math.max(...days.map(Number)) }]
    })
    const byEntry = Map.groupBy(its, ({ entry = '' }) => entry)
    const used = gone.filter(({ host, day }) => (lastSeen.get(host) ?? -Infinity) > day)
    return {
      list,
      intervals: its.length,
      initial: its.filter(({ initial }) => initial === '1').length,
      removed: removed.length,
      removedAtOnce: largest?.[1].length ?? 0,
      largestRemoval: largest?.[0] ?? null,
      putBack: [...byEntry.values()].reduce((sum, { length }) => sum + length - 1, 0),
      seenAfter: clopperPearson(used.length, gone.length),
    }
  })
}
