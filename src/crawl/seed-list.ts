import { AssayError } from '#model/errors.ts'
import { parseSeedUrl, type Seed } from '#model/seed.ts'

export interface BadLine {
  /** Counted from 1. */
  line: number
  reason: string
  /** The line itself, cut. */
  text: string
}

export interface SeedList {
  seeds: Seed[]
  bad: BadLine[]
}

export interface SeedListOptions {
  /** Added to every seed. */
  tags?: readonly string[]
  scope?: Seed['scope']
  /** Only the first so many good lines. */
  limit?: number
}

/** An index takes keys of a third of a page; what is longer is no address that people list. */
const longestUrl = 2000

/** Columns that lists name, in small letters: Tranco and Alexa have no header, Majestic has `GlobalRank,TldRank,Domain,…`. */
const columns: Record<string, 'rank' | 'address' | 'tags'> = {
  rank: 'rank',
  globalrank: 'rank',
  position: 'rank',
  domain: 'address',
  url: 'address',
  host: 'address',
  hostname: 'address',
  site: 'address',
  website: 'address',
  origin: 'address',
  address: 'address',
  name: 'address',
  tags: 'tags',
  tag: 'tags',
  category: 'tags',
  stratum: 'tags',
}

/**
 * A list as people have them: Tranco, Alexa, Umbrella, Majestic; `rank,domain` or `rank,URL` without a header; plain domains or URLs.
 * Comma, semicolon or tab; quoted or not; UTF-8 or UTF-16 with a mark. Empty lines and lines that begin with # are passed over; several tags are
 * parted by spaces or bars. A bad line is named and the others are kept; of two lines with one address the first counts. Never throws.
 */
export function parseSeedList(bytes: Uint8Array, options: SeedListOptions = {}): SeedList {
  const { tags = [], scope = 'page', limit = Infinity } = options
  const list: SeedList = { seeds: [], bad: [] }
  const lineOf = new Map<string, number>()
  let form: Form | null = null
  for (const { text, number } of linesOf(bytes)) {
    if (list.seeds.length >= limit) break
    const bad = (reason: string) => list.bad.push({ line: number, reason, text: (text ?? '').slice(0, 120) })
    if (text === null) {
      bad('is not UTF-8')
      continue
    }
    const line = text.trim()
    if (line === '' || line.startsWith('#')) continue
    if (form === null) {
      const header = headerOf(line)
      form = header ?? formOf(line)
      if (header !== null) continue
    }
    try {
      const seed = seedFrom(line, form, scope, tags)
      const first = lineOf.get(seed.url)
      if (first !== undefined) bad(`repeats line ${first}`)
      else {
        lineOf.set(seed.url, number)
        list.seeds.push(seed)
      }
    } catch (error) {
      bad(error instanceof AssayError ? error.message : String(error))
    }
  }
  return list
}

interface Form {
  separator: string | null
  rank: number | null
  address: number
  tags: number | null
}

function headerOf(line: string): Form | null {
  const separator = separatorOf(line)
  const names = fieldsOf(line, separator).map((name) => columns[name.toLowerCase().replaceAll(/[ _-]/g, '')])
  const at = (name: 'rank' | 'address' | 'tags') => (names.includes(name) ? names.indexOf(name) : null)
  // A lone word that a column is called by is a header too: no address is a word without a dot.
  return at('address') === null ? null : { separator, rank: at('rank'), address: at('address') ?? 0, tags: at('tags') }
}

function formOf(line: string): Form {
  const separator = separatorOf(line)
  const fields = fieldsOf(line, separator)
  return fields.length > 1 && /^\d+$/.test(fields[0] ?? '')
    ? { separator, rank: 0, address: 1, tags: null }
    : { separator, rank: null, address: 0, tags: null }
}

/** A URL may hold commas: only what follows a number or a bare name parts fields. */
function separatorOf(line: string): string | null {
  if (/^"?https?:\/\//i.test(line) && !line.includes('\t')) return null
  return ['\t', ',', ';'].find((separator) => line.includes(separator)) ?? null
}

function fieldsOf(line: string, separator: string | null): string[] {
  if (separator === null) return [unquoted(line)]
  const fields: string[] = []
  let rest = line
  for (;;) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*/.exec(rest)
    const end = quoted && (rest[quoted[0].length] ?? separator) === separator ? quoted[0].length : rest.indexOf(separator)
    const stop = end < 0 ? rest.length : end
    fields.push(unquoted(rest.slice(0, stop)))
    if (stop >= rest.length) return fields
    rest = rest.slice(stop + 1)
  }
}

const unquoted = (text: string) =>
  text
    .trim()
    .replace(/^"([\s\S]*)"$/, '$1')
    .replaceAll('""', '"')
    .trim()

function seedFrom(line: string, form: Form, scope: Seed['scope'], tags: readonly string[]): Seed {
  let fields = fieldsOf(line, form.separator)
  // `rank,URL`: the rest of the line is the address, commas and all.
  if (form.rank === 0 && form.address === 1 && form.tags === null && /^https?:\/\//i.test(fields[1] ?? ''))
    fields = [fields[0] ?? '', fields.slice(1).join(form.separator ?? '')]
  const address = fields[form.address]
  if (address === undefined || address === '') throw new AssayError('BAD_URL', 'has no address')
  if (address.length > longestUrl)
    throw new AssayError('BAD_URL', `has an address of ${address.length} characters; ${longestUrl} are the most`)
  const url = parseSeedUrl(address)
  const { hostname } = new URL(url)
  if (!/^https?:\/\//i.test(address) && !hostname.includes('.') && !hostname.startsWith('['))
    throw new AssayError('BAD_URL', `"${address.slice(0, 60)}" is no name of a site: it has no dot`)
  const seed: Seed = {
    url,
    tags: [...new Set([...tags, ...(form.tags === null ? [] : (fields[form.tags] ?? '').split(/[\s|]+/).filter(Boolean))])],
    scope,
  }
  if (form.rank !== null) {
    const rank = fields[form.rank] ?? ''
    if (!/^\d{1,10}$/.test(rank) || Number(rank) < 1 || Number(rank) > 2_147_483_647)
      throw new AssayError('BAD_URL', `has "${rank.slice(0, 40)}" for a rank`)
    seed.rank = Number(rank)
  }
  return seed
}

/** Lines as text, or null where the octets are no text. */
function* linesOf(bytes: Uint8Array): Iterable<{ text: string | null; number: number }> {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    const whole = new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes)
    let number = 0
    for (const text of whole.split(/\r\n|\n|\r/)) yield { text, number: ++number }
    return
  }
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    let text: string | null
    try {
      text = decoder.decode(bytes.subarray(start, end))
    } catch {
      text = null
    }
    yield { text, number }
    start = end + 1
  }
}
