import type { StudyReport } from '#model/study-report.ts'
import { html, type Markup } from './html-template.ts'
import { table } from './study-table.ts'
import { figureText } from './study-text.ts'

const shown = 25

/** What points to miners, and what they share: two sections of the report. */
export function infrastructureSections({ pointers, infrastructure }: StudyReport): Markup {
  const { campaigns, supply, moves, shared } = infrastructure
  return html`<h2>What points to miners</h2>
    <p>
      ${pointers.matched} of the ${pointers.found} sites found have controls of their rank bucket and ending: ${pointers.controls} sites
      looked at and never found. Of ${pointers.tested} third parties, pieces of code, hosters and servers on at least
      ${pointers.fewestSites} of these sites ${pointers.significant} are over-represented (p up to 0.05, Benjamini and Hochberg over all).
      It says where to look, not why.
    </p>
    ${
      pointers.rows.length === 0
        ? html`<p>Nothing is.</p>`
        : table(
            ['what', 'name', 'sites found', 'other sites', 'campaigns and single sites', 'odds ratio (95 %)', 'p corrected'],
            pointers.rows
              .slice(0, shown)
              .map((row) => [
                row.kind,
                html`<code>${short(row.subject)}</code>`,
                row.foundSites,
                row.otherSites,
                row.witnesses,
                figureText({ value: row.estimate, low: row.low, high: row.high, of: null, unit: 'ratio' }),
                row.corrected.toPrecision(2),
              ]),
          )
    }
    ${
      pointers.own.length === 0
        ? ''
        : html`<h3>The miner's own</h3>
            <p class="quiet">Seen only beside a miner, and so no way by which it came.</p>
            ${table(
              ['what', 'name', 'sites found'],
              pointers.own.slice(0, shown).map(({ kind, subject, foundSites }) => [kind, html`<code>${short(subject)}</code>`, foundSites]),
            )}`
    }
    <h2>Infrastructure</h2>
    <h3>Campaigns</h3>
    <p>
      ${campaigns.all} campaigns tie ${campaigns.sites} sites together. Sites are of one where they pay one account, or share what comes and
      goes with the miner, is rare among sites that do not mine, and is no service's. A campaign is called by what was seen of it first.
    </p>
    ${
      campaigns.rows.length === 0
        ? ''
        : table(
            ['campaign', 'sites', 'tied by', 'first seen', 'last seen', 'sites by round', 'arrived', 'left', 'told'],
            campaigns.rows.slice(0, shown).map((row) => [
              html`<code>${short(row.id)}</code>`,
              row.sites,
              row.members
                .slice(0, 3)
                .map(({ kind, subject, sites }) => `${kind} ${short(subject)} (${sites})`)
                .join(', '),
              row.firstSeen?.slice(0, 10) ?? '',
              row.lastSeen?.slice(0, 10) ?? '',
              row.rounds.map(({ active }) => active).join(' '),
              row.rounds.reduce((sum, { arrived }) => sum + arrived, 0),
              row.rounds.reduce((sum, { left }) => sum + left, 0),
              [
                ...row.merged.map(({ round, id }) => `round ${round}: one with ${short(id)}`),
                ...row.splits.map(({ round, parts }) => `round ${round}: in ${parts} parts`),
              ].join('; '),
            ]),
          )
    }
    <h3>One third party, many sites</h3>
    ${
      supply.length === 0
        ? html`<p>No third party was seen whose code changed as the sites that load it began to mine.</p>`
        : table(
            ['third party', 'began between', 'and', 'sites', 'of sites that load it', 'code that came', 'leads to'],
            supply.map(({ host, from, until, sites, loading, digests, leadsTo }) => [
              html`<code>${short(host)}</code>`,
              minute(from),
              minute(until),
              sites,
              loading,
              html`<code>${digests.map(short).join(', ')}</code>`,
              leadsTo.join(', '),
            ]),
          )
    }
    <h3>Where they moved</h3>
    ${
      moves.rows.length === 0
        ? html`<p>No site went on with another account, service or host of its miner.</p>`
        : table(
            ['what', 'from', 'to', 'sites', 'from round'],
            moves.rows
              .slice(0, shown)
              .map(({ kind, from, to, sites, round }) => [
                kind,
                html`<code>${short(from)}</code>`,
                html`<code>${short(to)}</code>`,
                sites,
                round,
              ]),
          )
    }
    ${
      shared.length === 0
        ? ''
        : html`<h3>What sites found share</h3>
            ${table(
              ['what', 'name', 'sites found', 'other sites', 'from round', 'to round', 'ties sites'],
              shared.map((row) => [
                row.kind,
                html`<code>${short(row.subject)}</code>`,
                row.foundSites,
                row.otherSites,
                row.firstRound,
                row.lastRound,
                verdicts[row.verdict],
              ]),
            )}`
    }`
}

const verdicts: Record<StudyReport['infrastructure']['shared'][number]['verdict'], string> = {
  joins: 'yes',
  never: 'no: never of one operator alone',
  common: 'no: common among sites that do not mine',
  'not with the miner': 'no: there without the miner too',
  service: "no: a service's, of several payees",
  'by chance': 'no: could be chance',
  'one site': 'no: one site',
}

const short = (text: string): string => (text.length <= 60 ? text : `${text.slice(0, 28)}…${text.slice(-12)}`)
const minute = (at: string): string => at.slice(0, 16).replace('T', ' ')
