/** What second looks may cost, and what they did. Costs are seconds of visits by the clock. */
export interface FollowUpUse {
  /** Of first visits, and of second looks. */
  shortSeconds: number
  extraSeconds: number
  /** Pages that asked for a second look; for which one was made; that had none because nothing was left, at probability 0. */
  asked: number
  made: number
  withoutChance: number
}

/** A first visit's dwell times three, and what loading, settling and judging cost beside it. */
export const followUpSeconds = (firstSeconds: number, firstDwellMs: number): number => firstSeconds + (2 * firstDwellMs) / 1000

/**
 * Keeps second looks within a share of what the short visits cost. The probability of each is known before it is drawn, from the past alone: what was
 * saved, by what this one costs, at most 1; so figures can weigh by its inverse (Horvitz and Thompson). What was promised is paid for when
 * it is promised (probability × cost), and what was spent may at no time pass the share: then the probability is 0, and is said.
 */
export class FollowUpBudget {
  readonly #share: number
  #promised = 0
  readonly use: FollowUpUse = { shortSeconds: 0, extraSeconds: 0, asked: 0, made: 0, withoutChance: 0 }

  constructor(share: number) {
    this.#share = share
  }

  /** Every page's first visit. */
  short(seconds: number): void {
    this.use.shortSeconds += seconds
  }

  /** `place`: from 0 to 1, 1 left out, drawn for this page. */
  draw(seconds: number, place: number): { probability: number; isMade: boolean } {
    this.use.asked++
    const all = this.#share * this.use.shortSeconds
    const probability = this.use.extraSeconds + seconds > all ? 0 : Math.min(1, Math.max(0, all - this.#promised) / seconds)
    this.#promised += probability * seconds
    const isMade = place < probability
    if (probability === 0) this.use.withoutChance++
    return { probability, isMade }
  }

  /** One was made. */
  extra(seconds: number): void {
    this.use.made++
    this.use.extraSeconds += seconds
  }
}

/** Second looks' share of what the short visits cost: 0.2 is a mean cost of 1.2 a page. */
export const shareUsed = ({ shortSeconds, extraSeconds }: FollowUpUse): number => (shortSeconds === 0 ? 0 : extraSeconds / shortSeconds)
