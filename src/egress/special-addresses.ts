import { type Address, formatAddress, inRange, ipv4, parseRange, type Range } from './address.ts'

/**
 * How closed a block is.
 * `private`: somebody's own network; opened by `--allow-private` or a range.
 * `special`: documentation, benchmarking, reserved, deprecated, and the addresses where clouds hand out credentials; opened by a range that names it, never by `--allow-private`.
 * `never`: no destination for a connection (multicast, broadcast, unspecified); opened by nothing.
 */
export type Closure = 'private' | 'special' | 'never'

export interface SpecialBlock {
  range: Range
  closure: Closure
  name: string
  /** The registry's entry or the document that says so. */
  source: string
}

/**
 * IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, updated by RFC 8190), IPv4 Multicast Address Space, IPv6 Address
 * Space; and the metadata services of clouds by their vendors' documents. The first block that holds an address decides.
 * Stricter than the registries in one thing: 2001::/23 and 192.0.0.0/24 are closed whole, also their few globally reachable anycast addresses.
 */
const rows: [cidr: string, closure: Closure, name: string, source: string][] = [
  ['169.254.169.254', 'special', 'cloud metadata service', 'AWS, Azure, Google Cloud, OpenStack instance metadata'],
  ['169.254.170.0/24', 'special', 'cloud credentials service', 'AWS ECS task and EKS pod identity'],
  ['100.100.100.200', 'special', 'cloud metadata service', 'Alibaba Cloud instance metadata'],
  ['192.0.0.192', 'special', 'cloud metadata service', 'Oracle Cloud instance metadata'],
  ['168.63.129.16', 'special', 'cloud platform service', 'Azure virtual public address'],
  ['fd00:ec2::/32', 'special', 'cloud metadata service', 'AWS instance metadata over IPv6'],
  ['fd20:ce::254', 'special', 'cloud metadata service', 'Google Cloud instance metadata over IPv6'],

  ['0.0.0.0/8', 'never', 'this network', 'RFC 791, 3.2'],
  ['10.0.0.0/8', 'private', 'private use', 'RFC 1918'],
  ['100.64.0.0/10', 'private', 'shared address space (carrier NAT)', 'RFC 6598'],
  ['127.0.0.0/8', 'private', 'loopback', 'RFC 1122, 3.2.1.3'],
  ['169.254.0.0/16', 'private', 'link-local', 'RFC 3927'],
  ['172.16.0.0/12', 'private', 'private use', 'RFC 1918'],
  ['192.0.0.0/24', 'special', 'IETF protocol assignments', 'RFC 6890, 2.1'],
  ['192.0.2.0/24', 'special', 'documentation', 'RFC 5737'],
  ['192.88.99.0/24', 'special', 'deprecated 6to4 relay anycast', 'RFC 7526'],
  ['192.168.0.0/16', 'private', 'private use', 'RFC 1918'],
  ['198.18.0.0/15', 'special', 'benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'special', 'documentation', 'RFC 5737'],
  ['203.0.113.0/24', 'special', 'documentation', 'RFC 5737'],
  ['224.0.0.0/4', 'never', 'multicast', 'RFC 5771'],
  ['255.255.255.255', 'never', 'limited broadcast', 'RFC 8190'],
  ['240.0.0.0/4', 'special', 'reserved', 'RFC 1112, 4'],

  ['::', 'never', 'unspecified', 'RFC 4291, 2.5.2'],
  ['::1', 'private', 'loopback', 'RFC 4291, 2.5.3'],
  ['::/96', 'special', 'deprecated IPv4-compatible', 'RFC 4291, 2.5.5.1'],
  ['::ffff:0:0:0/96', 'special', 'IPv4-translated', 'RFC 7915, 2'],
  ['64:ff9b:1::/48', 'special', 'local-use NAT64', 'RFC 8215'],
  ['100::/64', 'special', 'discard only', 'RFC 6666'],
  ['100:0:0:1::/64', 'special', 'dummy prefix', 'RFC 9780'],
  ['2001::/32', 'special', 'Teredo', 'RFC 4380'],
  ['2001:2::/48', 'special', 'benchmarking', 'RFC 5180'],
  ['2001:db8::/32', 'special', 'documentation', 'RFC 3849'],
  ['2001::/23', 'special', 'IETF protocol assignments', 'RFC 2928'],
  ['3fff::/20', 'special', 'documentation', 'RFC 9637'],
  ['5f00::/16', 'special', 'segment routing identifiers', 'RFC 9602'],
  ['fc00::/7', 'private', 'unique local', 'RFC 4193'],
  ['fe80::/10', 'private', 'link-local', 'RFC 4291, 2.5.6'],
  ['fec0::/10', 'private', 'deprecated site-local', 'RFC 3879'],
  ['ff00::/8', 'never', 'multicast', 'RFC 4291, 2.7'],
]

const range = (cidr: string): Range => {
  const parsed = parseRange(cidr)
  if (!parsed) throw new RangeError(`not a range: ${cidr}`)
  return parsed
}

export const specialBlocks: readonly SpecialBlock[] = rows.map(([cidr, closure, name, source]) => ({
  range: range(cidr),
  closure,
  name,
  source,
}))

const globalUnicast = range('2000::/3')
const mapped = range('::ffff:0:0/96')
const nat64 = range('64:ff9b::/96')
const unassigned: SpecialBlock = {
  range: range('::/0'),
  closure: 'special',
  name: 'not global unicast',
  source: 'IANA IPv6 Address Space: only 2000::/3 is allocated',
}

/** The block that closes an address, by its own bits; null for a public one. What it embeds is looked at by `embedded`. */
export function blockOf(address: Address): SpecialBlock | null {
  const block = specialBlocks.find((each) => inRange(address, each.range))
  if (block) return block
  if (address.family === 4 || inRange(address, globalUnicast) || inRange(address, mapped) || inRange(address, nat64)) return null
  return unassigned
}

const under = (first: string) => {
  const prefix = range(first)
  return (address: Address): boolean => inRange(address, prefix)
}

/** Forms of IPv6 that carry an IPv4 address to which something on the way may deliver, and where in it that stands. */
const embeddings: { name: string; source: string; holds: (address: Address) => boolean; inner: (value: bigint) => bigint[] }[] = [
  { name: 'IPv4-mapped', source: 'RFC 4291, 2.5.5.2', holds: under('::ffff:0:0/96'), inner: (value) => [value] },
  { name: 'IPv4-compatible', source: 'RFC 4291, 2.5.5.1', holds: (a) => under('::/96')(a) && a.value > 0xffffn, inner: (value) => [value] },
  { name: 'IPv4-translated', source: 'RFC 7915', holds: under('::ffff:0:0:0/96'), inner: (value) => [value] },
  { name: 'NAT64', source: 'RFC 6052, 2.1', holds: under('64:ff9b::/96'), inner: (value) => [value] },
  { name: '6to4', source: 'RFC 3056', holds: under('2002::/16'), inner: (value) => [value >> 80n] },
  { name: 'Teredo', source: 'RFC 4380, 4', holds: under('2001::/32'), inner: (value) => [value >> 64n, ~value] },
  {
    name: 'ISATAP',
    source: 'RFC 5214, 6.1',
    holds: (a) => a.family === 6 && [0x5efen, 0x2005efen].includes((a.value >> 32n) & 0xffffffffn),
    inner: (value) => [value],
  },
]

/** IPv4 addresses that an IPv6 address carries, with the name of the form. Empty for most. */
export function embedded(address: Address): { address: Address; form: string; source: string }[] {
  return embeddings
    .filter((form) => form.holds(address))
    .flatMap((form) => form.inner(address.value).map((value) => ({ address: ipv4(value), form: form.name, source: form.source })))
}

/** An IPv4-mapped address is the IPv4 address itself to the kernel; every other stays what it is. */
export function unmapped(address: Address): Address {
  return inRange(address, mapped) ? ipv4(address.value) : address
}

export function describe(address: Address, block: SpecialBlock): string {
  return `${formatAddress(address)} is ${block.name} (${block.source})`
}
