import { privateHosts, runAttack, ways } from '../test/guard/attack.ts'

// Prints, as Markdown, what a page in a real Chromium tried and what the guard made of it: `node scripts/guard-table.ts`.
const hosts = privateHosts()
const { hits, canaryConnections, datagrams, candidates, lane } = await runAttack({ guarded: true, hosts })
const rows = new Map<string, { host: string; refused: number; connected: number; said: string }>()
for (const record of lane.connections()) {
  const row = rows.get(record.host) ?? { host: record.host, refused: 0, connected: 0, said: '' }
  if (record.outcome === 'connected') row.connected++
  else row.refused++
  row.said ||= record.reason ?? ''
  rows.set(record.host, row)
}
const lines = [
  `Hosts written into URLs: ${hosts.map((host) => `\`${host}\``).join(', ')}.`,
  '',
  `Ways tried for each: ${Object.keys(ways).join(', ')}, navigation; and once STUN and TURN over UDP and TCP, WebTransport.`,
  '',
  "| host as the browser asked for it | refused | connected (to the page's own, open address) | why |",
  '| --- | ---: | ---: | --- |',
  ...[...rows.values()].map((row) => `| \`${row.host}\` | ${row.refused} | ${row.connected} | ${row.said} |`),
  '',
  `Requests that a closed address saw: **${hits.length}**. Connections: **${canaryConnections}**. Datagrams: **${datagrams}**. ICE candidates that the page learnt: **${candidates.length}**.`,
]
process.stdout.write(`${lines.join('\n')}\n`)
process.exitCode = hits.length + canaryConnections + datagrams === 0 ? 0 : 1
