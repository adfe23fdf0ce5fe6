import type { Verdict } from './glue.ts'
import type { Traces } from './traces.ts'

export interface Move {
  kind: string
  from: string
  to: string
  /** Sites that had the one up to some round, and the other from a later one on. */
  sites: string[]
  /** The first round, from 0, in which one of them had the other. */
  round: number
}

/** Hosts that come and go with the miner: its service's, its pools', its proxies'. */
const ofMiner: ReadonlySet<Verdict> = new Set(['joins', 'service'])

/** Where sites went on to mine for another account, at another service, with another host of the miner: after a shutdown, all at once. */
export function movesOf({ subjects }: Traces, verdicts: ReadonlyMap<string, Verdict>): Move[] {
  const bySite = new Map<string, { kind: string; subject: string; first: number; last: number }[]>()
  for (const { kind, subject, key, found } of subjects) {
    if (kind !== 'account' && kind !== 'service' && !(kind === 'host' && ofMiner.has(verdicts.get(key) ?? 'never'))) continue
    for (const { site, withMiner } of found) {
      if (withMiner.length === 0) continue
      const its = bySite.get(site) ?? []
      its.push({ kind, subject, first: withMiner[0]!, last: withMiner.at(-1)! })
      bySite.set(site, its)
    }
  }
  const moves = new Map<string, Move>()
  for (const [site, its] of bySite)
    for (const before of its) {
      const same = its.filter(({ kind }) => kind === before.kind)
      const later = same.filter(({ first }) => first > before.last)
      const next = later.reduce((least, { first }) => Math.min(least, first), Infinity)
      // What was there before and still is means that nobody moved.
      if (same.some(({ first, last }) => first <= before.last && last >= next)) continue
      for (const { subject, first } of later) {
        if (first !== next) continue
        const key = JSON.stringify([before.kind, before.subject, subject])
        const move = moves.get(key) ?? { kind: before.kind, from: before.subject, to: subject, sites: [], round: first }
        move.sites.push(site)
        move.round = Math.min(move.round, first)
        moves.set(key, move)
      }
    }
  return [...moves.entries()]
    .map(([key, move]) => ({ key, move: { ...move, sites: move.sites.sort() } }))
    .sort((a, b) => b.move.sites.length - a.move.sites.length || (a.key < b.key ? -1 : 1))
    .map(({ move }) => move)
}
