import { AssayError } from '#model/errors.ts'
import type { Queryable } from '../database/database.ts'
import type { NumberedName } from './rows.ts'

/** PostgreSQL's text knows neither U+0000 nor lone surrogates, and pages write both. */
export const textForSql = (text: string): string => text.replaceAll('\0', '�').toWellFormed()

/** Numbers of names; those that are new get one. In the transaction that then uses them. */
export async function numbersOf(to: Queryable, names: readonly NumberedName[]): Promise<(name: NumberedName) => number> {
  const keyOf = ({ kind, subject }: NumberedName): string => `${kind} ${textForSql(subject)}`
  const numbers = new Map<string, number>()
  let open = [...new Set(names.map(keyOf))]
  // What another transaction numbers meanwhile conflicts, and is there for the next statement.
  while (open.length > 0) {
    const rows = await to.query<{ key: string; id: number | null }>(
      `with given as materialized (select key, split_part(key, ' ', 1) as kind, substr(key, strpos(key, ' ') + 1) as subject from unnest($1::text[]) as t(key)),
       made as (
         insert into assay.subject_names (kind, subject)
         select kind, subject from given g where not exists (select from assay.subject_names n where n.kind = g.kind and n.subject = g.subject)
         -- All in one order, so that none waits for who waits for it.
         order by kind collate "C", subject collate "C"
         on conflict (kind, subject) do nothing returning id, kind, subject
       )
       select g.key, coalesce(n.id, m.id) as id from given g left join assay.subject_names n using (kind, subject) left join made m using (kind, subject)`,
      [open],
    )
    for (const { key, id } of rows) if (id !== null) numbers.set(key, id)
    open = open.filter((key) => !numbers.has(key))
  }
  return (name) => numbers.get(keyOf(name))!
}

/** A name by its number. */
export interface NamedNumber {
  id: number
  kind: string
  subject: string
}

/** The names, in the order of their octets. In the transaction that read the numbers (`ask.ts`). Throws `STORE_CORRUPT`. */
export async function namesOf(from: Queryable, numbers: readonly number[]): Promise<NamedNumber[]> {
  return allNamed(
    numbers,
    await from.query<NamedNumber>('select id, kind, subject from assay.subject_names where id = any($1) order by subject collate "C"', [
      numbers,
    ]),
  )
}

/** The names, once none of the numbers is missing among them. Throws `STORE_CORRUPT`. */
export function allNamed(numbers: readonly number[], names: NamedNumber[]): NamedNumber[] {
  const named = new Set(names.map(({ id }) => id))
  const missing = numbers.filter((number) => !named.has(number))
  if (missing.length > 0)
    throw new AssayError('STORE_CORRUPT', `the index has observations of ${missing.length} subjects whose names it has not`, {
      hint: 'assay reindex makes it again from the files.',
    })
  return names
}

/** Forgets those of some names that no observation holds any more. */
export async function forgetUnused(from: Queryable, numbers: readonly number[]): Promise<void> {
  await from.query(
    `delete from assay.subject_names n where n.id = any($1) and n.kind <> 'server'
       and not exists (select from assay.observations o where o.subject_ids @> array[n.id])`,
    [numbers],
  )
  // No index finds these: all lists are gone through once.
  await from.query(
    `delete from assay.subject_names n where n.id = any($1) and n.kind = 'server'
       and not exists (select from (select distinct unnest(server_ids) as id from assay.observations) held where held.id = n.id)`,
    [numbers],
  )
}
