import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { AssayError, messageOf } from '#model/errors.ts'
import { exportViews, type StudyQuestions } from '../index/study-questions.ts'
import { exportColumns } from './columns.ts'

export interface Export {
  dir: string
  /** Rows by view; null where the export of before is still true. */
  rows: Record<string, number> | null
}

const formatVersion = 1

/**
 * Every documented view as `<view>.parquet` in a folder; nothing is written again while the ledger has nothing new. Rejects with `DISK_FULL`,
 * `STORE_DENIED`, `DATABASE_FAILED`.
 */
export async function exportParquet(questions: StudyQuestions, folder: string): Promise<Export> {
  const dir = resolve(folder)
  const version = `${formatVersion} ${await questions.exportVersion()}`
  const marker = join(dir, 'version')
  if ((await readFile(marker, 'utf8').catch(() => '')) === version) return { dir, rows: null }
  await mkdir(dir, { recursive: true })
  await rm(marker, { force: true })
  const rows: Record<string, number> = {}
  const { instance, connection } = await openDuckdb()
  try {
    for (const view of exportViews) {
      const lines = join(dir, `${view}.ndjson`)
      try {
        rows[view] = await writeLines(questions.rowsOf(view), lines)
        await writeParquet(connection, lines, exportColumns[view], join(dir, `${view}.parquet`))
      } finally {
        await rm(lines, { force: true })
      }
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
  await writeFile(marker, version)
  return { dir, rows }
}

/** Rows of plain values → one Parquet file, written beside and named when whole. */
export async function parquetOf(rows: readonly Record<string, unknown>[], columns: Record<string, string>, file: string): Promise<void> {
  const lines = `${file}.ndjson`
  const { instance, connection } = await openDuckdb()
  try {
    await writeLines([[...rows]], lines)
    await writeParquet(connection, lines, columns, resolve(file))
  } finally {
    await rm(lines, { force: true })
    connection.closeSync()
    instance.closeSync()
  }
}

async function writeParquet(connection: DuckDBConnection, lines: string, columns: Record<string, string>, file: string): Promise<void> {
  const typed = Object.entries(columns).map(([name, type]) => `${name}: '${type}'`)
  await connection.run(
    `copy (select * from read_json(${quoted(lines)}, format = 'newline_delimited', maximum_object_size = 67108864, columns = {${typed.join(', ')}}))
     to ${quoted(`${file}.part`)} (format parquet, compression zstd)`,
  )
  await rename(`${file}.part`, file)
}

async function writeLines(
  batches: AsyncIterable<Record<string, unknown>[]> | Iterable<Record<string, unknown>[]>,
  file: string,
): Promise<number> {
  const handle = await open(file, 'w')
  let count = 0
  try {
    for await (const batch of batches) {
      count += batch.length
      if (batch.length > 0) await handle.write(batch.map((row) => `${JSON.stringify(row)}\n`).join(''))
    }
  } finally {
    await handle.close()
  }
  return count
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** DuckDB comes as a binary for each machine: it is loaded when it is asked for, and its absence is said. */
export async function openDuckdb() {
  try {
    const duckdb = await import('@duckdb/node-api')
    const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
    const connection = await instance.connect()
    await connection.run(`set timezone = 'UTC'`)
    return { instance, connection, StatementType: duckdb.StatementType }
  } catch (cause) {
    throw new AssayError('UNSUPPORTED', `DuckDB cannot be loaded on this machine: ${messageOf(cause)}`, {
      cause,
      hint: 'assay study report --format json or csv does without; the tables are in PostgreSQL too.',
    })
  }
}
