import { chiSquareTail } from './distribution.ts'
import type { RightCensored } from './kaplan-meier.ts'

export interface Grouped extends RightCensored {
  group: string
}

export interface LogRank {
  groups: { group: string; n: number; observed: number; expected: number }[]
  chiSquare: number
  degrees: number
  p: number
}

/**
 * Whether the stays of k groups end alike. Mantel, N. (1966), Cancer Chemotherapy Reports 50, 163–170, with the hypergeometric
 * variance; equal to R's `survdiff`. Null where there are not two groups with an event between them.
 */
export function logRank(data: readonly Grouped[]): LogRank | null {
  const names = [...new Set(data.map(({ group }) => group))].sort((a, b) => (a < b ? -1 : 1))
  const index = new Map(names.map((name, at) => [name, at]))
  const k = names.length
  const atRisk = new Array<number>(k).fill(0)
  const total = new Array<number>(k).fill(0)
  for (const { group } of data) total[index.get(group) ?? 0]!++
  total.forEach((n, g) => (atRisk[g] = n))
  const observed = new Array<number>(k).fill(0)
  const expected = new Array<number>(k).fill(0)
  const variance = Array.from({ length: k }, () => new Array<number>(k).fill(0))
  const sorted = [...data].sort((a, b) => a.time - b.time)
  for (let at = 0; at < sorted.length;) {
    const time = sorted[at]?.time
    const deaths = new Array<number>(k).fill(0)
    const leaving = new Array<number>(k).fill(0)
    for (; at < sorted.length && sorted[at]?.time === time; at++) {
      const { group, ended } = sorted[at]!
      const g = index.get(group) ?? 0
      leaving[g]!++
      if (ended) deaths[g]!++
    }
    const d = sum(deaths)
    const n = sum(atRisk)
    const hypergeometric = n > 1 ? (d * (n - d)) / (n - 1) : 0
    if (d > 0) {
      for (let g = 0; g < k; g++) {
        observed[g]! += deaths[g]!
        expected[g]! += (d * atRisk[g]!) / n
        for (let h = 0; h < k; h++)
          variance[g]![h]! += hypergeometric * ((g === h ? atRisk[g]! / n : 0) - (atRisk[g]! * atRisk[h]!) / (n * n))
      }
    }
    for (let g = 0; g < k; g++) atRisk[g]! -= leaving[g]!
  }
  // A group without any expectation says nothing, and its row is empty.
  const used = names.map((_, g) => g).filter((g) => expected[g]! > 0)
  if (used.length < 2) return null
  const free = used.slice(1)
  const difference = free.map((g) => observed[g]! - expected[g]!)
  const solved = solve(
    free.map((g) => free.map((h) => variance[g]![h]!)),
    difference,
  )
  if (solved === null) return null
  const chiSquare = difference.reduce((value, each, at) => value + each * solved[at]!, 0)
  return {
    groups: names.map((group, g) => ({ group, n: total[g]!, observed: observed[g]!, expected: expected[g]! })),
    chiSquare,
    degrees: free.length,
    p: chiSquareTail(chiSquare, free.length),
  }
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

/** Gauss with pivots; null where the matrix is singular. */
function solve(matrix: number[][], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, at) => [...row, right[at]!])
  const n = rows.length
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column; row < n; row++) if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    if (Math.abs(rows[pivot]![column]!) < 1e-12) return null
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let row = 0; row < n; row++) {
      if (row === column) continue
      const factor = rows[row]![column]! / rows[column]![column]!
      for (let at = column; at <= n; at++) rows[row]![at]! -= factor * rows[column]![at]!
    }
  }
  return rows.map((row, at) => row[n]! / row[at]!)
}
