import type { Status } from '#model/finding.ts'
import type { Digest } from '#model/digest.ts'
import type { Database } from '../database/database.ts'

/** Of what the index knows by name: code by its digest or that of all its copies, accounts, trackers (`kind id`). */
export interface IndexedSubject {
  kind: 'digest' | 'account' | 'similarity' | 'tracker'
  subject: string
}

/** Captures of which it is believed now. */
export async function capturesWith(database: Database, subjects: readonly IndexedSubject[]): Promise<Digest[]> {
  const names = subjects.flatMap(({ kind, subject }) =>
    (kind === 'digest' ? ['script', 'wasm'] : [kind]).map((each) => ({ kind: each, subject })),
  )
  const rows = await database.query<{ id: Digest }>(
    `select o.capture_id as id from assay.observations o
     where o.subject_ids && array(
         select n.id from unnest($1::text[], $2::text[]) as asked(kind, subject) join assay.subject_names n using (kind, subject))
       and not exists (select from assay.observations n where n.capture_id = o.capture_id and (n.recorded_at, n.judgement) > (o.recorded_at, o.judgement))`,
    [names.map(({ kind }) => kind), names.map(({ subject }) => subject)],
  )
  return rows.map(({ id }) => id)
}

/** Every answer that is believed now, of some sites; and how many there are at all. */
export async function looksAt(
  database: Database,
  sites: readonly string[],
): Promise<{ all: number; looks: { captureId: string; site: string; observedAt: string; status: Status }[] }> {
  const [count] = await database.query<{ all: number }>('select count(*)::int as "all" from assay.current_observations')
  const looks = await database.query<{ captureId: string; site: string; observedAt: Date; status: Status }>(
    `select capture_id as "captureId", site, observed_at as "observedAt", status from assay.current_observations where site = any($1)`,
    [sites],
  )
  return { all: count?.all ?? 0, looks: looks.map((look) => ({ ...look, observedAt: look.observedAt.toISOString() })) }
}
