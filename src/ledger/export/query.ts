import { join } from 'node:path'
import { AssayError, messageOf } from '#model/errors.ts'
import { exportViews } from '../index/study-questions.ts'
import { openDuckdb, quoted } from './parquet.ts'

export interface QueryResult {
  columns: { name: string; type: string }[]
  rows: unknown[][]
  /** Whether there were more than were asked for. */
  isCut: boolean
}

export interface QueryOptions {
  /** Milliseconds. */
  timeoutMs: number
  maxRows: number
}

/**
 * One SELECT over the Parquet files of an export. DuckDB can reach those files and no others, nor the network, and its settings are locked.
 * Throws `BAD_ARGUMENT` with what DuckDB said, `TIMEOUT`, `UNSUPPORTED`.
 */
export async function queryParquet(dir: string, sql: string, { timeoutMs, maxRows }: QueryOptions): Promise<QueryResult> {
  const { instance, connection, StatementType } = await openDuckdb()
  try {
    const files = exportViews.map((view) => join(dir, `${view}.parquet`))
    for (const [at, view] of exportViews.entries())
      await connection.run(`create view ${view} as select * from read_parquet(${quoted(files[at] ?? '')})`)
    await connection.run(`set allowed_paths = [${files.map(quoted).join(', ')}]`)
    await connection.run('set enable_external_access = false')
    await connection.run('set lock_configuration = true')
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      connection.interrupt()
    }, timeoutMs)
    try {
      const statements = await connection.extractStatements(sql)
      if (statements.count !== 1) throw new AssayError('BAD_ARGUMENT', `one statement is answered, not ${statements.count}`)
      const prepared = await statements.prepare(0)
      if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN)
        throw new AssayError('BAD_ARGUMENT', `only SELECT is answered, not ${StatementType[prepared.statementType] ?? 'this'}`)
      const result = await prepared.stream()
      const columns = result.columnNames().map((name, at) => ({ name, type: String(result.columnType(at)) }))
      const rows: unknown[][] = []
      for await (const chunk of result.yieldRowsJson()) {
        for (const row of chunk) rows.push(row.map((value, at) => plain(value, columns[at]?.type ?? '')))
        if (rows.length > maxRows) break
      }
      return { columns, rows: rows.slice(0, maxRows), isCut: rows.length > maxRows }
    } catch (cause) {
      if (isLate)
        throw new AssayError('TIMEOUT', `the question took longer than ${timeoutMs / 1000} s`, {
          cause,
          hint: 'Ask for less, or give --timeout.',
        })
      if (cause instanceof AssayError) throw cause
      throw new AssayError('BAD_ARGUMENT', `DuckDB said: ${messageOf(cause)}`, {
        cause,
        hint: `The views are ${exportViews.join(', ')}: see docs/study.md, or ask "describe observations".`,
      })
    } finally {
      clearTimeout(timer)
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** DuckDB writes large whole numbers as text; those that a number holds exactly are numbers. */
function plain(value: unknown, type: string): unknown {
  if (typeof value !== 'string' || !/^(U?BIGINT|U?HUGEINT)$/.test(type)) return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
