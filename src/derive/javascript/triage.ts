import { trackerMarks } from '../trackers.ts'
import { LiteralAutomaton } from './automaton.ts'

/**
 * Marks that make a script worth parsing, by what they stand for. `strong`: one is enough. `hiding`: traces of packers and string encoders.
 * `parts`: what a miner needs and much else has; two kinds of them together are worth a look.
 */
const strong = [
  'cryptonight',
  'CryptoNight',
  'Cryptonight',
  'randomx',
  'RandomX',
  'hashesPerSecond',
  'getHashesPerSecond',
  'hashesTotal',
  'hash_accepted',
  'site_key',
  'siteKey',
  'stratum',
  'mining.',
  'job_id',
  'jobId',
  'jobid',
  'midstate',
  'AGFzb',
  '0061736d',
  '0,97,115,109',
  '0, 97, 115, 109',
  '0x00,0x61,0x73,0x6d',
  '0x61,0x73,0x6d',
  'use asm',
  '2097136',
  '0x1ffff0',
  '0x1FFFF0',
  '1048560',
  'hashrate',
  'hashRate',
  'Hashrate',
  'coinhive',
  'JOB,',
  'setThrottle',
  '@compute',
  // The same in base64, at each of its three alignments.
  'QGNvbXB1',
  'b21wdXRl',
  'Y29tcHV0',
  'createShaderModule',
  'startMining',
  'startMiner',
  'Miner(',
  'miner.start',
  'moneroocean',
  'proof-of-work',
  'proofOfWork',
  'proof of work',
  'Proof of Work',
  'hashcash',
  'webminer',
  'WebMiner',
  '.Anonymous(',
  'mining',
] as const
const hiding = [
  '_0x',
  'eval(',
  'eval (',
  ',eval)',
  ', eval)',
  'Function(',
  'unescape(',
  'decodeURIComponent(',
  'fromCharCode',
  'atob(',
  '\\x',
  '\\u00',
  '(![]+[])',
  '[][',
  '\uff9f\u03c9\uff9f',
  'document.write(',
  'document["write"]',
  '.split("|")',
  ".split('|')",
  'parseInt(',
  'charCodeAt',
  'constructor',
  'fromCodePoint',
  'TextDecoder',
  '__proto__',
] as const
/** In a small script these are reason enough: it costs little to parse, and a loader is small. */
const loading = ['window[', 'self[', 'globalThis[', 'top[', '.start(', '"](', "'](", 'createElement', 'importScripts', 'import('] as const
const parts = {
  worker: ['Worker(', 'importScripts', 'hardwareConcurrency', 'navigator.deviceMemory'],
  socket: ['WebSocket', 'RTCDataChannel', 'WebTransport', 'EventSource'],
  wasm: ['WebAssembly'],
  nonce: ['nonce', 'difficulty'],
  hash: [
    '1116352408',
    '0x428a2f98',
    '0x428A2F98',
    '1518500249',
    '0x5a827999',
    '0x5A827999',
    '0x6a09e667',
    '0x6A09E667',
    '1779033703',
    'sha256',
    'SHA-256',
    'sha1',
    'SHA256',
    'keccak',
    'Keccak',
    'SHA3',
    'blake2',
    '2147516545',
    '0x80008081',
  ],
  clipboard: ['writeText', 'execCommand', 'ClipboardItem'],
  shell: [
    'powershell',
    'PowerShell',
    'POWERSHELL',
    'mshta',
    'msiexec',
    'cmd /c',
    'cmd.exe',
    'bash -c',
    '| bash',
    '|bash',
    '| sh',
    '| iex',
    '|iex',
    'osascript',
  ],
  pay: ['wallet', 'pool', 'miner', 'Miner', 'throttle'],
} as const

export interface Triage {
  /** Whether to parse. */
  suspect: boolean
  /** Whether to run it in the emulator with a large budget. */
  hides: boolean
  marks: string[]
  /** Literals of signatures that stand in the octets. */
  literals: string[]
  /** Marks of trackers that stand in them. */
  trackers: string[]
}

const ofTrackers: ReadonlySet<string> = new Set(trackerMarks)
const automata = new Map<string, LiteralAutomaton>()

/** Signatures' literals ride in the same pass; the automaton is made once for each set of them. */
export function triage(octets: Uint8Array, literals: readonly string[], version: string): Triage {
  let automaton = automata.get(version)
  if (automaton === undefined) {
    automaton = new LiteralAutomaton([
      ...new Set([...strong, ...hiding, ...loading, ...Object.values(parts).flat(), ...trackerMarks, ...literals]),
    ])
    automata.set(version, automaton)
  }
  const counts = automaton.scan(octets)
  const own = literals.filter((literal) => counts.has(literal))
  const count = (literal: string): number => counts.get(literal) ?? 0
  const kinds = Object.entries(parts)
    .filter(([, marks]) => marks.some((mark) => counts.has(mark)))
    .map(([kind]) => kind)
  const run = longestRun(octets, count)
  const hides = isHiding(octets.length, count) || (run >= minRun && run >= octets.length * 0.3)
  const marks = strong.filter((mark) => counts.has(mark)).map(String)
  const small = octets.length <= 4_096
  // A handler in an attribute has no mark, and says what a button sets off.
  const tiny = octets.length <= 160 && octets.length > 0
  const suspect =
    own.length > 0 ||
    marks.length > 0 ||
    hides ||
    run >= 4_096 ||
    tiny ||
    // So that hash libraries are named.
    (kinds.includes('hash') && octets.length <= 65_536) ||
    (kinds.length >= 2 && kinds.some((kind) => kind !== 'hash' && kind !== 'pay')) ||
    (small && (kinds.length > 0 || [...hiding, ...loading].some((mark) => counts.has(mark))))
  return {
    suspect,
    hides,
    marks: [...marks.slice(0, 12), ...(hides ? ['hides its text'] : []), ...kinds],
    literals: own,
    trackers: [...counts.keys()].filter((literal) => ofTrackers.has(literal)),
  }
}

const decoders = ['atob(', 'unescape(', 'fromCharCode', 'charCodeAt', 'parseInt(', 'decodeURIComponent(']
const runners = ['eval(', 'eval (', ',eval)', ', eval)', 'Function(', 'constructor']

/** A shorter stretch is no packed script, octets. */
const minRun = 256

/** What a text is written in that is unpacked: base64 and hexadecimal, character codes. */
const packed = new Uint8Array(256)
for (const sign of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-%,') packed[sign.charCodeAt(0)] = 1

/**
 * The longest stretch of it, in a script that decodes or runs something; 0 in others. However long it is, a packer has few marks around it,
 * so that counts by length say nothing; and its decoder may be spelled in any way.
 */
function longestRun(octets: Uint8Array, count: (literal: string) => number): number {
  if (![...decoders, ...runners].some((mark) => count(mark) > 0)) return 0
  let longest = 0
  // A stretch that counts holds one of these places.
  for (let at = minRun - 1; at < octets.length; at += minRun) {
    if (packed[octets[at]!] === 0) continue
    let from = at
    let to = at + 1
    while (from > 0 && packed[octets[from - 1]!] === 1) from--
    while (to < octets.length && packed[octets[to]!] === 1) to++
    longest = Math.max(longest, to - from)
    at += Math.floor((to - at) / minRun) * minRun
  }
  return longest
}

function isHiding(size: number, count: (literal: string) => number): boolean {
  const kilobytes = Math.max(1, size / 1_024)
  const runs =
    count('eval(') +
    count('eval (') +
    count(',eval)') +
    count(', eval)') +
    count('Function(') +
    count('document.write(') +
    count('document["write"]') +
    count('constructor')
  const decodes =
    count('unescape(') +
    count('fromCharCode') +
    count('atob(') +
    count(".split('|')") +
    count('.split("|")') +
    count('charCodeAt') +
    count('fromCodePoint') +
    count('TextDecoder') +
    count('parseInt(')
  if (count('_0x') >= 8 && count('_0x') / kilobytes >= 3) return true
  if ((count('\\x') + count('\\u00')) / kilobytes >= 12) return true
  if (count('(![]+[])') >= 4 || count('\uff9f\u03c9\uff9f') >= 2 || count('[][') >= 20) return true
  // Octets to text by whatever there is, and the global object by whatever gives it: what js-confuser writes before anything else.
  if (['fromCodePoint', 'TextDecoder', 'fromCharCode', 'Function(', 'constructor'].every((mark) => count(mark) >= 1) && size < 300_000)
    return true
  // A bundle holds both somewhere; a packed script is mostly them.
  return runs >= 1 && decodes >= 1 && size < 300_000 && (size < 8_192 || (runs + decodes) / kilobytes >= 0.15)
}
