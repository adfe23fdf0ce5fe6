import { foldStates, isFound, isLook, type SiteRounds } from '../site-rounds.ts'

/** What a site had, and in which rounds it was seen: a row a site × subject, of one lane. */
export interface Trace {
  site: string
  kind: string
  subject: string
  /** Ascending, each once. */
  rounds: readonly number[]
}

/** One site that has a subject. */
export interface Bearer {
  site: string
  /** Rounds in which the subject was seen and a miner was, asking first or not, and in which it was seen and none was. */
  withMiner: number[]
  without: number[]
}

/** A subject over all the sites that have it. */
export interface Subject {
  /** `kind subject` */
  key: string
  kind: string
  subject: string
  /** Sites that were found mining at any time, and sites that were looked at and never were. Sites that ask first are neither. */
  found: Bearer[]
  others: Bearer[]
  asking: Bearer[]
}

export interface Traces {
  subjects: Subject[]
  found: ReadonlyMap<string, SiteRounds>
  others: ReadonlyMap<string, SiteRounds>
}

/** Rows in any order → subjects by kind and name, their sites by name. Rounds that observed nothing are left out. */
export function tracesOf(rows: readonly Trace[], sites: readonly SiteRounds[]): Traces {
  const ever = new Map(sites.map((site) => [site.site, foldStates(site.states)]))
  const known = new Map(sites.map((site) => [site.site, { states: site.states, state: ever.get(site.site)! }]))
  // Nested, so that a million rows make no million keys.
  const kinds = new Map<string, Map<string, Subject>>()
  for (const { site, kind, subject, rounds } of rows) {
    const its = known.get(site)
    if (its === undefined) continue
    const bearer: Bearer = { site, withMiner: [], without: [] }
    for (const round of rounds) {
      const state = its.states[round]
      // One that asks first is a miner all the same: its service is no library of sites without one.
      if (state === 'found' || state === 'opt-in') bearer.withMiner.push(round)
      else if (state !== undefined && isLook(state)) bearer.without.push(round)
    }
    if (bearer.withMiner.length + bearer.without.length === 0) continue
    let ofKind = kinds.get(kind)
    if (ofKind === undefined) kinds.set(kind, (ofKind = new Map()))
    let entry = ofKind.get(subject)
    if (entry === undefined) ofKind.set(subject, (entry = { key: `${kind} ${subject}`, kind, subject, found: [], others: [], asking: [] }))
    if (isFound(its.state)) entry.found.push(bearer)
    else if (its.state === 'opt-in') entry.asking.push(bearer)
    else entry.others.push(bearer)
  }
  const subjects = [...kinds.values()].flatMap((ofKind) => [...ofKind.values()])
  const bySite = (a: Bearer, b: Bearer) => (a.site < b.site ? -1 : a.site > b.site ? 1 : 0)
  for (const entry of subjects) for (const its of [entry.found, entry.others, entry.asking]) its.sort(bySite)
  const group = (wanted: (state: ReturnType<typeof foldStates>) => boolean) =>
    new Map(sites.filter(({ site }) => wanted(ever.get(site) ?? 'not-visited')).map((site) => [site.site, site]))
  return {
    subjects: subjects.sort((a, b) => (a.key < b.key ? -1 : 1)),
    found: group(isFound),
    others: group((state) => isLook(state) && !isFound(state) && state !== 'opt-in'),
  }
}

const looksOf = (bearers: readonly Bearer[], which: 'withMiner' | 'without') =>
  bearers.reduce((sum, bearer) => sum + bearer[which].length, 0)

/** Of the looks that saw a subject, the share that found a miner beside it: 1 for what comes and goes with the miner. */
export function besideMiner({ found, others, asking }: Subject): number {
  const beside = looksOf(found, 'withMiner') + looksOf(asking, 'withMiner')
  const alone = looksOf(found, 'without') + looksOf(others, 'without') + looksOf(asking, 'without')
  return beside / Math.max(1, beside + alone)
}

export function spanOf(bearers: readonly Bearer[]): { first: number; last: number } {
  let [first, last] = [Infinity, -1]
  for (const { withMiner, without } of bearers)
    for (const rounds of [withMiner, without]) {
      first = Math.min(first, rounds[0] ?? Infinity)
      last = Math.max(last, rounds.at(-1) ?? -1)
    }
  return { first, last }
}
