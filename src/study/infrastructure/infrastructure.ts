import { getDomain } from 'tldts'
import { sha256 } from '#model/digest.ts'
import type { StudyReport } from '#model/study-report.ts'
import { type Figures, slug } from '../figures.ts'
import type { SiteRounds } from '../site-rounds.ts'
import { campaignsByRule } from './campaign-graph.ts'
import { glueRule, verdictsOf } from './glue.ts'
import { movesOf } from './moves.ts'
import { fewestSites, pointersOf } from './pointers.ts'
import { supplyCases } from './supply-chain.ts'
import { spanOf, type Trace, tracesOf } from './traces.ts'

export interface Infrastructure {
  pointers: StudyReport['pointers']
  infrastructure: StudyReport['infrastructure']
  /** Of every campaign its sites, also of those that the report has no row for. */
  campaignSites: string[][]
}

/** Rows of a table in the report; all are counted. */
const most = 50
const sharedEach = 10

/** Both sections, with their figures. Sites found mining are not named, not even as a third party of another. */
export function infrastructureOf(
  rows: readonly Trace[],
  sites: readonly SiteRounds[],
  clusterOf: (site: string) => string,
  figures: Figures,
): Infrastructure {
  const traces = tracesOf(rows, sites)
  const named = namesFor(new Set(traces.found.keys()))
  const pointers = pointersOf(traces, clusterOf)
  const verdicts = verdictsOf(traces)
  const campaigns = campaignsByRule(traces, verdicts, sites)
  const cases = supplyCases(traces, sites)
  const moves = movesOf(traces, verdicts)
  const inCampaign = new Set(campaigns.flatMap((campaign) => campaign.sites))

  const pointerRows = pointers.rows.slice(0, most).map((row) => {
    const { name, id } = named(row.kind, row.subject)
    const figure = `points.${row.kind}.${id}`
    figures.add(
      {
        id: figure,
        title: `Odds of mining with ${row.kind} ${name} against without, in the same rank bucket and ending`,
        unit: 'ratio',
        value: row.estimate,
        low: row.low,
        high: row.high,
        method: row.method === 'exact' ? 'conditional maximum likelihood, exact interval' : 'Mantel–Haenszel',
      },
      row.foundSites,
    )
    const { estimate, low, high, p, corrected, method, otherSites, witnesses } = row
    return {
      kind: row.kind,
      subject: name,
      foundSites: row.foundSites.length,
      otherSites,
      witnesses,
      estimate,
      low,
      high,
      p,
      corrected,
      method,
      figure,
    }
  })
  const own = pointers.own
    .slice(0, most)
    .map(({ kind, subject, foundSites }) => ({ kind, subject: named(kind, subject).name, foundSites: foundSites.length }))
  figures.add(
    {
      id: 'points.tested',
      title: 'Hosts, code and servers asked whether they point to miners',
      unit: 'subjects',
      value: pointers.tested,
      method: 'count',
    },
    [],
  )

  figures.add(
    {
      id: 'campaigns.all',
      title: 'Campaigns of two sites and more',
      unit: 'campaigns',
      value: campaigns.length,
      method: 'connected components',
    },
    inCampaign,
  )
  figures.add(
    {
      id: 'campaigns.largest-share',
      title: 'Share of the sites found that are in the largest campaign',
      unit: 'share',
      value:
        traces.found.size === 0 ? null : (campaigns[0]?.sites.filter((site) => traces.found.has(site)).length ?? 0) / traces.found.size,
      of: traces.found.size,
      method: 'connected components',
    },
    campaigns[0]?.sites ?? [],
  )
  const campaignRows = campaigns.slice(0, most).map((campaign) => {
    const { id, name } = named(...keyOf(campaign.id))
    const figure = `campaign.${keyOf(campaign.id)[0]}.${id}`
    figures.add(
      {
        id: figure,
        title: `Sites of the campaign of ${name}`,
        unit: 'sites',
        value: campaign.sites.length,
        method: 'connected components',
      },
      campaign.sites,
    )
    return {
      id: `${keyOf(campaign.id)[0]} ${name}`,
      sites: campaign.sites.length,
      members: campaign.members.slice(0, 10).map((member) => ({ ...member, subject: named(member.kind, member.subject).name })),
      moreMembers: Math.max(0, campaign.members.length - 10),
      firstSeen: dateOf(campaign.firstSeen),
      lastSeen: dateOf(campaign.lastSeen),
      rounds: campaign.rounds.map((row) => ({ ...row, round: row.round + 1 })),
      merged: campaign.merged.map((merge) => ({ round: merge.round + 1, id: `${keyOf(merge.id)[0]} ${named(...keyOf(merge.id)).name}` })),
      splits: campaign.splits.map((split) => ({ ...split, round: split.round + 1 })),
      figure,
    }
  })

  const supply = cases.map((each) => {
    const { id, name } = named('host', each.host)
    const figure = `supply.${id}.round-${each.round + 1}`
    figures.add(
      {
        id: figure,
        title: `Sites that began to mine when code of ${name} changed`,
        unit: 'sites',
        value: each.sites.length,
        of: each.loading,
        method: 'changed digest, same round',
      },
      each.sites,
    )
    return {
      host: name,
      round: each.round + 1,
      from: new Date(each.from).toISOString(),
      until: new Date(each.until).toISOString(),
      sites: each.sites.length,
      loading: each.loading,
      digests: each.digests.slice(0, 10),
      before: each.before.slice(0, 10),
      leadsTo: each.leadsTo.slice(0, 10).map((host) => named('host', host).name),
      figure,
    }
  })

  const moveRows = moves.slice(0, most).map(({ kind, from, to, sites: its, round }) => {
    const [one, other] = [named(kind, from), named(kind, to)]
    const figure = `moved.${kind}.${one.id}.to.${other.id}`
    figures.add(
      {
        id: figure,
        title: `Sites that went on with ${kind} ${other.name} after ${one.name}`,
        unit: 'sites',
        value: its.length,
        method: 'last seen before first seen',
      },
      its,
    )
    return { kind, from: one.name, to: other.name, sites: its.length, round: round + 1, figure }
  })

  const shared = [
    ...Map.groupBy(
      traces.subjects.filter(({ found }) => found.length > 1),
      ({ kind }) => kind,
    ),
  ]
    .filter(([kind]) => kind !== 'pair')
    .flatMap(([, its]) => {
      const sorted = its.toSorted((a, b) => b.found.length - a.found.length || (a.key < b.key ? -1 : 1))
      // What ties sites first, and what most of them have: a library would fill the table.
      const joining = sorted.filter(({ key }) => verdicts.get(key) === 'joins').slice(0, sharedEach)
      const rest = sorted.filter((subject) => !joining.includes(subject)).slice(0, sharedEach)
      return [...joining, ...rest].map((subject) => {
        const { first, last } = spanOf([...subject.found, ...subject.others, ...subject.asking])
        return {
          kind: subject.kind,
          subject: named(subject.kind, subject.subject).name,
          foundSites: subject.found.length,
          otherSites: subject.others.length,
          firstRound: first + 1,
          lastRound: last + 1,
          verdict: verdicts.get(subject.key) ?? 'never',
        }
      })
    })

  return {
    pointers: {
      matched: pointers.matched,
      found: pointers.found,
      controls: pointers.controls,
      tested: pointers.tested,
      fewestSites,
      significant: pointers.rows.length,
      rows: pointerRows,
      own,
    },
    infrastructure: {
      rule: glueRule,
      shared,
      campaigns: { all: campaigns.length, sites: inCampaign.size, rows: campaignRows },
      supply,
      moves: { all: moves.length, rows: moveRows },
    },
    campaignSites: campaigns.map((campaign) => campaign.sites),
  }
}

const dateOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

const keyOf = (key: string): [string, string] => [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)]

/** Statistics that a site keeps on a server of its own. */
const trackersHost = /^matomo (\S+) /

/** What a subject is called in the report and in identifiers: hosts of sites found are hidden, long and unwritable names are cut and told apart by their digest. */
function namesFor(found: ReadonlySet<string>): (kind: string, subject: string) => { name: string; id: string } {
  return (kind, subject) => {
    const mark = sha256(Buffer.from(subject)).slice('sha256:'.length, 'sha256:'.length + 8)
    const host = kind === 'host' ? subject : kind === 'tracker' ? trackersHost.exec(subject)?.[1] : undefined
    const isHidden = host !== undefined && (found.has(host) || found.has(getDomain(host, { allowPrivateDomains: true }) ?? ''))
    if (isHidden) return { name: `a site found (${mark})`, id: `site-${mark}` }
    const short = slug(subject.replace(/^sha256:/, ''))
    return { name: subject, id: short === subject.replace(/^sha256:/, '') && short.length <= 80 ? short : `${short.slice(0, 60)}-${mark}` }
  }
}
