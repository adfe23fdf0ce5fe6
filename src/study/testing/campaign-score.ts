import { campaignsByRule } from '../infrastructure/campaign-graph.ts'
import { verdictsOf } from '../infrastructure/glue.ts'
import { pointersOf } from '../infrastructure/pointers.ts'
import { type SupplyCase, supplyCases } from '../infrastructure/supply-chain.ts'
import { tracesOf } from '../infrastructure/traces.ts'
import { type CampaignWorld, drawCampaignWorld } from './campaign-world.ts'

export interface CampaignScore {
  /** Pairs of sites said to be of one campaign, of these right, and pairs that are, of the sites found. */
  said: number
  right: number
  true: number
  supply: SupplyCase[]
  /** Subjects said to point to miners that do not, and all that were said to. */
  wrongPointers: string[]
  pointers: string[]
  world: CampaignWorld
}

/** What is found in a world against its truth. */
export function scoreOf(seed: number, size: { sites: number; rounds: number }): CampaignScore {
  const world = drawCampaignWorld(seed, size)
  const traces = tracesOf(world.traces, world.sites)
  const campaigns = campaignsByRule(traces, verdictsOf(traces), world.sites)
  const { operatorOf, supply, weakLibrary } = world.truth
  const pairs = (n: number) => (n * (n - 1)) / 2
  const operatorsOf = (sites: readonly string[]) =>
    [...Map.groupBy(sites, (site) => operatorOf.get(site) ?? site).values()].reduce((sum, its) => sum + pairs(its.length), 0)
  const clusters = new Map(campaigns.flatMap(({ id, sites }) => sites.map((site) => [site, id])))
  const pointers = pointersOf(traces, (site) => clusters.get(site) ?? site).rows.map(({ subject }) => subject)
  return {
    said: campaigns.reduce((sum, { sites }) => sum + pairs(sites.length), 0),
    right: campaigns.reduce((sum, { sites }) => sum + operatorsOf(sites), 0),
    true: operatorsOf([...traces.found.keys()]),
    supply: supplyCases(traces, world.sites),
    // Three operators came in through a hoster, others through the library.
    wrongPointers: pointers.filter(
      (each) => each !== weakLibrary && each !== supply.host && !/^(sha256:manager-|shared-|google-analytics UA-manager)/.test(each),
    ),
    pointers,
    world,
  }
}
