import { createHash } from 'node:crypto'
import type { History, Outage, Stay } from './history.ts'
import type { ThirdParty, WorldSite } from './population.ts'

/** What the world is on one day. */
export interface WorldState {
  /** Days after the first. */
  readonly day: number
  outageOf(site: WorldSite): Outage | null
  /** Miners that stand on a site, those of its third parties left out, whether or not a visit gets them. */
  minersOf(site: WorldSite): readonly Stay[]
  /** The miner that a third party's script carries. */
  carriedBy(party: ThirdParty): Stay | null
  /** Number of the text of the page. */
  versionOf(what: { changesEvery: number | null; number: number }): number
}

export function stateOn(day: number, history: History): WorldState {
  const week = Math.floor(day / 7)
  const { compromise } = history
  const isThere = ({ from, to }: { from: number; to: number }): boolean => from <= day && day < to
  const carried = compromise !== null && isThere(compromise) ? compromise : null
  return {
    day,
    outageOf({ number }) {
      if ((history.dark.get(number) ?? Infinity) <= day) return number % 2 === 0 ? 'unresolved' : 'connection-refused'
      return history.outages.get(number)?.get(week) ?? null
    },
    minersOf: ({ number }) => (history.stays.get(number) ?? []).filter((stay) => stay.by !== 'third-party' && isThere(stay)),
    carriedBy({ number }) {
      if (carried?.party !== number) return null
      const [site] = history.operators[carried.operator]?.sites ?? []
      return (history.stays.get(site ?? -1) ?? []).find(({ operator }) => operator === carried.operator) ?? null
    },
    // Not all on one day.
    versionOf: ({ changesEvery, number }) => (changesEvery === null ? 0 : Math.floor((week + (number % changesEvery)) / changesEvery)),
  }
}

/** Whether a visit gets a miner that is not served to all: the same for the same visit, counted from 0 within a week. */
export function isServed({ served, site, account }: Stay, week: number, visit: number): boolean {
  if (served >= 1) return true
  return createHash('sha256').update(`${site} ${account} ${week} ${visit}`).digest().readUInt32BE(0) / 2 ** 32 < served
}
