import { benjaminiHochberg } from '../estimators/multiple.ts'
import { associationP, commonOddsRatio, type OddsRatio, type Stratum } from '../estimators/odds-ratio.ts'
import { endingOf, rankBucket } from '../groups.ts'
import type { SiteRounds } from '../site-rounds.ts'
import { besideMiner, type Subject, type Traces } from './traces.ts'

/** What is asked whether it points to miners: third parties, code that sites share, who measures them, hosters, and what answers for several sites. */
const asked: ReadonlySet<string> = new Set(['host', 'script', 'wasm', 'tracker', 'network', 'address', 'certificate'])

/** Fewer sites cannot tell, whatever they are: the sum of both groups, so that the choice knows nothing of the answer. */
export const fewestSites = 5
/** From this share of its looks on a subject is beside the miner only: its own, and not how it came. */
export const ownFrom = 0.95

export interface Pointer extends Omit<OddsRatio, 'method'> {
  kind: string
  subject: string
  foundSites: string[]
  otherSites: number
  /** Of the sites found with it: as many witnesses as campaigns and sites on their own. */
  witnesses: number
  corrected: number
  method: string
}

export interface Pointers {
  /** Sites found that have a control of their rank and ending, of all found; and the controls. */
  matched: number
  found: number
  controls: number
  tested: number
  /** Corrected p up to 0.05 and over-represented, the strongest first. */
  rows: Pointer[]
  /** Hosts, code and servers that are only ever there with the miner, by sites. */
  own: { kind: string; subject: string; foundSites: string[] }[]
}

/** What is over-represented on sites found mining, against sites of the same rank bucket and ending that were looked at and never were. */
export function pointersOf({ subjects, found, others }: Traces, clusterOf: (site: string) => string): Pointers {
  const strata = new Map<string, { cases: number; controls: number }>()
  const stratumOf = new Map<string, string>()
  for (const [group, sites] of [
    ['cases', found],
    ['controls', others],
  ] as const)
    for (const site of sites.values()) {
      const name = strata.get(nameOf(site)) ?? { cases: 0, controls: 0 }
      name[group]++
      strata.set(nameOf(site), name)
      stratumOf.set(site.site, nameOf(site))
    }
  const both = [...strata.values()].filter(({ cases, controls }) => cases > 0 && controls > 0)
  const wanted = subjects.filter(({ kind }) => asked.has(kind))
  const isOwn = (subject: Subject) => subject.found.length > 0 && besideMiner(subject) >= ownFrom
  const tested = wanted.filter((subject) => subject.found.length + subject.others.length >= fewestSites && !isOwn(subject))
  const tables = tested.map((subject) => tableOf(subject, strata, stratumOf))
  const corrected = benjaminiHochberg(tables.map(associationP))
  const rows = tested.flatMap((subject, at): Pointer[] => {
    if ((corrected[at] ?? 1) > 0.05) return []
    const { estimate, low, high, p, method } = commonOddsRatio(tables[at]!)
    if (estimate === null || estimate <= 1) return []
    const foundSites = subject.found.map(({ site }) => site)
    return [
      {
        kind: subject.kind,
        subject: subject.subject,
        foundSites,
        otherSites: subject.others.length,
        witnesses: new Set(foundSites.map(clusterOf)).size,
        // A ratio without end has none in JSON.
        estimate: Number.isFinite(estimate) ? estimate : null,
        low,
        high: high !== null && Number.isFinite(high) ? high : null,
        p,
        corrected: corrected[at] ?? 1,
        method,
      },
    ]
  })
  return {
    matched: both.reduce((sum, { cases }) => sum + cases, 0),
    found: found.size,
    controls: both.reduce((sum, { controls }) => sum + controls, 0),
    tested: tested.length,
    rows: rows.sort((a, b) => a.corrected - b.corrected || a.p - b.p || (keyOf(a) < keyOf(b) ? -1 : 1)),
    own: wanted
      .filter((subject) => subject.found.length > 1 && isOwn(subject))
      .map(({ kind, subject, found: its }) => ({ kind, subject, foundSites: its.map(({ site }) => site) }))
      .sort((a, b) => b.foundSites.length - a.foundSites.length || (keyOf(a) < keyOf(b) ? -1 : 1)),
  }
}

const keyOf = ({ kind, subject }: { kind: string; subject: string }) => `${kind} ${subject}`

const names = new WeakMap<SiteRounds, string>()

function nameOf(site: SiteRounds): string {
  const known = names.get(site)
  if (known !== undefined) return known
  const name = `${rankBucket(site.rank)} ${endingOf(site.site)}`
  names.set(site, name)
  return name
}

/** Only strata that hold the subject: in the others nobody is exposed, and they tell nothing. */
function tableOf(
  subject: Subject,
  strata: ReadonlyMap<string, { cases: number; controls: number }>,
  stratumOf: ReadonlyMap<string, string>,
): Stratum[] {
  const table = new Map<string, Stratum>()
  for (const [exposed, bearers] of [
    ['exposedCases', subject.found],
    ['exposedControls', subject.others],
  ] as const)
    for (const { site } of bearers) {
      const name = stratumOf.get(site) ?? ''
      let row = table.get(name)
      if (row === undefined) {
        const { cases = 0, controls = 0 } = strata.get(name) ?? {}
        table.set(name, (row = { exposedCases: 0, cases, exposedControls: 0, controls }))
      }
      row[exposed]++
    }
  // In the order of names, so that rounding is the same whatever the order of the rows.
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
