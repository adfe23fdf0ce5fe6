/**
 * Digest of a text by which two much alike are told without either: MinHash with one permutation (Broder 1997; Li, Owen and Zhang 2012)
 * over runs of tokens. Short names count as one, since a minifier deals them anew. 256 bins: a standard error of 3 points at worst.
 */
export type SimilarityDigest = Uint32Array

const bins = 256
const empty = 0xffffffff
const tokensInRun = 4
const maxOctets = 8 * 1024 * 1024
const octetsInRun = 6

export function similarityDigest(octets: Uint8Array): SimilarityDigest {
  const digest = new Uint32Array(bins).fill(empty)
  const cut = octets.length > maxOctets ? octets.subarray(0, maxOctets) : octets
  const text = textOf(cut)
  if (text === null) overOctets(cut, digest)
  else overTokens(text, digest)
  return digest
}

/** Share of the runs that both have (Jaccard's), 0 to 1, estimated; 1 for two of nothing. */
export function similarity(a: SimilarityDigest, b: SimilarityDigest): number {
  let either = 0
  let both = 0
  for (let bin = 0; bin < bins; bin++) {
    if (a[bin] === empty && b[bin] === empty) continue
    either++
    if (a[bin] === b[bin]) both++
  }
  return either === 0 ? 1 : both / either
}

function textOf(octets: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    return null
  }
}

function overTokens(text: string, digest: SimilarityDigest): void {
  const run: number[] = []
  for (const [token] of text.matchAll(/[A-Za-z_$][\w$]*|\d+(?:\.\d+)?|[^\s\w]/g)) {
    run.push(hashOf(/^[A-Za-z_$][\w$]?$/.test(token) ? '_' : token))
    if (run.length > tokensInRun) run.shift()
    if (run.length === tokensInRun) keep(mix(run), digest)
  }
  // A text shorter than a run is its own.
  if (run.length > 0 && run.length < tokensInRun) keep(mix(run), digest)
}

function overOctets(octets: Uint8Array, digest: SimilarityDigest): void {
  for (let at = 0; at + octetsInRun <= octets.length; at++) keep(mix(octets.subarray(at, at + octetsInRun)), digest)
}

function keep(hash: number, digest: SimilarityDigest): void {
  const bin = hash % bins
  if (hash < digest[bin]!) digest[bin] = hash
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Over a run, with the finalizer of MurmurHash3, so that every bit counts in the choice of the bin. */
function mix(values: Iterable<number>): number {
  let hash = 0x811c9dc5
  for (const value of values) hash = Math.imul(hash ^ value, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
