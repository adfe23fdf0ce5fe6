import type { Campaign } from '#model/study.ts'

export interface Payment {
  site: string
  account: string
  services: readonly string[]
  at: string
}

const byCodePoint = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Connected components of the graph of sites and accounts, the largest first. One site alone is no campaign.
 * Accounts only: what else sites share (scripts, hosts, trackers) is also what libraries and hosters have in common.
 */
export function campaignsOf(payments: readonly Payment[]): Campaign[] {
  const parent = new Map<string, string>()
  const root = (node: string): string => {
    let top = node
    for (let next = parent.get(top); next !== undefined && next !== top; next = parent.get(top)) top = next
    // Short paths for the next time.
    for (let at = node; at !== top;) {
      const next = parent.get(at) ?? top
      parent.set(at, top)
      at = next
    }
    return top
  }
  for (const { site, account } of payments) {
    for (const node of [`s ${site}`, `a ${account}`]) if (!parent.has(node)) parent.set(node, node)
    parent.set(root(`s ${site}`), root(`a ${account}`))
  }
  const groups = new Map<string, Payment[]>()
  for (const payment of payments) {
    const key = root(`a ${payment.account}`)
    const group = groups.get(key)
    if (group) group.push(payment)
    else groups.set(key, [payment])
  }
  const unique = (values: string[]) => [...new Set(values)].sort(byCodePoint)
  return [...groups.values()]
    .map((group): Campaign => {
      const accounts = unique(group.map((payment) => payment.account))
      const dates = unique(group.map((payment) => payment.at))
      return {
        id: accounts[0] ?? '',
        accounts,
        services: unique(group.flatMap((payment) => [...payment.services])),
        sites: unique(group.map((payment) => payment.site)),
        firstSeen: dates[0] ?? '',
        lastSeen: dates.at(-1) ?? '',
      }
    })
    .filter((campaign) => campaign.sites.length > 1)
    .sort((a, b) => b.sites.length - a.sites.length || byCodePoint(a.id, b.id))
}
