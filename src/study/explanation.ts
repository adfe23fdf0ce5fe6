import type { StudyExplanation } from '#model/study-report.ts'
import { studyReportSchemaVersion } from '#model/study-report.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { Figures } from './figures.ts'

/** From a figure to its sites to their visits, in the order of time. Null where there is no such figure. */
export function explanationOf(figures: Figures, visits: readonly VisitRow[], id: string): StudyExplanation | null {
  const known = figures.find(id)
  if (known === null) return null
  const bySite = Map.groupBy(visits, ({ site }) => site)
  return {
    schema: 'assay.study-explanation',
    schemaVersion: studyReportSchemaVersion,
    figure: known.figure,
    sites: known.sites.map((site) => ({
      site,
      visits: (bySite.get(site) ?? [])
        .toSorted((a, b) => a.observedAt.getTime() - b.observedAt.getTime() || (a.visitId < b.visitId ? -1 : 1))
        .map((visit) => ({
          at: visit.observedAt.toISOString(),
          url: visit.url,
          round: visit.round === null ? null : visit.round + 1,
          lane: visit.lane,
          state: visit.observed === null ? `not-observed (${visit.failure ?? visit.errorCode ?? 'unknown'})` : visit.observed.status,
          judgement: visit.observed?.judgement ?? null,
          captureId: visit.captureId,
        })),
    })),
  }
}
