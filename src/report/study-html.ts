import type { LengthView, PrevalenceRow, StudyReport } from '#model/study-report.ts'
import { stylesheet } from './html-style.ts'
import { html, Markup } from './html-template.ts'
import { chartStyle, coverageChart, groupsChart, lengthChart, roundsChart } from './study-charts.ts'
import { infrastructureSections } from './study-infrastructure.ts'
import { table } from './study-table.ts'
import { figureText } from './study-text.ts'
import { mapStyle, worldMap } from './world-map.ts'

/** The report as one file without script: it says population, conditions, coverage, blindness and versions beside every number. */
export function htmlStudy(report: StudyReport): string {
  const figure = (id: string) => report.figures.find((each) => each.id === id)
  const said = (id: string) => {
    const found = figure(id)
    return found === undefined ? 'not known' : figureText(found)
  }
  const { prevalence, longevity, conditions, population, coverage } = report
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${report.source === null ? 'Study' : 'Observations of'} ${report.study}: browser mining</title>
        <style>
          ${stylesheet}${new Markup(chartStyle + mapStyle)}
        </style>
      </head>
      <body>
        <main>
          <h1>${report.source === null ? 'Study' : 'Observations of'} ${report.study}</h1>
          <p class="verdict">
            ${prevalence.ever.found} of the ${prevalence.ever.looked} sites looked at were found mining at some time:
            ${said('prevalence.ever.share')}.
          </p>
          <p class="quiet">
            Made ${report.madeAt.slice(0, 16).replace('T', ' ')}
            UTC${report.asOf === null ? '' : html`; as believed on ${report.asOf.slice(0, 10)}`}. Every figure has an identifier:
            <code>assay study explain ID</code> goes from it to the sites to the captures.
          </p>
          ${
            report.endpoint === null
              ? html`<p>No main question was written down before the visits.</p>`
              : html`<p>
                  <b>Main question</b>, written down ${report.endpoint.writtenAt.slice(0, 16).replace('T', ' ')}
                  UTC${report.endpoint.firstVisit === null ? '' : html` (first visit ${report.endpoint.firstVisit.slice(0, 16).replace('T', ' ')})`}${report.endpoint.versions > 1 ? html`, ${report.endpoint.versions} versions of the study file` : ''}:
                  ${report.endpoint.statement}
                </p>`
          }
          <h2>Population and conditions</h2>
          <dl class="facts">
            <dt>Population</dt>
            <dd>
              ${population.sites} sites, ${population.pages} pages;
              ${population.isCensus ? 'the list is the population (census)' : 'a sample of a larger population'}${population.ranks === null ? '' : html`; ranks ${population.ranks.lowest} to ${population.ranks.highest}`}
            </dd>
            <dt>Time</dt>
            <dd>
              ${conditions.from?.slice(0, 10) ?? 'never'} to ${conditions.to?.slice(0, 10) ?? ''}; ${conditions.rounds}
              rounds${conditions.cadenceDays === null ? '' : html`, one every ${Number(conditions.cadenceDays.toFixed(2))} days`}
            </dd>
            <dt>Visits</dt>
            <dd>
              ${population.visits}:
              ${conditions.lanes.map(({ lane, vantage, visits }) => `${visits} in the lane ${lane} from ${vantage}`).join('; ')}. Figures
              are of the lane ${conditions.mainLane}.
            </dd>
            <dt>Judged by</dt>
            <dd>${report.versions.map(({ judgement, visits }) => html`<code>${judgement}</code> (${visits}) `)}</dd>
            <dt>Taken back</dt>
            <dd>
              ${report.retractions.withdrawn} captures, found late ${report.retractions.late}, named otherwise ${report.retractions.renamed}
              (<code>assay study retractions</code>)
            </dd>
            <dt>Names</dt>
            <dd>${report.naming.notNamed} sites found are not named. ${report.naming.why}</dd>
          </dl>
          <h2>Coverage and blindness</h2>
          <p>
            ${coverage.sitesNeverLookedAt} of ${population.sites} sites were never looked at. Had none, or all, of them mined, the share
            would lie
            ${bounds(prevalence.ever)}.${coverage.reasons.length > 0 ? html` Visits that observed nothing: ${coverage.reasons.map(({ reason, visits }) => `${reason} ${visits}`).join(', ')}.` : ''}
          </p>
          ${coverageChart(coverage.rounds)}
          <h2>Prevalence</h2>
          <p>
            At any time: ${said('prevalence.ever.share')}; asking first: ${said('prevalence.ever.opt-in')}. A site counts once however many
            of its pages mine. Sites that one account pays for count as one witness (design effect
            ${prevalence.ever.designEffect.toFixed(2)}).
          </p>
          ${roundsChart(prevalence.rounds)}
          ${
            prevalence.corrected.length === 0
              ? ''
              : html`<h3>The lane without JavaScript, put right</h3>
                  ${table(
                    ['round', 'looked at over http', 'hints', 'browser sample', 'share that mines'],
                    prevalence.corrected.map(({ round, httpLooked, hints, sample, estimate, low, high }) => [
                      round + 1,
                      httpLooked,
                      hints,
                      sample,
                      figureText({ value: estimate, low, high, of: null, unit: 'share' }),
                    ]),
                  )}`
          }
          ${prevalence.by.map(
            ({ dimension, note, rows }) =>
              html`<h3>By ${dimension}</h3>
                <p class="quiet">
                  ${note}${dimension === 'country' ? html` Data of ${conditions.geoDate ?? 'an unknown day'}. <a href="https://db-ip.com/">IP Geolocation by DB-IP</a>` : ''}
                </p>
                ${dimension === 'country' ? worldMap(rows) : ''}${groupsChart(dimension, rows)}`,
          )}
          <h3>Counted otherwise</h3>
          ${table(
            ['', 'number'],
            [
              ['Servers: addresses that served pages found mining', said('servers.addresses')],
              ['Networks (AS) of these', said('servers.networks')],
              ['Instances: pages × components that mine', said('instances.all')],
              ['Distinct sites of these instances', String(prevalence.instances.sites)],
              ['Share of the instances on the site that has most', said('instances.largest-site')],
            ],
          )}
          <h3>What was found</h3>
          ${prevalence.among.map(
            ({ dimension, rows }) =>
              html`<h4>${dimension}</h4>
                ${table(
                  [dimension, 'sites', 'of the sites found'],
                  rows.slice(0, 20).map(({ group, sites, share }) => [group, sites, percent(share)]),
                )}`,
          )}
          <h2>How long miners stay</h2>
          <p>
            ${ruleText(longevity.endAfter)} A missed visit is no end. ${longevity.cohort.stays} stays whose start was seen on
            ${longevity.cohort.sites} sites (${longevity.cohort.ended} seen to end, ${longevity.cohort.returns} returns);
            ${longevity.alreadyThere.stays} were there at the first look and are kept apart: when they began is not known.
          </p>
          ${lengthChart(longevity.cohort, longevity.alreadyThere)}
          ${table(
            ['', 'a quarter has ended', 'half have ended', 'three quarters have ended'],
            [
              ['Start seen, both ends as intervals (Turnbull)', ...days(longevity.cohort.quantiles)],
              ['The same, simple view (Kaplan–Meier)', ...days(longevity.simple.quantiles)],
              ['Already there: time after the first look (Turnbull)', ...days(longevity.alreadyThere.quantiles)],
            ],
          )}
          <p class="quiet">
            ${convergence(longevity.cohort)} Bands: campaigns, else sites, drawn again ${longevity.cohort.replicates} times.
          </p>
          <p>
            A look's own misses:
            ${longevity.misses.repeated.detection === null ? html`not measured from repeats (${longevity.misses.repeated.reason ?? ''})` : html`${said('misses.detection')} of the looks at a page that mines see it, from ${longevity.misses.repeated.twice} pages visited twice in a round`};
            within stays ${longevity.misses.within.missed} of ${longevity.misses.within.looks} looks missed it.
          </p>
          <h2>Comparisons</h2>
          ${
            report.comparisons.rows.length === 0
              ? html`<p>No two groups were large enough to be compared.</p>`
              : html`<p>
                    Beside the main question; p values corrected by
                    ${report.comparisons.correction === 'holm' ? 'Holm' : 'Benjamini and Hochberg'} over all of them.
                  </p>
                  ${table(
                    ['question', 'by', 'groups', 'statistic', 'p', 'p corrected', ''],
                    report.comparisons.rows.map(({ question, by, groups, statistic, degrees, p, corrected, isThin }) => [
                      question,
                      by,
                      groups,
                      `${statistic.toFixed(2)} (${degrees})`,
                      p.toPrecision(2),
                      corrected.toPrecision(2),
                      isThin ? 'small numbers' : '',
                    ]),
                  )}`
          }
          ${infrastructureSections(report)}
          ${
            report.imported.length === 0
              ? ''
              : html`<h2>Others' observations</h2>
                  <p class="quiet">Beside ours, never mixed into them.</p>
                  ${table(
                    ['source', 'from', 'to', 'rows', 'sites', 'with a find'],
                    report.imported.map(({ source, from, to, rows, sites, found }) => [source, from, to, rows, sites, found]),
                  )}`
          }
          <h2>What this cannot show</h2>
          <ul>
            ${report.limits.map((limit) => html`<li>${limit}</li>`)}
          </ul>
          <h2>All figures</h2>
          ${table(
            ['identifier', 'what', 'value (95 % interval)', 'sites', 'method'],
            report.figures.map((each) => [html`<code>${each.id}</code>`, each.title, figureText(each), each.sites, each.method]),
          )}
          <h2>To repeat it</h2>
          <p>
            The study file and the seed list, <code>assay study run</code>, and <code>assay study report</code>; from the captures alone
            <code>assay judge</code> and the same. Methods: Turnbull (1976) with bounds by the Kuhn–Tucker conditions; Kaplan and Meier
            (1958), Greenwood (1926); log-rank (Mantel 1966); Wilson (1927) at the effective size of the clusters (Korn and Graubard 1998);
            Horvitz and Thompson (1952) with the difference estimator (Särndal, Swensson and Wretman 1992); occupancy (MacKenzie et al.
            2002); conditional odds ratios (Gart 1970) and Mantel–Haenszel (1959) with Robins, Breslow and Greenland (1986); Benjamini and
            Hochberg (1995). What was reported follows STROBE for observational studies.
          </p>
        </main>
      </body>
    </html> `
  return page.text
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`

function bounds({ bounds: { low, high } }: PrevalenceRow): string {
  return low === null || high === null ? 'nowhere' : `between ${percent(low)} and ${percent(high)}`
}

const days = (quantiles: LengthView['quantiles']): string[] =>
  [0.25, 0.5, 0.75].map((share) => {
    const found = quantiles.find((each) => each.share === share)
    return found === undefined ? '–' : figureText({ value: found.estimate, low: found.low, high: found.high, of: null, unit: 'days' })
  })

const ruleText = (endAfter: number): string =>
  endAfter === 1
    ? 'A stay ends with the first look without the miner.'
    : `A stay ends where ${endAfter} looks in a row are without the miner; fewer are taken for misses. A start takes as many looks before it.`

const convergence = ({ convergence: { iterations, gap, converged }, stays }: LengthView): string =>
  stays === 0
    ? ''
    : `Turnbull's estimator ${converged ? 'converged' : 'did NOT converge'} after ${iterations} steps; its log-likelihood lies at most ${gap.toExponential(1)} under the highest.`
