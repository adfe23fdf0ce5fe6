import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { exportParquet, parquetOf, type Export } from '#ledger/export/parquet.ts'
import { queryParquet, type QueryResult } from '#ledger/export/query.ts'
import type { RetractionRow } from '#ledger/index/study-questions.ts'
import { systemClock, type Clock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { StudyReport } from '#model/study-report.ts'
import type { BadLine } from '#study/import-csv.ts'
import { importLines } from '#study/import-lines.ts'
import { type Place, withKeptLedger, withLedger } from './data-folder.ts'

export interface ImportReport {
  file: string
  added: number
  /** Lines that were imported before. */
  known: number
  badLines: number
  /** The first of them: a file of another form is bad in every line. */
  bad: BadLine[]
}

const mostNamed = 1000

/**
 * Others' observations from a CSV file of any size; of bad lines the first thousand are told. Throws `NOT_FOUND`, and `BAD_INPUT_FILE` where no line is
 * good.
 */
export async function importObservations(place: Place, file: string, clock: Clock = systemClock): Promise<ImportReport> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `${file} cannot be read`, { cause })
  })
  let badLines = 0
  const bad: BadLine[] = []
  try {
    const chunks = handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })
    const today = clock.now().toISOString().slice(0, 10)
    const counts = await withLedger(place, (ledger) =>
      importLines(
        chunks,
        today,
        (rows) => ledger.study.addImported(rows),
        (line) => {
          badLines++
          if (bad.length < mostNamed) bad.push(line)
        },
      ),
    )
    if (counts.added + counts.known > 0) return { file, ...counts, badLines, bad }
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'EISDIR') throw new AssayError('NOT_FOUND', `${file} is a folder`, { cause: error })
    throw error
  } finally {
    await handle.close()
  }
  const [first] = bad
  throw new AssayError('BAD_INPUT_FILE', `${file} holds no observation${first ? `: line ${first.line} ${first.reason}` : ''}`, {
    hint: 'A line is source,date,site,subject_kind,subject: see docs/study.md.',
  })
}

/** What later judgements took back, found late, or named otherwise. */
export async function listRetractions(place: Place): Promise<RetractionRow[]> {
  return withKeptLedger(place, (ledger) => ledger.study.retractions())
}

/** The documented views as Parquet files, in a folder of the data folder where none is given. */
export async function exportStudy(place: Place, folder: string | null = null): Promise<Export> {
  return withKeptLedger(place, (ledger) => exportParquet(ledger.study, folder ?? join(place.data, 'export')))
}

/** One SELECT over the documented views. */
export async function queryStudy(place: Place, sql: string, options: { timeoutMs: number; maxRows: number }): Promise<QueryResult> {
  const { dir } = await exportStudy(place)
  return queryParquet(dir, sql, options)
}

/** The figures of a report as a table of its own, beside the views. */
export async function exportFigures(report: StudyReport, folder: string): Promise<void> {
  await parquetOf(
    report.figures,
    {
      id: 'VARCHAR',
      title: 'VARCHAR',
      unit: 'VARCHAR',
      value: 'DOUBLE',
      low: 'DOUBLE',
      high: 'DOUBLE',
      of: 'DOUBLE',
      sites: 'BIGINT',
      method: 'VARCHAR',
    },
    join(folder, 'figures.parquet'),
  )
}
