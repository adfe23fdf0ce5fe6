import { addressOf } from './account.ts'
import type { PoolMessage } from './message.ts'

export interface ShapedMessage extends PoolMessage {
  dialect: 'renamed'
  /** Short values in it: a share names the job that it answers, whatever the member is called. */
  tokens: string[]
}

/**
 * What a message with unknown names would be in a mining dialogue, by the form of its values alone: a hashing blob is 76 octets and a few
 * (https://monerodocs.org, block hashing blob; an 80 octet header in Bitcoin's kin), a target 4 or 8 or 32, a nonce 4 or 8, a result 32.
 * Each alone is weak: `dialogueOf` asks for both sides.
 */
export function messageByShape(value: unknown): Omit<ShapedMessage, 'layers'> | null {
  const leaves = leavesOf(value)
  if (leaves === null) return null
  const sizes = leaves.map(octetsIn)
  const blob = sizes.findIndex((size) => size >= 70 && size <= 200)
  const tokens = leaves.filter((leaf): leaf is string | number => typeof leaf === 'string' || typeof leaf === 'number').map(String).filter((token) => token.length > 0 && token.length <= 64)
  const is = (role: 'job' | 'submit' | 'login', account: string | null = null) => ({ dialect: 'renamed' as const, role, method: null, account, pool: null, family: null, jobId: null, tokens })
  const others = leaves.filter((leaf, at) => at !== blob && !(typeof leaf === 'string' && leaf.length > 200))
  if (blob >= 0 && others.length <= 14 && mixed(leaves[blob]!)) {
    const hasTarget = leaves.some((leaf, at) => at !== blob && ([3, 4, 8, 32].includes(sizes[at]!) || (typeof leaf === 'number' && leaf > 0)))
    if (hasTarget) return is('job')
  }
  const digests = sizes.filter((size) => size === 32).length
  const hasNonce = leaves.some((leaf, at) => [4, 8].includes(sizes[at]!) || (typeof leaf === 'number' && Number.isSafeInteger(leaf) && leaf >= 0))
  if (blob < 0 && digests >= 1 && digests <= 2 && hasNonce && leaves.length <= 12) return is('submit')
  for (const leaf of leaves) {
    const address = typeof leaf === 'string' && leaf.length >= 95 ? addressOf(leaf) : null
    if (address !== null) return is('login', address.address)
  }
  return null
}

type Leaf = string | number | Uint8Array

/** Values at the ends, at most four levels and 40 of them; null where there are more: no pool message is that large. */
function leavesOf(value: unknown): Leaf[] | null {
  const leaves: Leaf[] = []
  const walk = (node: unknown, depth: number): boolean => {
    if (typeof node === 'string' || typeof node === 'number' || node instanceof Uint8Array) return leaves.push(node) <= 40
    if (typeof node !== 'object' || node === null) return true
    return depth < 4 && Object.values(node).every((member) => walk(member, depth + 1))
  }
  return typeof value === 'object' && value !== null && walk(value, 0) ? leaves : null
}

/** Octets that a value stands for: binary, hex of at least 6 digits, or base64 of 32 octets and more; -1 for anything else. */
function octetsIn(leaf: Leaf): number {
  if (leaf instanceof Uint8Array) return leaf.length
  if (typeof leaf !== 'string') return -1
  if (/^(0x)?[0-9a-fA-F]{6,}$/.test(leaf)) {
    const digits = leaf.startsWith('0x') ? leaf.length - 2 : leaf.length
    return digits % 2 === 0 ? digits / 2 : -1
  }
  if (leaf.length >= 43 && leaf.length <= 272 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(leaf)) {
    const digits = leaf.replace(/=+$/, '').length
    return digits % 4 === 1 ? -1 : Math.floor((digits * 3) / 4)
  }
  return -1
}

/** Octets of a real block vary; zeros, or a sentence without digits, do not. */
function mixed(leaf: Leaf): boolean {
  const text = leaf instanceof Uint8Array ? Buffer.from(leaf).toString('hex') : String(leaf)
  return new Set(text).size >= 8 && /\d/.test(text)
}
