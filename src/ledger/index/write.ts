import type { Observation } from '#model/observation.ts'
import type { Queryable } from '../database/database.ts'
import type { VisitRecord } from '../visit-record.ts'
import { findingRows, isOfMiner, type NumberedName, observationRow, pageServersOf, subjectsOf, visitRow } from './rows.ts'
import { serverRows } from './study-rows.ts'
import { numbersOf, textForSql } from './subjects.ts'

/** One statement a table, whatever the number of rows. */
const insertInto = (table: string) =>
  `insert into assay.${table} select * from jsonb_populate_recordset(null::assay.${table}, $1::jsonb) on conflict do nothing`

export function jsonForSql(rows: readonly object[]): string {
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === 'string' ? textForSql(value) : value))
}

/**
 * Adds to the index; what is there already stays as it is. Observations of visits that were never accepted are left out, and those of captures on which
 * a visit's answer rests beside its own: a turn has one answer.
 */
export async function writeIndex(to: Queryable, visits: readonly VisitRecord[], observations: readonly Observation[]): Promise<void> {
  if (visits.length > 0) await to.query(insertInto('visits'), [jsonForSql(visits.map(visitRow))])
  if (observations.length === 0) return
  const known = new Map<string, string | null>(visits.map((visit) => [visit.visitId, visit.captureId]))
  const unknown = [...new Set(observations.map((observation) => observation.visitId))].filter((visitId) => !known.has(visitId))
  if (unknown.length > 0)
    for (const row of await to.query<{ visit_id: string; capture_id: string | null }>(
      'select visit_id, capture_id from assay.visits where visit_id = any($1)',
      [unknown],
    ))
      known.set(row.visit_id, row.capture_id)
  const accepted = observations.filter(({ visitId, captureId }) => known.get(visitId) === captureId)
  if (accepted.length === 0) return
  await to.query(insertInto('observations'), [jsonForSql(await withNumbers(to, accepted))])
  const findings = accepted.flatMap(findingRows)
  if (findings.length > 0) await to.query(insertInto('findings'), [jsonForSql(findings)])
  const servers = accepted.flatMap(serverRows)
  if (servers.length > 0) await to.query(insertInto('servers'), [jsonForSql(servers)])
}

/** Rows of observations with the numbers of what they name. */
async function withNumbers(to: Queryable, observations: readonly Observation[]) {
  const names = observations.map((observation) => ({ subjects: subjectsOf(observation), servers: pageServersOf(observation) }))
  const numberOf = await numbersOf(
    to,
    names.flatMap(({ subjects, servers }) => [...subjects, ...servers]),
  )
  // Two that differ in what SQL cannot hold are one.
  const numbers = (list: readonly NumberedName[]) => [...new Set(list.map(numberOf))]
  const orNull = (list: number[]) => (list.length === 0 ? null : list)
  return observations.map((observation, at) => ({
    ...observationRow(observation),
    subject_ids: numbers(names[at]!.subjects),
    miner_ids: orNull(numbers(names[at]!.subjects.filter(isOfMiner))),
    server_ids: orNull(numbers(names[at]!.servers)),
  }))
}
