import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { canonicalJson } from '#model/canonical.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { BlockLists, ListEntry, ListedRequest } from '#detect/block-lists.ts'

const maxOctets = 64 * 1024 * 1024

interface BlockList {
  name: string
  match(request: ListedRequest): ListEntry | null
}

/**
 * Lists in the format of hosts files, of bare domains, and in Adblock syntax, also mixed. Throws `NOT_FOUND`, `TOO_LARGE`, `BAD_INPUT_FILE`
 * (nothing in it is an entry).
 */
export async function loadBlockLists(files: readonly string[]): Promise<BlockLists> {
  const lists: BlockList[] = []
  const digests: string[] = []
  for (const file of files) {
    const text = await readList(file)
    lists.push(await blockListOf(text, basename(file), file))
    digests.push(sha256(Buffer.from(text)))
  }
  return {
    digest: sha256(Buffer.from(canonicalJson(digests))),
    names: lists.map(({ name }) => name),
    match: (request) => lists.map((list) => list.match(request)).filter((entry) => entry !== null),
  }
}

async function readList(file: string): Promise<string> {
  const info = await stat(file).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `the block list ${file} is not there`, { cause })
  })
  if (!info.isFile()) throw new AssayError('BAD_INPUT_FILE', `the block list ${file} is no file`)
  if (info.size > maxOctets)
    throw new AssayError('TOO_LARGE', `the block list ${file} has ${info.size} octets, and ${maxOctets} are read at most`)
  return readFile(file, 'utf8')
}

const hostName = '(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\\.)+[a-z0-9][a-z0-9-]*'
const hostsLine = new RegExp(`^(?:0\\.0\\.0\\.0|127\\.0\\.0\\.1|::1?|0)\\s+(${hostName})\\s*(?:#.*)?$`, 'i')
const domainLine = new RegExp(`^(${hostName})\\s*(?:#.*)?$`, 'i')

async function blockListOf(text: string, name: string, file: string): Promise<BlockList> {
  /** A hosts file names hosts, a list of domains also what is below them. */
  const hosts = new Map<string, ListEntry>()
  const domains = new Map<string, ListEntry>()
  const filters: string[] = []
  const lineOf = new Map<string, number>()
  for (const [at, raw] of text.split('\n').entries()) {
    const entry = raw.trim()
    if (entry === '' || entry.startsWith('!') || entry.startsWith('[') || /^#(?!#|@#|\?#|\$#)/.test(entry)) continue
    const place = { list: name, entry: entry.slice(0, 200), line: at + 1 }
    const host = hostsLine.exec(entry)?.[1]
    const domain = domainLine.exec(entry)?.[1]
    if (host !== undefined) hosts.set(host.toLowerCase(), place)
    else if (domain !== undefined) domains.set(domain.toLowerCase(), place)
    else {
      filters.push(entry)
      if (!lineOf.has(entry)) lineOf.set(entry, at + 1)
    }
  }
  const engine = filters.length === 0 ? null : await filterEngine(filters)
  if (hosts.size + domains.size + (engine?.size ?? 0) === 0)
    throw new AssayError('BAD_INPUT_FILE', `${file} holds no entry of a block list`, {
      hint: 'Lists are hosts files (0.0.0.0 host), one domain a line, or Adblock syntax (||host^).',
    })
  return {
    name,
    match(request) {
      const host = URL.parse(request.url)?.hostname.replace(/\.$/, '') ?? ''
      const named =
        hosts.get(host) ??
        parentsOf(host)
          .map((parent) => domains.get(parent))
          .find((entry) => entry !== undefined)
      if (named !== undefined) return named
      const entry = engine?.match(request) ?? null
      return entry === null ? null : { list: name, entry: entry.slice(0, 200), line: lineOf.get(entry) ?? null }
    },
  }
}

function parentsOf(host: string): string[] {
  const labels = host.split('.')
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join('.'))
}

interface FilterEngine {
  size: number
  match(request: ListedRequest): string | null
}

/** The engine is large; who names no list does not load it. */
async function filterEngine(filters: readonly string[]): Promise<FilterEngine> {
  const { FiltersEngine, Request } = await import('@ghostery/adblocker')
  const engine = FiltersEngine.parse(filters.join('\n'), { debug: true, loadCosmeticFilters: false })
  return {
    size: engine.getFilters().networkFilters.length,
    match({ url, source, type }) {
      const { match, filter } = engine.match(
        Request.fromRawDetails({ url, sourceUrl: source, type: type === 'document' ? 'main_frame' : type }),
      )
      return match ? (filter?.toString() ?? null) : null
    },
  }
}
