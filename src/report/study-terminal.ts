import type { Share, SiteState, StudySummary } from '#model/study.ts'
import { inert } from './escape.ts'

const marks: Record<SiteState, string> = { found: 'M', 'opt-in': 'o', clean: '.', blind: '?', 'not-observed': '-', 'not-visited': ' ' }

/** The short study for a person on a terminal: who mined when, for whom, what share, and what was not seen. */
export function terminalStudy(study: StudySummary): string {
  const lines: string[] = []
  const { population, coverage } = study
  lines.push(
    `Study of the crawl ${inert(study.crawl, 80)}: ${population.sites} sites, ${population.pages} pages, ${population.visits} visits`,
  )
  lines.push(
    `  looked at ${coverage.observed}, with something missing ${coverage.blind}, not observed ${coverage.notObserved}${coverage.reasons.length ? ` (${coverage.reasons.map(({ reason, visits }) => `${inert(reason, 60)} ${visits}`).join(', ')})` : ''}`,
  )
  lines.push(
    '',
    `Sites by round   (${Object.entries(marks)
      .filter(([, mark]) => mark !== ' ')
      .map(([state, mark]) => `${mark} ${state}`)
      .join(', ')})`,
  )
  for (const site of study.sites)
    lines.push(
      `  ${site.states.map((state) => marks[state]).join(' ')}  ${inert(site.site, 60)}${site.tags.length ? `  [${inert(site.tags.join(', '), 60)}]` : ''}`,
    )
  lines.push('', 'Share of sites that mine, of those looked at (95 % interval, Wilson)')
  for (const round of study.rounds)
    lines.push(
      `  round ${round.round + 1}  ${round.plannedAt?.slice(0, 10) ?? ''}  ${share(round.found)}; asking first ${share(round.optIn)}`,
    )
  if (study.miners.length > 0) {
    lines.push('', 'Miners, with the first and last day seen')
    for (const miner of study.miners) {
      lines.push(
        `  ${inert(miner.site, 60)}  ${miner.state}  ${miner.firstSeen.slice(0, 10)} to ${miner.lastSeen.slice(0, 10)}, seen in ${miner.roundsSeen} of ${miner.roundsLooked} looks${miner.hadGap ? ', with a gap' : ''}${miner.roundsNotObserved ? `, not observed ${miner.roundsNotObserved}` : ''}`,
        `      began ${miner.lookedBefore ? `after ${miner.lookedBefore.slice(0, 10)}` : 'before the first look'}, ended ${miner.lookedAfter ? `before ${miner.lookedAfter.slice(0, 10)}` : 'after the last look'}; ${[...miner.families, ...miner.services].map((name) => inert(name, 40)).join(', ') || 'unknown core'}`,
        ...miner.accounts.map((account) => `      paid to ${inert(account, 120)}`),
      )
    }
  }
  if (study.campaigns.length > 0) {
    lines.push('', 'Sites tied together by an account')
    for (const campaign of study.campaigns)
      lines.push(
        `  ${campaign.sites.length} sites: ${campaign.sites.map((site) => inert(site, 60)).join(', ')}`,
        `      ${campaign.accounts.map((account) => inert(account, 120)).join(', ')}`,
      )
  }
  return `${lines.join('\n')}\n`
}

function share({ count, of, estimate, low, high }: Share): string {
  if (estimate === null || low === null || high === null) return 'none looked at'
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  return `${count} of ${of} = ${percent(estimate)} (${percent(low)} to ${percent(high)})`
}
