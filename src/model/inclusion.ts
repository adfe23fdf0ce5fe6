/** How a visit came to be made: `all` (every seed gets it), `hint` (the http lane pointed there), `sample` (drawn), `repeat` (drawn among visits). */
export type InclusionReason = 'all' | 'hint' | 'sample' | 'repeat'

/** With which probability this visit was going to be made, before anything was drawn: a figure weighs it by the inverse (Horvitz and Thompson, 1952). */
export interface Inclusion {
  /** Over 0, at most 1. Of a repeat: given that the first visit was made. */
  probability: number
  reason: InclusionReason
}

/** Lanes in which a crawl visits. */
export const crawlLanes = ['http', 'browser'] as const

export type CrawlLane = (typeof crawlLanes)[number]

/** What comes next for a page in the same round. */
export interface NextTurn {
  lane: CrawlLane
  /** 0 the first visit in that lane, 1 its repeat. */
  repeat: number
  /** ISO 8601; null waits for the draw among the round's hints. */
  at: string | null
  inclusion: Inclusion | null
  /** Place in the draw, from 0 to 1, where it waits for it. */
  drawn: number | null
}
