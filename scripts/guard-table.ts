import { fixedHosts, runAttack, ways } from '../test/guard/attack.ts'
import { closedAddresses, type CrawlAttackResult, crawlWays, runCrawlAttack } from '../test/guard/crawl-attack.ts'

// Prints docs/guard.md: what a page in a real Chromium tried, what names tried that move while a crawl visits them, and what the guard made
// of it: `npm run guard-table > docs/guard.md`.
// Without those of the machine that runs it: nobody else's table.
const page = await runAttack({ guarded: true, hosts: fixedHosts })
const crawl = await runCrawlAttack()

interface Row {
  refused: number
  connected: number
  said: string
}
const rows = new Map<string, Row>()
for (const record of page.lane.connections()) {
  const row = rows.get(record.host) ?? { refused: 0, connected: 0, said: '' }
  if (record.outcome === 'connected') row.connected++
  else row.refused++
  row.said ||= record.reason ?? ''
  rows.set(record.host, row)
}

function crawlRow(address: string): string {
  const of = crawl.visits.filter((visit) => visit.address === address && visit.way !== 'parts')
  const parts = crawl.visits.filter((visit) => visit.way === 'parts')
  const index = closedAddresses.findIndex((each) => each === address)
  const refused = [...of.flatMap(({ connections }) => connections), ...partsOf(parts, index)].filter(({ outcome }) => outcome === 'refused')
  const listener = crawl.listeners.find((each) => each.address === address)
  const cells = [
    `\`${address}\``,
    of.reduce((sum, { closedAnswers }) => sum + closedAnswers, 0),
    ...['http', 'browser'].map((lane) => {
      const visits = of.filter((visit) => visit.lane === lane)
      return visits.length === 0 ? '–' : `${visits.filter(({ failure }) => failure === 'guard').length} of ${visits.length}`
    }),
    refused.length,
    listener?.guarded ?? '–',
    listener?.opened ?? '–',
    refused.find(({ reason }) => reason !== '')?.reason ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

function partsOf(pages: CrawlAttackResult['visits'], index: number): CrawlAttackResult['visits'][number]['connections'] {
  return pages.flatMap(({ connections }) => connections.filter(({ host }) => host.startsWith('part-') && host.endsWith(`-${index}.test`)))
}

const guarded = crawl.listeners.reduce((sum, each) => sum + each.guarded, 0)
const lines = [
  '# What the reach guard was tried with',
  '',
  'Printed by `npm run guard-table`; `guard.test.ts`, `crawl.test.ts` and `guard.long.test.ts` in `test/guard` hold the same against what was seen at the closed addresses.',
  'What is closed, and why: [decision 0015](decisions/0015-what-the-guard-closes.md).',
  '',
  '## A page in the browser',
  '',
  `Hosts written into URLs: ${fixedHosts.map((host) => `\`${host}\``).join(', ')}.`,
  '',
  `Ways tried for each: ${Object.keys(ways).join(', ')}, navigation; and once STUN and TURN over UDP and TCP, WebTransport.`,
  '',
  "| host as the browser asked for it | refused | connected (to the page's own, open address) | why |",
  '| --- | ---: | ---: | --- |',
  ...[...rows].map(([host, row]) => `| \`${host}\` | ${row.refused} | ${row.connected} | ${row.said} |`),
  '',
  `Requests that a closed address saw: **${page.hits.length}**. Connections: **${page.canaryConnections}**. Datagrams: **${page.datagrams}**. ICE candidates that the page learnt: **${page.candidates.length}**.`,
  '',
  '## A crawl whose names move',
  '',
  `Two crawls, one in each lane, and a worker that joins both, at one data folder, ask a DNS server that changes its answers (\`--dns\`; TTL 0). ${crawl.visits.length} visits, ${crawl.processes
    .slice(0, 3)
    .map(({ command, out }) => `\`${command}\`: ${out.trim().replaceAll('\n', '; ')}`)
    .join('; ')}. How a name comes to mean the address:`,
  '',
  ...Object.values(crawlWays).map((text) => `- ${text};`),
  '- and a page whose scripts, frames, images, requests, sockets, workers and redirects go to twelve names that move once their script was served.',
  '',
  'Visits of the first four ways are *not observed*, class `guard`; the fifth is that or seen at the open address; the sixth is seen there. A row of the browser has four addresses only.',
  '',
  '| address | answers that named it | http: refused by `guard` | browser: refused by `guard` | connections refused | seen at the address | with everything opened | why |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
  ...closedAddresses.map(crawlRow),
  '',
  `Connections that a closed address saw: **${guarded}**. (–: nobody can listen there, or the listener stands in another row.)`,
]
process.stdout.write(`${lines.join('\n')}\n`)
process.exitCode = page.hits.length + page.canaryConnections + page.datagrams + guarded === 0 ? 0 : 1
