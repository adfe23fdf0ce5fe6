import type { SiteRounds } from '../site-rounds.ts'
import { componentsOf, Sets } from './components.ts'
import type { Verdict } from './glue.ts'
import type { Bearer, Subject, Traces } from './traces.ts'

export interface CampaignRound {
  /** From 0. */
  round: number
  /** Sites seen with something of the campaign in the round, of these for the first time, and sites looked at again that had it in their last look and have it no more. */
  active: number
  arrived: number
  left: number
  /** Components that what was seen in this round alone falls into. */
  parts: number
}

export interface StudyCampaign {
  /** `kind subject` of its oldest member: kept for as long as that one is in the ledger, whatever joins later. */
  id: string
  sites: string[]
  /** What ties it, the most sites first. */
  members: { kind: string; subject: string; sites: number }[]
  /** Epoch milliseconds of the first and the last visit that saw it. */
  firstSeen: number | null
  lastSeen: number | null
  rounds: CampaignRound[]
  /** Campaigns of before that turned out to be this one, with the round from which that was seen. */
  merged: { round: number; id: string }[]
  /** Rounds in which it was seen in more parts than when it was last seen. */
  splits: { round: number; parts: number }[]
}

/** One site with one subject that joins. */
export interface Edge {
  site: string
  subject: string
  rounds: readonly number[]
}

/** What ties: accounts wherever they were seen, everything else where it was seen beside a miner. */
export function edgesOf(subjects: readonly Subject[], verdicts: ReadonlyMap<string, Verdict>): Edge[] {
  return subjects.flatMap((subject) => {
    if (verdicts.get(subject.key) !== 'joins') return []
    const bearers: readonly Bearer[] = subject.kind === 'account' ? [...subject.found, ...subject.asking, ...subject.others] : subject.found
    return bearers.flatMap(({ site, withMiner, without }): Edge[] => {
      const rounds = subject.kind === 'account' ? [...withMiner, ...without].sort((a, b) => a - b) : withMiner
      return rounds.length === 0 ? [] : [{ site, subject: subject.key, rounds }]
    })
  })
}

/** Connected components of two sites and more, the largest first. Given what joins, a further site can only join what there is. */
export function campaignGraph(edges: readonly Edge[], sites: ReadonlyMap<string, SiteRounds>): StudyCampaign[] {
  const firsts = new Map<string, { round: number; at: number }>()
  for (const { site, subject, rounds } of edges) {
    const round = rounds[0]!
    const at = sites.get(site)?.at[round] ?? Infinity
    const known = firsts.get(subject)
    if (known === undefined || round < known.round || (round === known.round && at < known.at)) firsts.set(subject, { round, at })
  }
  // The oldest first; of equals an account, for it is what lasts.
  const subjectKeys = [...firsts]
    .sort(
      ([a, x], [b, y]) =>
        x.round - y.round ||
        Number(b.startsWith('account ')) - Number(a.startsWith('account ')) ||
        (x.at < y.at ? -1 : x.at > y.at ? 1 : 0) ||
        (a < b ? -1 : 1),
    )
    .map(([key]) => key)
  const subjectNumbers = new Map(subjectKeys.map((key, at) => [key, at]))
  const siteNames = [...new Set(edges.map(({ site }) => site))].sort()
  const siteNumbers = new Map(siteNames.map((name, at) => [name, at]))
  const ofSites = Int32Array.from(edges, ({ site }) => siteNumbers.get(site)!)
  const ofSubjects = Int32Array.from(edges, ({ subject }) => subjectNumbers.get(subject)!)
  const counts = { sites: siteNames.length, subjects: subjectKeys.length }
  const { ofSite } = componentsOf(ofSites, ofSubjects, counts)
  const groups = Map.groupBy(edges, ({ site }) => ofSite[siteNumbers.get(site)!]!)
  const merges = mergesOf(edges, ofSites, ofSubjects, counts)
  return [...groups]
    .map(([root, its]): StudyCampaign => {
      const rounds = roundsOf(its, sites)
      const names = [...new Set(its.map(({ site }) => site))].sort()
      const times = its.flatMap(({ site, rounds: seen }) => [seen[0]!, seen.at(-1)!].flatMap((round) => sites.get(site)?.at[round] ?? []))
      return {
        id: subjectKeys[root]!,
        sites: names,
        members: [...Map.groupBy(its, ({ subject }) => subject)]
          .map(([key, own]) => ({ ...split(key), sites: own.length }))
          .sort((a, b) => b.sites - a.sites || (`${a.kind} ${a.subject}` < `${b.kind} ${b.subject}` ? -1 : 1)),
        firstSeen: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
        lastSeen: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
        rounds,
        merged: (merges.get(root) ?? []).map(({ round, from }) => ({ round, id: subjectKeys[from]! })),
        splits: rounds.flatMap(({ round, parts }, at) => {
          const before = rounds.slice(0, at).findLast((each) => each.parts > 0)
          return before !== undefined && parts > before.parts && before.active > 1 ? [{ round, parts }] : []
        }),
      }
    })
    .filter((campaign) => campaign.sites.length > 1)
    .sort((a, b) => b.sites.length - a.sites.length || (a.id < b.id ? -1 : 1))
}

const split = (key: string): { kind: string; subject: string } => {
  const at = key.indexOf(' ')
  return { kind: key.slice(0, at), subject: key.slice(at + 1) }
}

function roundsOf(edges: readonly Edge[], sites: ReadonlyMap<string, SiteRounds>): CampaignRound[] {
  const active = new Map<string, Set<number>>()
  const byRound = new Map<number, Edge[]>()
  for (const edge of edges) {
    const its = active.get(edge.site) ?? new Set()
    active.set(edge.site, its)
    for (const round of edge.rounds) {
      its.add(round)
      const own = byRound.get(round) ?? []
      own.push(edge)
      byRound.set(round, own)
    }
  }
  const last = [...active.keys()].reduce((most, site) => Math.max(most, sites.get(site)?.states.length ?? 0), 0)
  const rows: CampaignRound[] = []
  const first = [...byRound.keys()].reduce((a, b) => Math.min(a, b), Infinity)
  /** Sites that their last look saw with it. */
  const there = new Set<string>()
  const before = new Set<string>()
  for (let round = first; round < last; round++) {
    const row: CampaignRound = { round, active: 0, arrived: 0, left: 0, parts: partsOf(byRound.get(round) ?? []) }
    for (const [site, its] of active) {
      const state = sites.get(site)?.states[round]
      if (its.has(round)) {
        row.active++
        if (!before.has(site)) row.arrived++
        before.add(site)
        there.add(site)
      } else if (there.has(site) && (state === 'found' || state === 'opt-in' || state === 'clean')) {
        row.left++
        there.delete(site)
      }
    }
    rows.push(row)
  }
  return rows
}

function partsOf(edges: readonly Edge[]): number {
  const sites = [...new Set(edges.map(({ site }) => site))]
  const subjects = [...new Set(edges.map(({ subject }) => subject))]
  const numbers = new Map([...subjects, ...sites.map((site) => `\0${site}`)].map((name, at) => [name, at]))
  const sets = new Sets(numbers.size)
  for (const { site, subject } of edges) sets.join(numbers.get(subject)!, numbers.get(`\0${site}`)!)
  return new Set(subjects.map((subject) => sets.find(numbers.get(subject)!))).size
}

/** Round by round: which campaigns of two sites and more, known before, became one. By the number of the last to stand for all. */
function mergesOf(
  edges: readonly Edge[],
  ofSites: Int32Array,
  ofSubjects: Int32Array,
  counts: { sites: number; subjects: number },
): Map<number, { round: number; from: number }[]> {
  const sets = new Sets(counts.subjects + counts.sites)
  const byRound = Map.groupBy(
    edges.map((_, at) => at),
    (at) => edges[at]!.rounds[0]!,
  )
  const sizes = new Map<number, number>()
  const told: { round: number; from: number }[] = []
  for (const round of [...byRound.keys()].sort((a, b) => a - b)) {
    const numbers = byRound.get(round)!
    const touched = new Set(numbers.flatMap((at) => [sets.find(ofSubjects[at]!), sets.find(counts.subjects + ofSites[at]!)]))
    for (const at of numbers) sets.join(ofSubjects[at]!, counts.subjects + ofSites[at]!)
    const sum = new Map<number, number>()
    for (const old of touched) {
      const root = sets.find(old)
      if (old !== root && (sizes.get(old) ?? 0) > 1) told.push({ round, from: old })
      sum.set(root, (sum.get(root) ?? 0) + (sizes.get(old) ?? (old >= counts.subjects ? 1 : 0)))
    }
    for (const [root, size] of sum) sizes.set(root, size)
  }
  const merges = new Map<number, { round: number; from: number }[]>()
  for (const { round, from } of told) {
    const root = sets.find(from)
    const its = merges.get(root) ?? []
    its.push({ round, from })
    merges.set(root, its)
  }
  return merges
}

/** Campaigns of a study by the rule of `verdicts`. */
export function campaignsByRule(traces: Traces, verdicts: ReadonlyMap<string, Verdict>, sites: readonly SiteRounds[]): StudyCampaign[] {
  return campaignGraph(edgesOf(traces.subjects, verdicts), new Map(sites.map((site) => [site.site, site])))
}
