import { addressOf } from './account.ts'
import type { PoolMessage } from './message.ts'

export interface ShapedMessage extends PoolMessage {
  dialect: 'renamed'
  /** Short values in it: a share names the job that it answers, whatever the member is called. */
  tokens: string[]
  /**
   * `form`: the values say it. `raw`: octets without members, which say it only after a coin address was sent in the same conversation.
   * `greeting`: says who it is as much else does; counts once jobs and shares have shown what the conversation is about.
   * `line`: numbers between commas; an answer to a job that was a line as well.
   */
  told: 'form' | 'raw' | 'greeting' | 'line'
  /** Of a raw message, octets. */
  size?: number
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
  const tokens = leaves
    .filter((leaf): leaf is string | number => typeof leaf === 'string' || typeof leaf === 'number')
    .map(String)
    .filter((token) => token.length > 0 && token.length <= 64)
  const is = (role: 'job' | 'submit' | 'login', account: string | null = null) => ({
    dialect: 'renamed' as const,
    role,
    method: null,
    account,
    pool: null,
    family: null,
    jobId: null,
    tokens,
    told: 'form' as const,
  })
  const others = leaves.filter((leaf, at) => at !== blob && !(typeof leaf === 'string' && leaf.length > 200))
  if (blob >= 0 && others.length <= 14 && mixed(leaves[blob]!)) {
    const hasTarget = leaves.some(
      (leaf, at) => at !== blob && ([3, 4, 8, 32].includes(sizes[at]!) || (typeof leaf === 'number' && leaf > 0)),
    )
    if (hasTarget) return is('job')
  }
  const digests = sizes.filter((size) => size === 32).length
  const hasNonce = leaves.some(
    (leaf, at) => [4, 8].includes(sizes[at]!) || (typeof leaf === 'number' && Number.isSafeInteger(leaf) && leaf >= 0),
  )
  if (blob < 0 && digests >= 1 && digests <= 2 && hasNonce && leaves.length <= 12) return is('submit')
  for (const leaf of leaves) {
    const address = typeof leaf === 'string' && leaf.length >= 95 ? addressOf(leaf) : null
    if (address !== null) return is('login', address.address)
  }
  const key = greetingOf(value)
  return key === null ? null : { ...is('login', key), told: 'greeting' }
}

const greetings = /^(login|auth|authorize|authorise|connect|subscribe|handshake|hello|init|register|start|join|open|mine)$/i
const keyNames = ['site_key', 'sitekey', 'siteKey', 'key', 'login', 'wallet', 'address', 'user', 'username', 'account', 'id'] as const

/** `{command: 'auth', key: …}`: a word of greeting and a key, and nothing that a person would type. */
function greetingOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return null
  const members = Object.entries(value)
  if (
    members.length > 12 ||
    !members.some(([, member]) => typeof member === 'string' && greetings.test(member)) ||
    members.some(([name]) => /password|email/i.test(name))
  )
    return null
  const inner = members
    .map(([, member]) => member as unknown)
    .filter((member): member is object => typeof member === 'object' && member !== null && !Array.isArray(member))
  for (const fields of [value, ...inner] as Readonly<Record<string, unknown>>[]) {
    for (const name of keyNames) {
      const key = fields[name]
      if (typeof key === 'string' && /^[\w.+-]{12,128}$/.test(key)) return key
    }
  }
  return null
}

/** Nonce, hash rate and names, as Duino-Coin's clients hand in what they found. */
export function messageByLine(text: string): Omit<ShapedMessage, 'layers'> | null {
  return /^\d{1,12},\d{1,12}(?:\.\d{1,12})?(?:,[^,\n]{0,64}){1,4}$/.test(text.trim())
    ? { dialect: 'renamed', role: 'submit', method: null, account: null, pool: null, family: null, jobId: null, tokens: [], told: 'line' }
    : null
}

const minRaw = 24
const maxRaw = 512

/** Octets that are neither text nor a known packing: an address with its checksum, or what has the size of a job or a share. */
export function messageByOctets(octets: Uint8Array): Omit<ShapedMessage, 'layers'> | null {
  if (octets.length < minRaw || octets.length > maxRaw) return null
  const is = (role: 'job' | 'submit' | 'login', account: string | null = null) => ({
    dialect: 'renamed' as const,
    role,
    method: null,
    account,
    pool: null,
    family: null,
    jobId: null,
    tokens: windowsOf(octets),
    told: 'raw' as const,
    size: octets.length,
  })
  for (const [run] of Buffer.from(octets)
    .toString('latin1')
    .matchAll(/[1-9A-HJ-NP-Za-km-z]{26,112}/g)) {
    // An octet of length or type before the address may look like one of its digits.
    for (const from of [0, 1, 2]) {
      const address = addressOf(run.slice(from))
      if (address !== null) return is('login', address.address)
    }
  }
  if (new Set(octets).size < Math.min(20, octets.length * 0.6)) return null
  return octets.length >= 74 ? is('job') : octets.length >= 36 ? is('submit') : null
}

/** Four octets in a row from the head, where a message's type and a job's number stand. */
function windowsOf(octets: Uint8Array): string[] {
  const head = Buffer.from(octets.subarray(0, 16))
  return Array.from({ length: Math.max(0, head.length - 3) }, (_, at) => head.subarray(at, at + 4))
    .filter((window) => new Set(window).size >= 3)
    .map((window) => window.toString('hex'))
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
