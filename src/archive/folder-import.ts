import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '#model/store.ts'
import { AssayError } from '#model/errors.ts'
import { encodePath, fileExchange, listFolder, originOf } from './folder-reader.ts'
import type { Imported, ImportOptions } from './import-options.ts'
import type { ReadLimits } from './limits.ts'
import { isHtml } from './media-types.ts'
import { pageCapture, type PageSource } from './page-capture.ts'
import type { Scan } from './page-names.ts'
import { scanSource } from './page-scan.ts'
import { isMarkdown, isPageSource, maxMarkdownOctets, mayBeSource } from './page-source.ts'
import { PageReferences } from './page-references.ts'
import { unusedParts } from './template-parts.ts'
import { storeExchange, type StoredExchange } from './stored-exchange.ts'

/** For the sources of one site together, milliseconds. */
const sourcesMs = 60_000
/** Octets of theirs that are kept until they are judged. */
const maxSources = 64 * 1024 * 1024
/** Settings of Jekyll, Hugo, Hexo, Eleventy, Gatsby and Pelican, and folders that only such have. */
const generator =
  /(?:^|\/)(?:_config\.ya?ml|hugo\.(?:toml|ya?ml|json)|\.eleventy\.js|gatsby-config\.[jt]s|pelicanconf\.py)$|(?:^|\/)_posts\//
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
  const rendered = await renderedSources(root, files, unused, options.onSkip, limits)
  const pages = files.filter(
    (file) => (isHtml(file.mimeType) || rendered.has(file.path)) && !isPartOfSavedPage(file.path, files) && !unused.has(file.path),
  )
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
    yield* importSite(root, files, pages, rendered, blobs, options, limits)
  } else if (count === 0) throw new AssayError('BAD_INPUT_FILE', 'the folder holds no archive, page, script or module that can be read')
}

/** What a source became: a page's octets, or why it could not be rendered. */
type Rendered = { page: Uint8Array } | { reason: string }

/**
 * Pages that the sources of a site become, by path. One that cannot be rendered is a page whose octets are lost: what was not read is said. HTML stays
 * the page that it is.
 */
async function renderedSources(
  root: string,
  files: readonly { path: string; mimeType: string; size: number }[],
  unused: ReadonlySet<string>,
  onSkip: ImportOptions['onSkip'],
  limits: ReadLimits,
): Promise<Map<string, Rendered>> {
  const rendered = new Map<string, Rendered>()
  // Documents of a program are written in Markdown with front matter too: a generator's settings or pages in HTML make a site of a folder.
  const isSite = files.some(({ path, mimeType }) => isHtml(mimeType) || generator.test(path))
  const allowance = { leftMs: sourcesMs }
  let left = maxSources
  for (const { path, mimeType, size } of files) {
    if (size === 0 || unused.has(path) || !isPageSource(path, isSite)) continue
    if (!mayBeSource(path, await firstOctets(join(root, path)))) continue
    const scan: Scan<string | null> =
      size > (isMarkdown(path) ? maxMarkdownOctets : limits.maxBodyBytes)
        ? { status: 'unread', reason: `a source of ${size} octets` }
        : left <= 0
          ? { status: 'unread', reason: `more than ${maxSources / 1024 / 1024} MB of rendered sources` }
          : await scanSource(await readFile(join(root, path)), path, allowance)
    if (scan.status === 'unread') {
      if (isHtml(mimeType)) continue
      onSkip?.(join(root, path), scan.reason)
      rendered.set(path, { reason: scan.reason })
    } else if (scan.value !== null) {
      const page = Buffer.from(scan.value, 'utf8')
      left -= page.length
      rendered.set(path, { page })
    }
  }
  return rendered
}

async function firstOctets(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(80), 0, 80, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
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
  rendered: ReadonlyMap<string, Rendered>,
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
  /** `folders`: where else a path may begin. A theme's template is printed into pages, and the address of its folder is put before its files' names. */
  const find = async (url: string, folders: readonly string[]): Promise<StoredExchange | null> => {
    if (!url.startsWith(origin)) return null
    const path = decodePath(url.slice(origin.length).replace(/[?#].*$/, ''))
    // A server answers a folder's address with its index.
    const names = [path, `${path.replace(/\/?$/, '/')}index.html`.replace(/^\//, '')]
    for (const candidate of ['', ...folders].flatMap((folder) => names.map((name) => folder + name))) {
      const file = byPath.get(candidate)
      if (!file) continue
      const stored = await load(file.path, file.mimeType)
      return stored.exchange.url === url ? stored : { ...stored, exchange: { ...stored.exchange, url } }
    }
    return null
  }
  const asPage = async (path: string, became: Rendered): Promise<StoredExchange> => {
    const exchange = await fileExchange(join(root, path), new URL(encodePath(path), origin).href, 'text/html', limits)
    return storeExchange(
      'page' in became
        ? { ...exchange, body: became.page, bodyStatus: { status: 'complete' } }
        : { ...exchange, body: null, bodyStatus: { status: 'lost', reason: `a source that was not rendered: ${became.reason}` } },
      blobs,
    )
  }
  const references = new PageReferences(blobs)
  const sourceOf = (path: string): PageSource => ({
    format: rendered.has(path) ? "site's source, rendered without its layout and what its server's code prints" : 'folder of files',
    archive: { software: { archiver: '', browser: null }, losses: [] },
    isLog: false,
    otherwiseAt: new Date(0).toISOString(),
    classify: options.classify ?? null,
  })
  for (const [index, file] of pages.entries()) {
    if (options.signal?.aborted === true) throw new AssayError('INTERRUPTED', 'the reading was interrupted')
    if (index >= limits.maxPages) {
      options.onSkip?.(join(root, file.path), `more than ${limits.maxPages} pages`)
      continue
    }
    const source = rendered.get(file.path)
    const main = source === undefined ? await load(file.path, file.mimeType) : await asPage(file.path, source)
    const folders = source === undefined ? [] : foldersAbove(file.path)
    const followed = await references.follow(main, (url) => find(url, folders))
    yield {
      file: join(root, file.path),
      capture: await pageCapture({ page: null, first: main, main, members: [main] }, followed, sourceOf(file.path), references, blobs),
    }
  }
}

/** `themes/a/parts/footer.php` → `themes/a/parts/`, `themes/a/`, `themes/`. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => `${parts.slice(0, parts.length - index).join('/')}/`)
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
