import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Capture } from '#model/capture.ts'
import { AssayError } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import { importFolder } from './folder-import.ts'
import type { Imported, ImportOptions } from './import-options.ts'
import { readLimits } from './limits.ts'
import { fileCapture } from './lone-file.ts'
import { type ArchiveFormat, openArchive } from './open.ts'
import { pageCapture, type PageSource } from './page-capture.ts'
import { groupPages, type PageGroup } from './page-groups.ts'
import { PageReferences } from './page-references.ts'
import { restoreCapture } from './restore.ts'
import { Spill } from './spill.ts'
import { type ExchangeEntry, type StoredArchive, storeArchive } from './stored-archive.ts'
import type { StoredExchange } from './stored-exchange.ts'

export type { Imported, ImportOptions } from './import-options.ts'

const formatNames: Record<ArchiveFormat, string> = {
  folder: 'folder of files',
  wacz: 'WACZ',
  warc: 'WARC',
  arc: 'ARC',
  har: 'HAR',
  mhtml: 'MHTML file',
  html: 'saved page',
  manifest: 'manifest',
  wasm: 'file',
  script: 'file',
  text: 'file',
}

/**
 * A file or folder → captures, one at a time: of lane `archive` one for each page, of lane `file` a lone script, module, shader or text.
 * A WACZ or HAR that was exported from a capture gives back that capture, octet for octet. What can be read of a damaged
 * archive is kept, and the captures say `truncated`. An archive is read through before its first page is given out; in memory there are
 * its addresses and the page at hand. Throws `NOT_FOUND`, `UNSUPPORTED`, `BAD_INPUT_FILE`, `TOO_LARGE`, `INTERRUPTED`.
 */
export async function* readCaptures(
  path: string,
  blobs: BlobStore,
  options: ImportOptions = {},
): AsyncGenerator<Imported, void, undefined> {
  const limits = readLimits(options.limits)
  await options.onFile?.(path)
  const archive = await openArchive(path, limits, { media: false, ...(options.onRead ? { onRead: options.onRead } : {}) })
  if (archive.format === 'folder') {
    yield* importFolder(path, blobs, options, limits, readCaptures)
    return
  }
  await using spill = new Spill()
  const stored = await storeArchive(archive.items, blobs, spill, limits, options.signal)
  for (const { reason, count } of stored.losses)
    options.onSkip?.(path, count === null || count === 1 ? reason : `${reason} (${count} times)`)
  const otherwiseAt = (await stat(path)).mtime.toISOString()

  for (const place of stored.manifests) yield { file: path, capture: await restoreCapture(await spill.read(place), basename(path), blobs) }
  if (stored.manifests.length > 0) return

  const [first] = stored.exchanges
  if (!first) throw nothingIn(basename(path), stored)
  if (archive.format === 'wasm' || archive.format === 'script' || archive.format === 'text') {
    yield { file: path, capture: fileCapture(await stored.load(first), otherwiseAt) }
    return
  }
  const source: PageSource = {
    format: formatNames[archive.format],
    archive: stored,
    isLog: archive.format === 'har',
    otherwiseAt,
    classify: options.classify ?? null,
  }
  const { groups, unassigned, left } = groupPages(stored, source.isLog, limits.maxPages)
  if (left > 0) options.onSkip?.(path, `more than ${limits.maxPages} pages (${left} more)`)
  if (unassigned > 0) options.onSkip?.(path, `${unassigned} exchanges that no page names`)
  for await (const capture of capturesOf(groups, stored, source, blobs, limits.maxPageExchanges)) yield { file: path, capture }
}

/** All captures of a file or folder at once: for what is known to be small. */
export function importFile(path: string, blobs: BlobStore, options: ImportOptions = {}): Promise<Imported[]> {
  return Array.fromAsync(readCaptures(path, blobs, options))
}

function nothingIn(name: string, stored: StoredArchive): AssayError {
  const why = stored.losses
    .slice(0, 3)
    .map((loss) => loss.reason)
    .join('; ')
  const code = stored.losses.some((loss) => loss.code === 'TOO_LARGE') ? 'TOO_LARGE' : 'BAD_INPUT_FILE'
  return new AssayError(code, `${name} holds nothing that can be read${why === '' ? '' : `: ${why}`}`)
}

async function* capturesOf(
  groups: readonly PageGroup<ExchangeEntry>[],
  stored: StoredArchive,
  source: PageSource,
  blobs: BlobStore,
  maxMembers: number,
): AsyncGenerator<Capture, void, undefined> {
  const references = new PageReferences(blobs)
  const everywhere = indexByUrl(stored.exchanges)
  for (const entries of groups) {
    const loaded = new Map<ExchangeEntry, Promise<StoredExchange>>()
    const load = (entry: ExchangeEntry): Promise<StoredExchange> => {
      const known = loaded.get(entry) ?? stored.load(entry)
      loaded.set(entry, known)
      return known
    }
    const kept = entries.members.slice(0, maxMembers)
    const left = entries.members.length - kept.length
    const own = indexByUrl(kept)
    // A crawl fetches what several pages share once: what a page names is its own, wherever in the archive it stands.
    const lookup = async (url: string): Promise<StoredExchange | null> => {
      const entry = own.get(url) ?? (source.isLog ? undefined : everywhere.get(url))
      return entry === undefined ? null : load(entry)
    }
    const group: PageGroup = {
      page: entries.page,
      first: await load(entries.first),
      main: await load(entries.main),
      members: await Promise.all(kept.map(load)),
    }
    const ofPage: PageSource = left === 0 ? source : withLoss(source, `more than ${maxMembers} exchanges of one page`, left)
    yield await pageCapture(group, await references.follow(group.main, lookup), ofPage, references, blobs)
  }
}

function withLoss(source: PageSource, reason: string, count: number): PageSource {
  return { ...source, archive: { ...source.archive, losses: [...source.archive.losses, { reason, count, code: 'TOO_LARGE' }] } }
}

/** The first answer with a body stands for its address; else the first. */
function indexByUrl(exchanges: readonly ExchangeEntry[]): Map<string, ExchangeEntry> {
  const index = new Map<string, ExchangeEntry>()
  for (const entry of exchanges) {
    if (entry.contentId !== null) index.set(entry.contentId, entry)
    const known = index.get(entry.url)
    if (known === undefined || (known.body.status !== 'stored' && entry.body.status === 'stored')) index.set(entry.url, entry)
  }
  return index
}
