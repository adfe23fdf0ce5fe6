import { benjaminiHochberg } from '../estimators/multiple.ts'
import { binomialTail, logChoose } from '../estimators/odds-ratio.ts'
import { Sets } from './components.ts'
import { besideMiner, type Subject, type Traces } from './traces.ts'

/** Subjects that can tie sites together. Networks, families and services are never one operator's. */
const joinable: ReadonlySet<string> = new Set(['script', 'wasm', 'similarity', 'tracker', 'host', 'address', 'certificate'])

export interface GlueRule {
  /** Of the sites that never mined, the share from which a subject is common. */
  commonFrom: number
  /** Of the looks that saw it, the share that has to have found a miner. */
  besideMiner: number
  /** Payees (accounts tied by common sites) that may have it whatever else; what more have is a service's, */
  payees: number
  /** unless they are at most this share of the payees that as many sites of the same services, drawn at random, would have. */
  payeesShare: number
  /** Of the sites of every payee that has it on one, the share that has to have it: what an operator uses is on nearly all, a version of a service's on some. */
  coverage: number
  /** Of the sites of a service that pays several, the share from which a subject is the service's own kit. */
  kitFrom: number
  /** Share of joins that may be by chance. */
  chance: number
}

export const glueRule: GlueRule = {
  commonFrom: 0.01,
  besideMiner: 0.75,
  payees: 2,
  payeesShare: 0.5,
  coverage: 0.75,
  kitFrom: 0.8,
  chance: 0.01,
}

export type Verdict = 'joins' | 'never' | 'common' | 'not with the miner' | 'service' | 'by chance' | 'one site'

/**
 * Which subjects tie sites into a campaign, and why the others do not. Accounts always do. The weight of any other is how improbable it is
 * that so many of its sites mine by chance, as rare as it is among sites that do not: it joins where the correction over all leaves one
 * false join in a hundred.
 */
export function verdictsOf({ subjects, found, others }: Traces, rule: GlueRule = glueRule): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  const payees = payeesOf(subjects)
  const services = servicesOf(subjects, payees)
  const share = found.size / Math.max(1, found.size + others.size)
  const open: Subject[] = []
  for (const subject of subjects) {
    const verdict = plainVerdict(subject, others.size, payees, services, rule)
    verdicts.set(subject.key, verdict)
    if (verdict === 'by chance') open.push(subject)
  }
  const chances = benjaminiHochberg(
    open.map((subject) => binomialTail(subject.found.length, subject.found.length + subject.others.length, share)),
  )
  const improbable = open.filter((_, at) => (chances[at] ?? 1) <= rule.chance)
  for (const [key, isCovering] of coveringOf(improbable, payees, rule.coverage)) verdicts.set(key, isCovering ? 'joins' : 'service')
  return verdicts
}

/**
 * A site of which no account was seen belongs to whom something rarer ties it to: the rarest is asked first, and what comes later has to be on
 * nearly all sites of each group that it touches, those included.
 */
function coveringOf(subjects: readonly Subject[], payees: Payees, coverage: number): Map<string, boolean> {
  const sites = [...new Set([...payees.of.keys(), ...subjects.flatMap(({ found }) => found.map(({ site }) => site))])]
  const numbers = new Map(sites.map((site, at) => [site, at]))
  const sets = new Sets(sites.length)
  const sizes = new Map(sites.map((_, at) => [at, 1]))
  const join = (a: number, b: number) => {
    const [x, y] = [sets.find(a), sets.find(b)]
    if (x === y) return
    sets.join(x, y)
    sizes.set(Math.min(x, y), sizes.get(x)! + sizes.get(y)!)
  }
  const firstOf = new Map<number, number>()
  for (const [site, payee] of payees.of) {
    const own = numbers.get(site)!
    join(firstOf.get(payee) ?? own, own)
    if (!firstOf.has(payee)) firstOf.set(payee, own)
  }
  const verdicts = new Map<string, boolean>()
  for (const { key, found } of subjects.toSorted((a, b) => a.found.length - b.found.length || (a.key < b.key ? -1 : 1))) {
    const own = found.map(({ site }) => numbers.get(site)!)
    const touched = countsOf(own.map((site) => sets.find(site)))
    const isCovering =
      touched.size === 1 || [...touched].every(([group, count]) => count >= coverage * sizes.get(group)!) || isOfOnePayee(touched, sizes)
    verdicts.set(key, isCovering)
    if (isCovering) for (const site of own) join(own[0]!, site)
  }
  return verdicts
}

/** One group and sites that nothing tied before: however few of the group have it, nobody else does. */
const isOfOnePayee = (touched: ReadonlyMap<number, number>, sizes: ReadonlyMap<number, number>): boolean =>
  [...touched.keys()].filter((group) => sizes.get(group)! > 1).length === 1

function plainVerdict(subject: Subject, others: number, payees: Payees, services: readonly ReadonlySet<string>[], rule: GlueRule): Verdict {
  if (subject.kind === 'account') return 'joins'
  if (!joinable.has(subject.kind)) return 'never'
  if (subject.found.length < 2) return 'one site'
  if (subject.others.length > rule.commonFrom * others) return 'common'
  if (besideMiner(subject) < rule.besideMiner) return 'not with the miner'
  const sites = subject.found.map(({ site }) => site)
  const paying = sites.filter((site) => payees.of.has(site))
  const paid = new Set(paying.map((site) => payees.of.get(site)!))
  if (paid.size > rule.payees && paid.size > rule.payeesShare * payeesByChance(paying, payees, services)) return 'service'
  if (paid.size > 1 && !coversEach(paying, payees, rule.coverage)) return 'service'
  if (services.some((service) => sites.filter((site) => service.has(site)).length >= rule.kitFrom * service.size)) return 'service'
  return 'by chance'
}

/** Of every site that pays the number of its payee, and how many sites each has. */
interface Payees {
  of: ReadonlyMap<string, number>
  sizes: ReadonlyMap<number, number>
}

/** Accounts that one site pays are one payee. */
function payeesOf(subjects: readonly Subject[]): Payees {
  const accounts = subjects.filter(({ kind }) => kind === 'account')
  const numbers = new Map<string, number>()
  const edges = accounts.map(({ found, asking }) =>
    [...found, ...asking].map(({ site }) => {
      const number = numbers.get(site) ?? numbers.size
      numbers.set(site, number)
      return number
    }),
  )
  const sets = new Sets(accounts.length + numbers.size)
  edges.forEach((sites, account) => sites.forEach((site) => sets.join(account, accounts.length + site)))
  const of = new Map([...numbers].map(([site, number]) => [site, sets.find(accounts.length + number)]))
  return { of, sizes: countsOf(of.values()) }
}

function countsOf(values: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

function coversEach(paying: readonly string[], { of, sizes }: Payees, coverage: number): boolean {
  return [...countsOf(paying.map((site) => of.get(site)!))].every(([payee, count]) => count >= coverage * (sizes.get(payee) ?? 0))
}

/** How many payees as many sites of the same services would have, drawn at random: few have few sites in common with what one operator runs. */
function payeesByChance(paying: readonly string[], { of }: Payees, services: readonly ReadonlySet<string>[]): number {
  const those = services.filter((service) => paying.some((site) => service.has(site)))
  const pool = new Set(those.flatMap((service) => [...service].filter((site) => of.has(site))))
  for (const site of paying) pool.add(site)
  const sizes = countsOf([...pool].map((site) => of.get(site)!))
  let expected = 0
  for (const size of sizes.values()) {
    const rest = pool.size - size
    expected += rest < paying.length ? 1 : 1 - Math.exp(logChoose(rest, paying.length) - logChoose(pool.size, paying.length))
  }
  return expected
}

/** Sites found of each service that pays several. */
function servicesOf(subjects: readonly Subject[], payees: Payees): ReadonlySet<string>[] {
  return subjects
    .filter(({ kind }) => kind === 'service')
    .map(({ found }) => new Set(found.map(({ site }) => site)))
    .filter((sites) => new Set([...sites].flatMap((site) => payees.of.get(site) ?? [])).size > 1)
}
