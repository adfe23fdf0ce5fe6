import { isFound, isLook, type SiteRounds } from '../site-rounds.ts'
import type { Bearer, Subject, Traces } from './traces.ts'

export interface SupplyCase {
  /** The third party that sites loaded before they began to mine, and whose code changed. */
  host: string
  /** From 0: the round that first saw the change. */
  round: number
  /** Epoch milliseconds: the last visit that saw the sites without the change, and the first that saw one with it. */
  from: number
  until: number
  /** Code that came, and code of before that went. */
  digests: string[]
  before: string[]
  /** Hosts that the third party called for from then on and never before. */
  leadsTo: string[]
  /** Sites that began to mine with it; and sites that load the third party, changed or not. */
  sites: string[]
  loading: number
}

export const supplyRule = {
  /** Sites that make a case. */
  sites: 3,
  /** Of the sites with the new code, the share that mines, that began in that round, and that had the third party before. */
  share: 0.8,
  /** Of the sites that had the third party before and were looked at since, the share that has the new code. */
  reach: 0.5,
}

const roundsOf = ({ withMiner, without }: Bearer): number[] => [...withMiner, ...without].sort((a, b) => a - b)
const looksOf = ({ states }: SiteRounds): number[] => states.flatMap((state, round) => (isLook(state) ? [round] : []))

/** Of any number: more than a call takes arguments. */
const earliest = (values: Iterable<number>): number => Iterator.from(values).reduce((least, value) => Math.min(least, value), Infinity)

/** Cases in which code of one third party changed and many of the sites that load it began to mine in the same round. */
export function supplyCases(traces: Traces, sites: readonly SiteRounds[], rule = supplyRule): SupplyCase[] {
  const known = new Map(sites.map((site) => [site.site, site]))
  const looks = new Map(sites.map((site) => [site.site, looksOf(site)]))
  const hosts = new Map<string, { subject: Subject; first: number }[]>()
  for (const subject of traces.subjects) {
    if (subject.kind !== 'host') continue
    for (const bearer of [...subject.found, ...subject.others]) {
      const its = hosts.get(bearer.site) ?? []
      its.push({ subject, first: roundsOf(bearer)[0]! })
      hosts.set(bearer.site, its)
    }
  }
  const cases = new Map<string, SupplyCase>()
  for (const code of traces.subjects) {
    if (code.kind !== 'script' && code.kind !== 'wasm') continue
    const all = [...code.found, ...code.others]
    if (code.found.length < rule.sites || code.found.length < rule.share * all.length) continue
    const rounds = new Map(all.map((bearer) => [bearer.site, roundsOf(bearer)]))
    const firsts = new Map(all.map(({ site }) => [site, rounds.get(site)![0]!]))
    const round = earliest(firsts.values())
    // Its first look since then has it, one while it was there found a miner, and an earlier one saw none: a version that was clean is no
    // beginning, whatever came later, and one look may miss.
    const began = code.found
      .map(({ site }) => site)
      .filter((site) => {
        const own = looks.get(site) ?? []
        const { states } = known.get(site)!
        return (
          own.some((look) => look < round) &&
          own.find((look) => look >= round) === firsts.get(site) &&
          rounds.get(site)!.some((look) => isFound(states[look] ?? 'not-visited')) &&
          !states.slice(0, round).some(isFound)
        )
      })
    if (began.length < rule.sites || began.length < rule.share * all.length) continue
    const host = carrierOf(began, round, new Set(firsts.keys()), hosts, looks, rule)
    if (host === null) continue
    const timeOf = (site: string, look: number | undefined) => (look === undefined ? [] : (known.get(site)?.at[look] ?? []))
    const until = earliest(began.flatMap((site) => timeOf(site, firsts.get(site))))
    const lasts = began.flatMap((site) =>
      timeOf(
        site,
        (looks.get(site) ?? []).findLast((look) => look < round),
      ),
    )
    const from = lasts.filter((time) => time <= until).reduce((a, b) => Math.max(a, b), -Infinity)
    if (!Number.isFinite(from)) continue
    const key = JSON.stringify([host.subject, round])
    const one = cases.get(key)
    if (one === undefined)
      cases.set(key, {
        host: host.subject,
        round,
        from,
        until,
        digests: [code.subject],
        before: goneBefore(traces.subjects, new Set(began), round),
        leadsTo: leadsOf(traces.subjects, host.subject, new Set(began), round),
        sites: began,
        loading: host.found.length + host.others.length,
      })
    else {
      one.digests.push(code.subject)
      one.sites = [...new Set([...one.sites, ...began])].sort()
      one.from = Math.max(one.from, from)
      one.until = Math.min(one.until, until)
    }
  }
  return [...cases.values()].sort(
    (a, b) => b.sites.length - a.sites.length || (a.host < b.host ? -1 : a.host > b.host ? 1 : a.round - b.round),
  )
}

/** The third party that these sites had before and that best tells them from all others; null where none does. */
function carrierOf(
  began: readonly string[],
  round: number,
  withCode: ReadonlySet<string>,
  hosts: ReadonlyMap<string, { subject: Subject; first: number }[]>,
  looks: ReadonlyMap<string, number[]>,
  rule: typeof supplyRule,
): Subject | null {
  const counts = new Map<Subject, number>()
  for (const site of began)
    for (const { subject, first } of hosts.get(site) ?? []) if (first < round) counts.set(subject, (counts.get(subject) ?? 0) + 1)
  let best: { subject: Subject; reach: number } | null = null
  for (const [subject, count] of counts) {
    if (count < rule.share * began.length) continue
    const had = [...subject.found, ...subject.others].filter(
      (bearer) => roundsOf(bearer)[0]! < round && (looks.get(bearer.site) ?? []).some((look) => look >= round),
    )
    const reach = had.filter(({ site }) => withCode.has(site)).length / Math.max(1, had.length)
    if (reach < rule.reach) continue
    if (best === null || reach > best.reach || (reach === best.reach && subject.subject < best.subject.subject)) best = { subject, reach }
  }
  return best?.subject ?? null
}

/** Code that nearly all of these sites had before, and none of them since. */
function goneBefore(subjects: readonly Subject[], began: ReadonlySet<string>, round: number): string[] {
  return subjects.flatMap(({ kind, subject, found }) => {
    if (kind !== 'script' && kind !== 'wasm') return []
    const own = found.filter(({ site }) => began.has(site))
    const before = own.filter((bearer) => roundsOf(bearer)[0]! < round)
    const isGone = own.every((bearer) => roundsOf(bearer).at(-1)! < round)
    return isGone && before.length >= supplyRule.share * began.size ? [subject] : []
  })
}

/** Children of pairs whose parent is the host, first seen on these sites in that round or later. */
function leadsOf(subjects: readonly Subject[], host: string, began: ReadonlySet<string>, round: number): string[] {
  const children = subjects.flatMap(({ kind, subject, found, others }) => {
    if (kind !== 'pair' || !subject.startsWith(`${host} → `)) return []
    const isNew = [...found, ...others].every((bearer) => roundsOf(bearer)[0]! >= round)
    const child = subject.slice(host.length + 3).split(' ')[0] ?? ''
    return isNew && found.some(({ site }) => began.has(site)) && child !== host ? [child] : []
  })
  return [...new Set(children)].sort()
}
