import type { Database } from '../database/database.ts'
import { askEach } from './ask.ts'
import { believed } from './questions.ts'
import { allNamed, type NamedNumber } from './subjects.ts'

/** One site, one subject, one lane, with the rounds of its visits that saw it, ascending. */
export interface TraceRow {
  site: string
  lane: string
  kind: string
  subject: string
  /** Not to be changed: other rows may have the same array. */
  rounds: number[]
}

/**
 * What sites had, round by round: subjects that at least two sites have, or one in two lanes, and accounts and services of any. The lists of numbers
 * are folded here, not in SQL: to sort and to count five million whole numbers takes a second, as rows of a database many.
 */
export async function traces(
  database: Pick<Database, 'transaction'>,
  crawl: string | undefined,
  asOf: Date | undefined,
): Promise<TraceRow[]> {
  const { seen, names } = await askEach(
    database,
    `select o.site, v.lane, v.round, o.subject_ids::text from ${believed} o join assay.visits v using (visit_id)
     where v.round is not null and ($2::text is null or v.crawl = $2)`,
    [asOf ?? null, crawl ?? null],
    () => {
      const fold = new TraceFold()
      return {
        take: (row) => fold.add(...(row as [site: string, lane: string, round: number, ids: string])),
        result: async (transaction) => {
          const shared = fold.shared()
          const found = await transaction.query<NamedNumber>(
            `select id, kind, subject from assay.subject_names where kind in ('account', 'service') or id = any($1)`,
            [shared],
          )
          return { seen: fold, names: allNamed(shared, found).filter(({ kind }) => kind !== 'mining' && kind !== 'family') }
        },
      }
    },
  )
  return seen.tracesOf(names)
}

/** Triples of place, round and subject in growing arrays: twelve octets each, and no objects. */
export class TraceFold {
  readonly #places: { site: string; lane: string }[] = []
  readonly #placeOf = new Map<string, Map<string, number>>()
  #size = 0
  #ids = new Int32Array(1 << 16)
  #at = new Int32Array(1 << 16)
  #rounds = new Int32Array(1 << 16)
  #largest = 0

  /** `ids`: whole numbers as PostgreSQL writes a list of them. */
  add(site: string, lane: string, round: number, ids: string): void {
    const place = this.#place(site, lane)
    let id = 0
    for (let at = 1; at < ids.length; at++) {
      const digit = ids.charCodeAt(at) - 48
      if (digit >= 0 && digit <= 9) id = id * 10 + digit
      else {
        if (id > 0) this.#push(id, place, round)
        id = 0
      }
    }
  }

  #place(site: string, lane: string): number {
    let lanes = this.#placeOf.get(site)
    if (lanes === undefined) this.#placeOf.set(site, (lanes = new Map()))
    let place = lanes.get(lane)
    if (place === undefined) {
      lanes.set(lane, (place = this.#places.length))
      this.#places.push({ site, lane })
    }
    return place
  }

  #push(id: number, place: number, round: number): void {
    if (this.#size === this.#ids.length) {
      this.#ids = grown(this.#ids)
      this.#at = grown(this.#at)
      this.#rounds = grown(this.#rounds)
    }
    this.#ids[this.#size] = id
    this.#at[this.#size] = place
    this.#rounds[this.#size++] = round
    if (id > this.#largest) this.#largest = id
  }

  /** Numbers of subjects that more than one place has. */
  shared(): number[] {
    const first = new Int32Array(this.#largest + 1).fill(-1)
    const isShared = new Uint8Array(this.#largest + 1)
    for (let entry = 0; entry < this.#size; entry++) {
      const id = this.#ids[entry]!
      if (first[id] === -1) first[id] = this.#at[entry]!
      else if (first[id] !== this.#at[entry]) isShared[id] = 1
    }
    const shared: number[] = []
    for (let id = 0; id <= this.#largest; id++) if (isShared[id] === 1) shared.push(id)
    return shared
  }

  tracesOf(names: readonly NamedNumber[]): TraceRow[] {
    const wanted = new Int32Array(this.#largest + 1).fill(-1)
    names.forEach(({ id }, at) => {
      if (id <= this.#largest) wanted[id] = at
    })
    const entries = this.#sorted(wanted, names.length)
    const known = new Map<string, number[]>()
    const rows: TraceRow[] = []
    for (let from = 0; from < entries.length;) {
      const name = names[wanted[this.#ids[entries[from]!]!]!]!
      const its: TraceRow[] = []
      const { id, kind, subject } = name
      while (from < entries.length && this.#ids[entries[from]!] === id) {
        const place = this.#at[entries[from]!]!
        const start = from
        while (from < entries.length && this.#ids[entries[from]!] === id && this.#at[entries[from]!] === place) from++
        const { site, lane } = this.#places[place]!
        // What a site's own page loads is its own.
        if (kind === 'pair' && subject.startsWith(`${site} `)) continue
        its.push({ site, lane, kind, subject, rounds: this.#roundsOf(entries, start, from, known) })
      }
      if (its.length > 1 || kind === 'account' || kind === 'service') for (const row of its) rows.push(row)
    }
    return rows
  }

  /** Entries of wanted subjects by subject, then place: two counting sorts, the second keeps the order of the first. */
  #sorted(wanted: Int32Array, subjects: number): Int32Array {
    const all = new Int32Array(this.#size)
    let count = 0
    for (let entry = 0; entry < this.#size; entry++) if (wanted[this.#ids[entry]!] !== -1) all[count++] = entry
    const byPlace = countingSort(all.subarray(0, count), this.#places.length, (entry) => this.#at[entry]!)
    return countingSort(byPlace, subjects, (entry) => wanted[this.#ids[entry]!]!)
  }

  #roundsOf(entries: Int32Array, from: number, to: number, known: Map<string, number[]>): number[] {
    const rounds: number[] = []
    for (let at = from; at < to; at++) rounds.push(this.#rounds[entries[at]!]!)
    rounds.sort((a, b) => a - b)
    const unique = rounds.filter((round, at) => round !== rounds[at - 1])
    const key = unique.join()
    const same = known.get(key)
    if (same !== undefined) return same
    known.set(key, unique)
    return unique
  }
}

function grown(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const to = new Int32Array(2 * from.length)
  to.set(from)
  return to
}

/** Stable; keys are 0 to `keys` − 1. */
function countingSort(items: Int32Array, keys: number, keyOf: (item: number) => number): Int32Array {
  const starts = new Int32Array(keys + 1)
  for (const item of items) starts[keyOf(item) + 1]!++
  for (let key = 0; key < keys; key++) starts[key + 1]! += starts[key]!
  const sorted = new Int32Array(items.length)
  for (const item of items) sorted[starts[keyOf(item)]!++] = item
  return sorted
}
