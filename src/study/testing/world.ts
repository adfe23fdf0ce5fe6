import { seededRandom } from '../estimators/random.ts'
import type { Look } from '../stays.ts'

/** Sites whose miners come and go by laws that no estimator assumes, as visits see them. Days. */
export interface WorldLaw {
  sites: number
  rounds: number
  cadence: number
  /** Weibull's shape and scale of a stay: a shape under 1 has a heavy tail. */
  shape: number
  scale: number
  /** Probability that a look sees what is there, and that a visit reaches content. */
  detection: number
  reached: number
  /** Probability that the site is lost for good within a round after its miner went: what is lost depends on what is asked. */
  lostWithMiner: number
  /** Sites in one campaign share their stay. */
  campaign: number
}

export interface WorldSite {
  site: string
  cluster: string
  looks: Look[]
}

export const survivalOf = ({ shape, scale }: WorldLaw, time: number): number => Math.exp(-((time / scale) ** shape))

/** Of the stays that a visit saw, the share that lasts longer than `time`; for one cadence and more. */
export function truthOf(law: WorldLaw, time: number): number {
  const parts = 200
  let seen = 0
  for (let part = 0; part < parts; part++) seen += survivalOf(law, ((part + 0.5) / parts) * law.cadence) / parts
  return survivalOf(law, time) / seen
}

export function drawWorld(law: WorldLaw, seed: number): WorldSite[] {
  const random = seededRandom(seed)
  const sites: WorldSite[] = []
  const end = law.rounds * law.cadence
  let stay = { start: 0, end: 0 }
  for (let at = 0; at < law.sites; at++) {
    const cluster = `c${Math.floor(at / law.campaign)}`
    if (at % law.campaign === 0 || sites.length === 0) {
      // Miners arrive from long before the first round on.
      const start = -end + random() * 2 * end
      const length = law.scale * (-Math.log(1 - random())) ** (1 / law.shape)
      stay = { start, end: start + length }
    }
    const looks: Look[] = []
    let lost = false
    for (let round = 0; round < law.rounds; round++) {
      const day = round * law.cadence
      const isThere = stay.start <= day && day < stay.end
      if (!lost && stay.end <= day && stay.end > day - law.cadence && random() < law.lostWithMiner) lost = true
      if (lost || random() >= law.reached) looks.push({ at: day, state: 'missed' })
      else looks.push({ at: day, state: isThere && random() < law.detection ? 'seen' : 'not-seen' })
    }
    sites.push({ site: `s${at}`, cluster, looks })
  }
  return sites
}
