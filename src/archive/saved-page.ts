import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { encodePath, fileExchange, listFolder, unknownOrigin } from './folder-reader.ts'
import { type ArchivedExchange, type ArchiveItem, isoDate, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { isHtml, isJavaScript, mediaTypeOf } from './media-types.ts'
import type { DocumentNames, Scan } from './page-names.ts'
import { pageScanMs, type ScanAllowance, scanDocument, scanScript } from './page-scan.ts'

/**
 * A page saved by a browser or by SingleFile: the HTML file, the files of its `_files` folder, and what it names below its own
 * folder. Its address is the one that the saving wrote into it. Nothing outside the file's folder is read.
 */
export async function* readSavedPage(path: string, limits: ReadLimits): AsyncGenerator<ArchiveItem, void, undefined> {
  const folder = dirname(path)
  const name = basename(path)
  const document = await fileExchange(path, new URL(encodePath(name), unknownOrigin).href, 'text/html', limits)
  const allowance: ScanAllowance = { leftMs: pageScanMs }
  const scan = await scanDocument(document.body ?? new Uint8Array(0), '', allowance)
  const savedFrom =
    scan.status === 'read' && /^https?:\/\//i.test(scan.value.savedFrom ?? '') ? URL.parse(scan.value.savedFrom ?? '') : null
  if (savedFrom) document.url = savedFrom.href
  document.startedAt = (scan.status === 'read' && isoDate(scan.value.savedAt)) || document.startedAt
  document.resourceType = 'document'
  document.pageId = 'page'
  const title = scan.status === 'read' ? scan.value.title : ''
  yield { type: 'page', page: { id: 'page', url: document.url, title, startedAt: document.startedAt } }
  yield { type: 'exchange', exchange: document }

  const base = new URL('.', document.url).href
  const done = new Set([name])
  const pending: string[] = []
  for (const suffix of ['_files', '.files', '_archivos', '_fichiers', '-Dateien', '_bestanden']) {
    const files = name.replace(/\.[^.]+$/, '') + suffix
    if (!(await stat(join(folder, files)).catch(() => null))?.isDirectory()) continue
    const listed = await listFolder(join(folder, files), limits)
    for (const file of listed.files) pending.push(`${files}/${file.path}`)
    for (const { path: skipped, reason } of listed.skipped) yield loss(`${files}/${skipped}: ${reason}`)
  }
  const named = (urls: readonly string[], documentUrl: string): void => {
    for (const reference of urls) {
      const url = URL.parse(reference, documentUrl)?.href.replace(/[?#].*$/, '')
      if (url === undefined || !url.startsWith(base)) continue
      const relative = decode(url.slice(base.length))
      if (relative !== null && relative !== '') pending.push(relative)
    }
  }
  const baseUrl = scan.status === 'read' ? scan.value.baseUrl : null
  named(allReferences(scan), baseUrl === null ? document.url : (URL.parse(baseUrl, document.url)?.href ?? document.url))
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (done.has(next)) continue
    if (done.size >= limits.maxFiles) {
      yield loss(`more than ${limits.maxFiles} files`, null, 'TOO_LARGE')
      return
    }
    done.add(next)
    const exchange = await within(folder, next, new URL(encodePath(next), base).href, limits)
    if (exchange === null) continue
    exchange.pageId = 'page'
    yield { type: 'exchange', exchange }
    if (exchange.body === null) continue
    // What cannot be read here cannot be read by the import either, which says so in the capture.
    if (isHtml(exchange.mimeType ?? '')) named(allReferences(await scanDocument(exchange.body, '', allowance)), exchange.url)
    if (isJavaScript(exchange.mimeType ?? '')) {
      const names = await scanScript(exchange.body, allowance)
      if (names.status === 'read') named(names.value, document.url)
    }
  }
}

function allReferences(scan: Scan<DocumentNames>): string[] {
  return scan.status === 'read' ? [...scan.value.references.map((reference) => reference.url), ...scan.value.code] : []
}

/** A file below a folder, links resolved; null where it is none or leads outside. */
async function within(folder: string, relative: string, url: string, limits: ReadLimits): Promise<ArchivedExchange | null> {
  if (relative.includes('\0')) return null
  try {
    const root = await realpath(folder)
    const real = await realpath(join(root, relative))
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep) || !(await stat(real)).isFile()) return null
    return await fileExchange(real, url, mediaTypeOf(relative) ?? 'application/octet-stream', limits)
  } catch {
    // It is not there, as most of what a page names is not.
    return null
  }
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}
