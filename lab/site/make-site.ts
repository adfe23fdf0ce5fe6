import type { Content } from '../ordinary/content.ts'
import { Random } from '../random.ts'
import { type SiteName, endpointOf, minerPlan, minerTruth } from './miner-site.ts'
import type { MinerSpec } from './miner-spec.ts'
import { addFrontPage } from './page.ts'
import {
  type Expected,
  type Fault,
  type LabSite,
  type SitePlan,
  type SiteTruth,
  emptyPlan,
  expected,
  truthWithoutMiner,
  unreached,
} from './site.ts'
import type { ThirdParties } from './third-parties.ts'

/** What a site is in one week. */
export type WeekContent = { type: 'miner'; spec: MinerSpec } | { type: 'ordinary'; content: Content } | { type: 'fault'; fault: Fault }

export interface SiteOptions extends SiteName {
  rank?: number
  tags?: string[]
  thirdParties: ThirdParties
  contentOf(week: number): WeekContent
}

export function makeSite(o: SiteOptions): LabSite {
  const name: SiteName = { key: o.key, host: o.host, seed: o.seed }
  return {
    key: o.key,
    host: o.host,
    url: `https://${o.host}/`,
    ...(o.rank === undefined ? {} : { rank: o.rank }),
    truth: (week) => truthOf(o, name, week),
    plan: (week) => {
      const content = o.contentOf(week)
      switch (content.type) {
        case 'miner':
          return minerPlan(name, content.spec, o.thirdParties)
        case 'ordinary':
          return ordinaryPlan(o, content.content)
        case 'fault':
          return null
      }
    },
    fault: (week) => {
      const content = o.contentOf(week)
      return content.type === 'fault' ? content.fault : null
    },
    otherHosts: (weeks) => {
      const hosts = new Set<string>()
      const seen = new Set<unknown>()
      for (let week = 1; week <= weeks; week++) {
        const content = o.contentOf(week)
        const what = content.type === 'miner' ? content.spec : content.type === 'ordinary' ? content.content : null
        if (what === null || seen.has(what)) continue
        seen.add(what)
        if (content.type === 'miner') {
          const endpoint = endpointOf(name, content.spec)
          hosts.add(endpoint.host)
        }
        const plan =
          content.type === 'miner'
            ? minerPlan(name, content.spec, o.thirdParties)
            : content.type === 'ordinary'
              ? ordinaryPlan(o, content.content)
              : null
        for (const at of [...(plan?.resources.keys() ?? []), ...(plan?.sockets.keys() ?? [])]) hosts.add(at.slice(0, at.indexOf('/')))
      }
      hosts.delete(o.host)
      return [...hosts]
    },
  }
}

function ordinaryPlan(o: SiteOptions, content: Content): SitePlan {
  const plan = emptyPlan()
  content.build({ random: new Random(o.seed), host: o.host, key: o.key, thirdParties: o.thirdParties, plan })
  if (!plan.resources.has(`${o.host}/`))
    addFrontPage({ random: new Random(o.seed), host: o.host, key: o.key, thirdParties: o.thirdParties, plan }, {})
  return plan
}

function truthOf(o: SiteOptions, name: SiteName, week: number): SiteTruth {
  const content = o.contentOf(week)
  const tags = o.tags ?? []
  if (content.type === 'miner') return minerTruth(name, content.spec, week, tags)
  const what =
    content.type === 'ordinary' ? expected({ kind: content.content.kind, ...content.content.expected }) : unreached(content.fault)
  return truthWithoutMiner({
    week,
    host: o.host,
    content: content.type === 'ordinary' ? content.content.name : content.fault,
    expected: what,
    tags,
    met: metOf(content, what),
  })
}

function metOf(content: WeekContent, ordinary: Expected): SiteTruth['met'] {
  if (content.type !== 'ordinary' || content.content.met === undefined) return null
  const { needs, kind } = content.content.met
  const met = { ...ordinary, kind }
  return { needs, underPolicy: { ignore: met, accept: met, reject: met } }
}
