import { join } from 'node:path'
import type { BlobStore } from '#model/store.ts'
import { AssayError } from '#model/errors.ts'
import { encodePath, fileExchange, listFolder, originOf } from './folder-reader.ts'
import type { Imported, ImportOptions } from './import-options.ts'
import type { ReadLimits } from './limits.ts'
import { isHtml } from './media-types.ts'
import { pageCapture, type PageSource } from './page-capture.ts'
import { PageReferences } from './page-references.ts'
import { unusedParts } from './template-parts.ts'
import { storeExchange, type StoredExchange } from './stored-exchange.ts'

const archives = /\.(?:har|warc|arc)(?:\.gz)?$|\.(?:wacz|mht|mhtml)$/i
const lone = /\.(?:wasm|m?js|cjs|wgsl)$/i

/**
 * A folder: archives in it are read each for itself. Where it holds HTML it is a site, whose pages find their scripts in it;
 * a script that no page names is code that nobody loads. Where it holds none, scripts and modules are each a file of their own.
 * One file that cannot be read is left out with its reason.
 */
export async function* importFolder(
  root: string,
  blobs: BlobStore,
  options: ImportOptions,
  limits: ReadLimits,
  importOne: (path: string, blobs: BlobStore, options: ImportOptions) => AsyncIterable<Imported>,
): AsyncGenerator<Imported, void, undefined> {
  const { files, skipped } = await listFolder(root, limits)
  for (const { path, reason } of skipped) options.onSkip?.(join(root, path), reason)
  const unused = await unusedParts(root, files)
  for (const path of unused) options.onSkip?.(join(root, path), 'a part of a template that no page includes')
  const pages = files.filter((file) => isHtml(file.mimeType) && !isPartOfSavedPage(file.path, files) && !unused.has(file.path))
  let count = 0
  for (const file of files) {
    const path = join(root, file.path)
    const manifest = /(?:^|\/)[0-9a-f]{64}\.json$/.test(file.path)
    if (!archives.test(file.path) && !manifest && (pages.length > 0 || !lone.test(file.path))) {
      if (pages.length === 0 && !lone.test(file.path)) options.onSkip?.(path, 'no archive, page, script or module')
      continue
    }
    if (count >= limits.maxPages) {
      options.onSkip?.(path, `more than ${limits.maxPages} captures`)
      continue
    }
    try {
      for await (const imported of importOne(path, blobs, options)) {
        count++
        yield imported
      }
    } catch (error) {
      if (!(error instanceof AssayError) || error.code === 'INTERRUPTED') throw error
      options.onSkip?.(path, error.message)
    }
  }
  if (pages.length > 0) {
    await options.onFile?.(root)
    yield* importSite(root, files, pages, blobs, options, limits)
  } else if (count === 0) throw new AssayError('BAD_INPUT_FILE', 'the folder holds no archive, page, script or module that can be read')
}

/** `page_files/frame.html` beside `page.html` is a frame of the saved page. */
function isPartOfSavedPage(path: string, files: readonly { path: string }[]): boolean {
  const match = /^(.*?)(?:_files|\.files)\//.exec(path)
  return match !== null && files.some((file) => file.path === `${match[1]}.html` || file.path === `${match[1]}.htm`)
}

async function* importSite(
  root: string,
  files: readonly { path: string; mimeType: string }[],
  pages: readonly { path: string; mimeType: string }[],
  blobs: BlobStore,
  options: ImportOptions,
  limits: ReadLimits,
): AsyncGenerator<Imported, void, undefined> {
  const origin = await originOf(root)
  const byPath = new Map(files.map((file) => [file.path, file]))
  const loaded = new Map<string, Promise<StoredExchange>>()
  const load = (path: string, mimeType: string): Promise<StoredExchange> => {
    const stored =
      loaded.get(path) ??
      fileExchange(join(root, path), new URL(encodePath(path), origin).href, mimeType, limits).then((exchange) =>
        storeExchange(exchange, blobs),
      )
    loaded.set(path, stored)
    return stored
  }
  const lookup = async (url: string): Promise<StoredExchange | null> => {
    if (!url.startsWith(origin)) return null
    const path = decodePath(url.slice(origin.length).replace(/[?#].*$/, ''))
    // A server answers a folder's address with its index.
    for (const candidate of [path, `${path.replace(/\/?$/, '/')}index.html`.replace(/^\//, '')]) {
      const file = byPath.get(candidate)
      if (!file) continue
      const stored = await load(file.path, file.mimeType)
      return stored.exchange.url === url ? stored : { ...stored, exchange: { ...stored.exchange, url } }
    }
    return null
  }
  const references = new PageReferences(blobs)
  const source: PageSource = {
    format: 'folder of files',
    archive: { software: { archiver: '', browser: null }, losses: [] },
    isLog: false,
    otherwiseAt: new Date(0).toISOString(),
    classify: options.classify ?? null,
  }
  for (const [index, file] of pages.entries()) {
    if (options.signal?.aborted === true) throw new AssayError('INTERRUPTED', 'the reading was interrupted')
    if (index >= limits.maxPages) {
      options.onSkip?.(join(root, file.path), `more than ${limits.maxPages} pages`)
      continue
    }
    const main = await load(file.path, file.mimeType)
    const followed = await references.follow(main, lookup)
    yield {
      file: join(root, file.path),
      capture: await pageCapture({ page: null, first: main, main, members: [main] }, followed, source, references, blobs),
    }
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
