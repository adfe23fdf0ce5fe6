import type { Figure, StudyExplanation } from '#model/study-report.ts'
import type { StudyPlanned, StudyRetraction } from '#model/study-texts.ts'
import { inert } from './escape.ts'

const percent = (value: number): string => `${(value * 100).toFixed(value < 0.001 ? 3 : value < 0.1 ? 2 : 1)} %`

/** A figure's value with its interval, as people write it. */
export function figureText({ value, low, high, of, unit }: Pick<Figure, 'value' | 'low' | 'high' | 'of' | 'unit'>): string {
  if (value === null && unit === 'ratio' && low !== null) return `over ${Number(low.toPrecision(3))}`
  if (value === null) return unit === 'days' ? 'not reached' : 'not known'
  const one = (each: number) =>
    unit === 'share'
      ? percent(each)
      : unit === 'p'
        ? each.toPrecision(2)
        : unit === 'days'
          ? each.toFixed(1)
          : unit === 'ratio'
            ? String(Number(each.toPrecision(3)))
            : String(each)
  const interval = low === null && high === null ? '' : ` (${low === null ? '?' : one(low)} to ${high === null ? '?' : one(high)})`
  return `${one(value)}${unit === 'share' || unit === 'p' || unit === 'ratio' ? '' : ` ${unit}`}${interval}${of === null ? '' : ` of ${of}`}`
}

export function explanationText({ figure, sites }: StudyExplanation): string {
  const lines = [`${figure.id}: ${figure.title}`, `  ${figureText(figure)}; ${figure.method}`, `  rests on ${sites.length} sites:`]
  for (const { site, visits } of sites) {
    lines.push(`  ${inert(site, 80)}`)
    for (const { at, round, lane, state, captureId, url } of visits)
      lines.push(
        `    ${at.slice(0, 16)}  ${round === null ? '' : `round ${round}, `}${lane}: ${inert(state, 60)}  ${captureId ?? 'no capture'}  ${inert(url, 100)}`,
      )
  }
  if (sites.some(({ visits }) => visits.some(({ captureId }) => captureId !== null)))
    lines.push('', 'assay report CAPTURE --data DIR shows what a capture holds; assay judge judges it again.')
  return `${lines.join('\n')}\n`
}

const kinds: Record<StudyRetraction['kind'], string> = {
  withdrawn: 'was called mining and is not any more',
  late: 'was not called mining and is now',
  renamed: 'has other names now',
}

export function retractionsText(rows: readonly StudyRetraction[]): string {
  if (rows.length === 0) return 'Nothing that was said is said otherwise now.\n'
  const lines = rows.flatMap(({ site, url, captureId, observedAt, kind, before, now }) => [
    `${inert(site, 80)}  ${kinds[kind]}: seen ${observedAt.toISOString().slice(0, 10)}, ${inert(url, 120)}`,
    `  ${before.at.toISOString().slice(0, 10)}  ${before.status}${names(before.subjects)}  by ${before.judgement.slice(0, 19)}`,
    `  ${now.at.toISOString().slice(0, 10)}  ${now.status}${names(now.subjects)}  by ${now.judgement.slice(0, 19)}`,
    `  ${captureId}`,
  ])
  return `${lines.join('\n')}\n`
}

const names = (subjects: readonly string[]): string =>
  subjects.length === 0 ? '' : ` (${subjects.map((subject) => inert(subject, 60)).join(', ')})`

/** `costs`: what the crawl costs, by lanes, as text. */
export function planText({ name, endpoint, population, rounds, every, profile, jobs, plan }: StudyPlanned, costs: string): string {
  const lines = [
    `Study ${name}: ${endpoint}`,
    `  ${population.sites} sites, ${population.pages} pages (${population.isCensus ? 'the population itself' : 'a sample'})${population.badLines > 0 ? `; ${population.badLines} lines of the list are no addresses` : ''}`,
    ...(population.tags.length > 0 ? [`  tags: ${population.tags.map(({ tag, pages }) => `${inert(tag, 40)} ${pages}`).join(', ')}`] : []),
    `  ${rounds === 1 ? 'once' : `${rounds} rounds, one every ${every}`}, profile ${profile}, ${jobs} pages at a time`,
    costs,
    'What it will be able to show:',
    `  at least one site, with 95 %, of a share of ${percent(plan.smallestSeen)} and more`,
    ...plan.intervals.map(({ share, low, high }) => `  were ${percent(share)} found: an interval from ${percent(low)} to ${percent(high)}`),
    ...plan.detectable.map(
      ({ share, other }) => `  between two halves of the sites: ${percent(share)} against ${percent(other)} (power 80 %, level 5 %)`,
    ),
    plan.longestFollowedDays === null
      ? '  no length of stays: too few rounds to see a start and an end'
      : `  stays from ${plan.shortestStayDays} to ${plan.longestFollowedDays} days; shorter ones fall between rounds, longer ones are cut`,
  ]
  return `${lines.join('\n')}\n`
}
