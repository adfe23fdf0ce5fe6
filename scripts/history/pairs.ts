import { clopperPearson } from '../../src/study/estimators/clopper-pearson.ts'
import type { Share } from '#model/study.ts'

/** The same sites looked at twice: found both times, only then, only later. */
export interface Paired {
  both: number
  onlyFirst: number
  onlySecond: number
  /** Of those found at first, found again. */
  again: Share
  /** Of those found only once, found the second time: a half where nothing changed but which sites. */
  onlySecondShare: Share
  /** Exact McNemar, two-sided. */
  p: number
}

export function pairedOf(first: ReadonlySet<string>, second: ReadonlySet<string>): Paired {
  const both = first.intersection(second).size
  const onlyFirst = first.size - both
  const onlySecond = second.size - both
  return {
    both,
    onlyFirst,
    onlySecond,
    again: clopperPearson(both, first.size),
    onlySecondShare: clopperPearson(onlySecond, onlyFirst + onlySecond),
    p: mcnemar(onlyFirst, onlySecond),
  }
}

/** Two-sided exact test that both kinds of change are as frequent: McNemar, Q. (1947), by the binomial distribution. */
export function mcnemar(one: number, other: number): number {
  const of = one + other
  let log = -of * Math.LN2
  let tail = 0
  for (let k = 0; k <= Math.min(one, other); k++) {
    tail += Math.exp(log)
    log += Math.log((of - k) / (k + 1))
  }
  return Math.min(1, 2 * tail)
}
