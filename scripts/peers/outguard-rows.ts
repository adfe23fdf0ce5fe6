import { readFileSync } from 'node:fs'
import { PeerTally } from './figures.ts'
import { bestThreshold } from './thresholds.ts'

interface Row {
  miner: boolean
  websocket: number
  webworkers: number
  load: number
  functions: number
}

/**
 * Two rules of live detectors on the rows that Outguard published (2,000 pages that mine, 2,000 others, as its browser saw them): a socket and a
 * worker; load alone. The load's threshold is the best one for every other row, the table is of the rest.
 */
export function outguardTable(miners: string, others: string): string[] {
  const rows = [...rowsOf(miners, true), ...rowsOf(others, false)]
  const told = rows.filter((_, at) => at % 2 === 1)
  const threshold = bestThreshold(rows.filter((_, at) => at % 2 === 0).map(({ load, miner }) => ({ value: load, miner })))
  const rules: Record<string, (row: Row) => boolean> = {
    'a socket and a worker': ({ websocket, webworkers }) => websocket > 0 && webworkers > 0,
    'load alone (CPU only)': ({ load }) => load >= threshold,
    'two workers that run the same function': ({ functions, webworkers }) => functions > 0 && webworkers > 1,
  }
  return Object.entries(rules).map(([name, rule]) => {
    const tally = new PeerTally()
    for (const row of told) tally.add(row.miner, 'chosen pages', rule(row))
    return tally.line('visits (Outguard’s rows)', name)
  })
}

function rowsOf(path: string, miner: boolean): Row[] {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  const names = header.split(',').map((name) => name.trim())
  return lines.map((line) => {
    const cells = line.split(',')
    const of = (name: string): number => Number(cells[names.indexOf(name)] ?? 0)
    return {
      miner,
      websocket: of('websocket'),
      webworkers: of('webworkers'),
      load: of('messageloop_load'),
      functions: of('parallel_functions'),
    }
  })
}
