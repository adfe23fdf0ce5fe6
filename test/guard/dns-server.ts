import dgram from 'node:dgram'
import { once } from 'node:events'
import { parseAddress } from '#egress/address.ts'

export interface DnsEntry {
  a: string[] | 'silent'
  aaaa: string[] | 'silent'
  ttl: number
  /** The addresses are this name's, of which the one asked for is an alias. */
  cname?: string
}

/** Name → what is answered; `*` for every other name; a function is asked each time (rebinding). */
export type DnsTable = Record<string, DnsEntry | 'servfail' | 'silent' | ((count: number) => DnsEntry)>

/** A DNS server on loopback that answers A and AAAA from a table. */
export async function dnsServer(table: DnsTable): Promise<{ address: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = []
  const counts = new Map<string, number>()
  const socket = dgram.createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, end } = questionOf(query)
    const type = query.readUInt16BE(end)
    const isSix = type === 28
    const key = `${isSix ? 'AAAA' : 'A'} ${name}`
    asked.push(key)
    const found = table[name] ?? table['*']
    counts.set(key, (counts.get(key) ?? 0) + 1)
    const entry = typeof found === 'function' ? found(counts.get(key) ?? 0) : found
    const records = typeof entry === 'object' ? (isSix ? entry.aaaa : entry.a) : []
    if (entry === 'silent' || records === 'silent') return
    const code = entry === undefined ? 3 : entry === 'servfail' ? 2 : 0
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | code, 2)
    header.writeUInt16BE(1, 4)
    const { cname = null, ttl = 0 } = typeof entry === 'object' ? entry : {}
    const alias = cname === null ? [] : [record(nameAsAsked, cnameType, ttl, encoded(cname))]
    const owner = cname === null ? nameAsAsked : encoded(cname)
    const answers = records.map((text) =>
      record(owner, type, ttl, Buffer.from((parseAddress(text)?.value ?? 0n).toString(16).padStart(isSix ? 32 : 8, '0'), 'hex')),
    )
    header.writeUInt16BE(alias.length + answers.length, 6)
    socket.send(Buffer.concat([header, query.subarray(12, end + 4), ...alias, ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

const cnameType = 5
/** A pointer to the question (RFC 1035, 4.1.4). */
const nameAsAsked = Buffer.from([0xc0, 0x0c])

function record(owner: Buffer, type: number, ttl: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(ttl, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([owner, fixed, data])
}

const encoded = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (;;) {
    const length = query[at] ?? 0
    at += 1
    if (length === 0) break
    labels.push(query.toString('latin1', at, at + length))
    at += length
  }
  return { name: labels.join('.').toLowerCase(), end: at }
}
