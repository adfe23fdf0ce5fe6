import { readFile } from 'node:fs/promises'
import { runAttack } from './attack.ts'

// Runs in a network namespace of its own, where the kernel's counters count nobody else: writes, as JSON, how many datagrams left
// any socket during the attack, and how many of them are queries to the test's DNS server and its answers.
const before = await datagramsOut()
const result = await runAttack({ guarded: process.argv[2] === 'guarded', hosts: ['127.0.0.1', 'localhost', 'evil4.test'] })
process.stdout.write(JSON.stringify({ out: (await datagramsOut()) - before, dns: 2 * result.dnsQueries, hits: result.hits.length }))

/** UDP datagrams sent, both families (RFC 4113, udpOutDatagrams). */
async function datagramsOut(): Promise<number> {
  const four = (await readFile('/proc/net/snmp', 'utf8')).match(/^Udp: (\d+) \d+ \d+ (\d+)/m)?.[2]
  const six = (await readFile('/proc/net/snmp6', 'utf8')).match(/^Udp6OutDatagrams\s+(\d+)/m)?.[1]
  if (four === undefined) throw new Error('no counters')
  return Number(four) + Number(six ?? 0)
}
