/**
 * What campaigns cost: `npm run bench -- campaigns [EDGES]`, 10 million where left out. Edges of 200,000 sites and 2 million subjects, most rare and a
 * few on very many; components alone over typed arrays, and the whole rule (rows of the ledger to campaigns) over a tenth of them.
 */
import { campaignsByRule } from '#study/infrastructure/campaign-graph.ts'
import { componentsOf } from '#study/infrastructure/components.ts'
import { verdictsOf } from '#study/infrastructure/glue.ts'
import { supplyCases } from '#study/infrastructure/supply-chain.ts'
import { pointersOf } from '#study/infrastructure/pointers.ts'
import { type Trace, tracesOf } from '#study/infrastructure/traces.ts'
import { seededRandom } from '#study/estimators/random.ts'
import type { SiteRounds } from '#study/site-rounds.ts'

const edges = Number(process.argv[2] ?? 10_000_000)
const counts = { sites: 200_000, subjects: 2_000_000 }
const random = seededRandom(1)
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)} ${value}\n`)
const megabytes = () => `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`
const lap = <T>(name: string, work: () => T): T => {
  const [start, used] = [performance.now(), process.threadCpuUsage()]
  const value = work()
  const { user, system } = process.threadCpuUsage(used)
  print(name, `${((performance.now() - start) / 1000).toFixed(2)} s (${((user + system) / 1e6).toFixed(2)} of this thread), ${megabytes()}`)
  return value
}

const sites = new Int32Array(edges)
const subjects = new Int32Array(edges)
for (let at = 0; at < edges; at++) {
  sites[at] = Math.floor(random() * counts.sites)
  subjects[at] = Math.floor(counts.subjects * random() ** 3)
}
lap(`components of ${edges} edges`, () => componentsOf(sites, subjects, counts))

const part = Math.floor(edges / 10)
const rounds = 12
const all = Array.from({ length: Math.max(10, Math.floor(part / 50)) }, (_, at): SiteRounds => {
  const mines = at % 20 === 0
  return {
    site: `s${at}.com`,
    rank: at + 1,
    tags: [],
    states: Array.from({ length: rounds }, (__, round) => (mines && round >= at % 7 ? 'found' : 'clean')),
    at: Array.from({ length: rounds }, (__, round) => round * 604_800_000 + at),
    visits: [],
  }
})
const kinds = ['script', 'host', 'script', 'address', 'script']
const rows = Array.from({ length: part }, (_, at): Trace => {
  const site = at % all.length
  if (at < all.length)
    return {
      site: all[site]!.site,
      kind: site % 20 === 0 ? 'account' : 'network',
      subject: `w${Math.floor(site / 100)}`,
      rounds: [7, 8, 9],
    }
  return {
    site: all[site]!.site,
    kind: kinds[at % kinds.length]!,
    subject: `x${Math.floor((part / 8) * random() ** 3)}`,
    rounds: [6, 7, 8, 9],
  }
})
print(`rows of ${all.length} sites`, String(rows.length))
const traces = lap('rows to subjects', () => tracesOf(rows, all))
const verdicts = lap(`what joins, of ${traces.subjects.length} subjects`, () => verdictsOf(traces))
const campaigns = lap('campaigns', () => campaignsByRule(traces, verdicts, all))
lap('third parties that changed', () => supplyCases(traces, all))
lap('what points to miners', () => pointersOf(traces, (site) => site))
print('campaigns found', String(campaigns.length))
