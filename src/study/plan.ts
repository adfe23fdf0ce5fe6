import type { StudyPlan } from '#model/study-texts.ts'
import { zOf } from './estimators/distribution.ts'
import { wilson } from './wilson.ts'

export interface PlanInput {
  sites: number
  rounds: number
  everyMs: number | null
  endAfter: number
}

const shares = [0.001, 0.01, 0.05]

export function planStudy({ sites, rounds, everyMs, endAfter }: PlanInput): StudyPlan {
  const days = everyMs === null ? null : everyMs / 86_400_000
  // A start takes looks before it and an end looks behind it.
  const followed = rounds - 2 * endAfter
  return {
    intervals: shares.flatMap((share) => {
      const { low, high } = wilson(Math.round(share * sites), sites)
      return low === null || high === null ? [] : [{ share, low, high }]
    }),
    smallestSeen: sites === 0 ? 1 : 1 - 0.05 ** (1 / sites),
    detectable: shares.map((share) => ({ share, other: detectable(share, sites / 2) })),
    shortestStayDays: days,
    longestFollowedDays: days === null || followed < 1 ? null : followed * days,
  }
}

/** The next higher share that a two-sided test of 5 % tells from the first with a power of 80 %; halves of this size. By bisection of the normal approximation. */
function detectable(share: number, size: number): number {
  const wanted = zOf(0.95) + 0.8416212335729143
  let [low, high] = [share, 1]
  for (let step = 0; step < 60; step++) {
    const other = (low + high) / 2
    const error = Math.sqrt((share * (1 - share) + other * (1 - other)) / Math.max(1, size))
    if ((other - share) / error >= wanted) high = other
    else low = other
  }
  return high
}
