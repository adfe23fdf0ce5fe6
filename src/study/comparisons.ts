import type { Comparison, StudyReport } from '#model/study-report.ts'
import { chiSquareTail } from './estimators/distribution.ts'
import type { Dimension } from './groups.ts'
import { compareStays, type SiteStay } from './longevity.ts'
import type { amongFound } from './prevalence.ts'
import type { SiteRounds } from './site-rounds.ts'

/** Tests of every dimension, for shares by Pearson's chi-square over groups of five looks and more, for stays by log-rank. */
export function comparisonsOf(
  by: StudyReport['prevalence']['by'],
  stays: readonly SiteStay[],
  sites: readonly SiteRounds[],
  all: readonly Dimension[],
  among: ReturnType<typeof amongFound>,
): Omit<Comparison, 'corrected'>[] {
  const rows: Omit<Comparison, 'corrected'>[] = []
  for (const { dimension, rows: groups } of by) {
    const used = groups.filter(({ looked }) => looked >= 5)
    const n = used.reduce((sum, { looked }) => sum + looked, 0)
    const found = used.reduce((sum, row) => sum + row.found, 0)
    if (used.length < 2 || found === 0 || found === n) continue
    const share = found / n
    const statistic = used.reduce((sum, row) => sum + (row.found - row.looked * share) ** 2 / (row.looked * share * (1 - share)), 0)
    rows.push({
      question: 'prevalence',
      by: dimension,
      groups: used.length,
      statistic,
      degrees: used.length - 1,
      p: chiSquareTail(statistic, used.length - 1),
      isThin: used.some(({ looked }) => looked * share < 5),
    })
  }
  const bySite = new Map(sites.map((site) => [site.site, site]))
  const groupings: [string, (site: string) => string | null][] = [
    ...all.map(({ name, groupsOf }): [string, (site: string) => string | null] => [name, (site) => groupsOf(bySite.get(site)!)[0] ?? null]),
    ...among.map(({ dimension, groups }): [string, (site: string) => string | null] => {
      const first = new Map(groups.toReversed().flatMap(({ group, sites: its }) => its.map((site) => [site, group])))
      return [dimension, (site) => first.get(site) ?? null]
    }),
  ]
  for (const [name, groupOf] of groupings) {
    const compared = compareStays(stays, groupOf)
    if (compared !== null)
      rows.push({
        question: 'longevity',
        by: name,
        groups: compared.test.groups.length,
        statistic: compared.test.chiSquare,
        degrees: compared.test.degrees,
        p: compared.test.p,
        isThin: compared.isThin,
      })
  }
  return rows
}
