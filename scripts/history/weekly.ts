import { staysOf, missesWithin, type Stay } from '../../src/study/stays.ts'
import type { ObservedStay } from '../../src/study/estimators/stay-length.ts'
import { dayMs, dayOf, siteName, type Row } from './table.ts'

/** The day of each scan → the sites found in it, in the order of time. */
export function scansOf(rows: readonly Row[]): Map<string, Set<string>> {
  const byDay = Map.groupBy(rows, ({ date = '' }) => date)
  return new Map([...byDay.keys()].sort().map((day) => [day, new Set((byDay.get(day) ?? []).map(({ site = '' }) => siteName(site)))]))
}

export interface WeeklyStays {
  stays: Stay[]
  observed: ObservedStay[]
  alreadyThere: number
  returns: number
  misses: { looks: number; missed: number }
}

/** Every site that was ever found is taken for looked at in every scan; that a scan did not reach it is not told. */
export function weeklyStays(scans: ReadonlyMap<string, ReadonlySet<string>>, endAfter: number): WeeklyStays {
  const sites = [...new Set([...scans.values()].flatMap((found) => [...found]))].sort()
  const bySite = sites.map((site) => ({
    site,
    stays: staysOf(
      [...scans].map(([day, found]) => ({ at: dayOf(day) * dayMs, state: found.has(site) ? 'seen' : 'not-seen' })),
      { endAfter },
    ),
  }))
  const stays = bySite.flatMap(({ stays: its }) => its)
  const started = bySite.flatMap(({ site, stays: its }) =>
    its.flatMap(({ firstSeen, lastSeen, lookedBefore, goneBy }): ObservedStay[] =>
      lookedBefore === null
        ? []
        : [
            {
              startGap: (firstSeen - lookedBefore) / dayMs,
              lastSeen: (lastSeen - firstSeen) / dayMs,
              goneBy: goneBy === null ? Infinity : (goneBy - firstSeen) / dayMs,
              cluster: site,
            },
          ],
    ),
  )
  return {
    stays,
    observed: started,
    alreadyThere: stays.length - started.length,
    returns: stays.filter(({ returns }) => returns > 0).length,
    misses: missesWithin(stays),
  }
}
