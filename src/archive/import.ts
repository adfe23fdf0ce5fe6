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
import { groupPages } from './page-groups.ts'
import { PageReferences } from './page-references.ts'
import { restoreCapture } from './restore.ts'
import { type StoredArchive, storeArchive, type StoredExchange } from './stored-exchange.ts'

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
 * A file or folder → captures: of lane `archive` one for each page, of lane `file` a lone script, module, shader or text.
 * A WACZ or HAR that was exported from a capture gives back that capture, octet for octet. What can be read of a damaged
 * archive is kept, and the captures say `truncated`. Throws `NOT_FOUND`, `UNSUPPORTED`, `BAD_INPUT_FILE`, `TOO_LARGE`.
 */
export async function importFile(path: string, blobs: BlobStore, options: ImportOptions = {}): Promise<Imported[]> {
  const limits = readLimits(options.limits)
  const archive = await openArchive(path, limits, false)
  if (archive.format === 'folder') return importFolder(path, blobs, options, limits, importFile)
  const stored = await storeArchive(archive.items, blobs, limits)
  for (const { reason, count } of stored.losses)
    options.onSkip?.(path, count === null || count === 1 ? reason : `${reason} (${count} times)`)
  const otherwiseAt = (await stat(path)).mtime.toISOString()

  const restored: Imported[] = []
  for (const bytes of stored.manifests) restored.push({ file: path, capture: await restoreCapture(bytes, basename(path), blobs) })
  if (restored.length > 0) return restored

  const [first] = stored.exchanges
  if (!first) throw nothingIn(basename(path), stored)
  if (archive.format === 'wasm' || archive.format === 'script' || archive.format === 'text')
    return [{ file: path, capture: fileCapture(first, otherwiseAt) }]
  const source: PageSource = {
    format: formatNames[archive.format],
    archive: stored,
    isLog: archive.format === 'har',
    otherwiseAt,
    classify: options.classify ?? null,
  }
  const { captures, unassigned, left } = await capturesOf(stored, source, blobs, limits.maxPages)
  if (left > 0) options.onSkip?.(path, `more than ${limits.maxPages} pages (${left} more)`)
  if (unassigned > 0) options.onSkip?.(path, `${unassigned} exchanges that no page names`)
  return captures.map((capture) => ({ file: path, capture }))
}

function nothingIn(name: string, stored: StoredArchive): AssayError {
  const why = stored.losses
    .slice(0, 3)
    .map((loss) => loss.reason)
    .join('; ')
  const code = stored.losses.some((loss) => loss.code === 'TOO_LARGE') ? 'TOO_LARGE' : 'BAD_INPUT_FILE'
  return new AssayError(code, `${name} holds nothing that can be read${why === '' ? '' : `: ${why}`}`)
}

async function capturesOf(
  stored: StoredArchive,
  source: PageSource,
  blobs: BlobStore,
  maxPages: number,
): Promise<{ captures: Capture[]; unassigned: number; left: number }> {
  const references = new PageReferences(blobs)
  const everywhere = indexByUrl(stored.exchanges)
  const { groups, unassigned, left } = groupPages(stored, source.isLog, maxPages)
  const captures: Capture[] = []
  for (const group of groups) {
    const own = indexByUrl(group.members)
    // A crawl fetches what several pages share once: what a page names is its own, wherever in the archive it stands.
    const lookup = async (url: string): Promise<StoredExchange | null> =>
      own.get(url) ?? (source.isLog ? null : (everywhere.get(url) ?? null))
    captures.push(await pageCapture(group, await references.follow(group.main, lookup), source, references, blobs))
  }
  return { captures, unassigned, left }
}

/** The first answer with a body stands for its address; else the first. */
function indexByUrl(exchanges: readonly StoredExchange[]): Map<string, StoredExchange> {
  const index = new Map<string, StoredExchange>()
  for (const stored of exchanges) {
    if (stored.exchange.contentId !== undefined) index.set(stored.exchange.contentId, stored)
    const known = index.get(stored.exchange.url)
    if (known === undefined || (known.body.status !== 'stored' && stored.body.status === 'stored')) index.set(stored.exchange.url, stored)
  }
  return index
}
