/** What one look at a site said of a subject: `missed` reached no content, or was blind to what could have hidden it. */
export interface Look {
  /** Epoch, milliseconds. */
  at: number
  state: 'seen' | 'not-seen' | 'missed'
}

/** A subject on a site without an end in between. */
export interface Stay {
  /** Epoch, milliseconds. */
  firstSeen: number
  lastSeen: number
  /** The last look without it before; null where its start was not seen: it was there when looking began. */
  lookedBefore: number | null
  /** The first look without it after; null where it was not seen to end. */
  goneBy: number | null
  visitsSeen: number
  visitsLooked: number
  /** Looks within it that missed it and are taken for a visit's own misses. */
  toleratedMisses: number
  /** 0 the first stay on this site, 1 its first return … */
  returns: number
}

export interface StayRule {
  /**
   * How many looks in a row without it are an end, and a beginning's before. A missed visit is neither: it tells nothing. One look alone may be
   * the visit's own miss.
   */
  endAfter: number
}

/**
 * Looks → stays. The last `endAfter − 1` looks of a site confirm ends and begin none: where a stay is still seen at the look before them, it
 * is cut there, so that what is censored does not depend on what it is.
 */
export function staysOf(looks: readonly Look[], { endAfter }: StayRule): Stay[] {
  if (!Number.isSafeInteger(endAfter) || endAfter < 1) throw new RangeError('an end takes at least one look')
  const told = looks.filter(({ state }) => state !== 'missed').sort((a, b) => a.at - b.at)
  const horizon = told.length - endAfter
  const stays: Stay[] = []
  let from = 0
  for (;;) {
    const first = told.findIndex(({ state }, at) => at >= from && state === 'seen')
    if (first < 0 || first > horizon) return stays
    let last = first
    let clean = 0
    for (let at = first + 1; at < told.length && clean < endAfter; at++) {
      if (told[at]?.state === 'seen') {
        last = at
        clean = 0
      } else clean++
    }
    const isCut = last >= horizon
    const until = isCut ? horizon : last
    const within = told.slice(first, until + 1)
    const seen = within.filter(({ state }) => state === 'seen')
    stays.push({
      firstSeen: told[first]!.at,
      lastSeen: isCut ? told[horizon]!.at : told[last]!.at,
      lookedBefore: first >= endAfter ? told[first - 1]!.at : null,
      goneBy: isCut ? null : told[last + 1]!.at,
      visitsSeen: seen.length,
      visitsLooked: within.length,
      toleratedMisses: within.length - seen.length,
      returns: stays.length,
    })
    if (isCut) return stays
    from = last + endAfter + 1
  }
}

/**
 * How often a look misses what is there: the looks strictly between the first and the last sighting of a stay, of which the tolerated ones missed
 * it. Runs of misses that the rule takes for an end are not among them, so it is low by about its own `endAfter`-th power.
 */
export function missesWithin(stays: readonly Stay[]): { looks: number; missed: number } {
  let looks = 0
  let missed = 0
  for (const { visitsLooked, toleratedMisses } of stays) {
    looks += Math.max(0, visitsLooked - 2)
    missed += toleratedMisses
  }
  return { looks, missed }
}
