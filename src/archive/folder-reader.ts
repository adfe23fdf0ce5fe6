import { lstat, opendir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArchivedExchange, type ArchiveItem, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { isHtml, mediaTypeOf } from './media-types.ts'

/** Where saved files are said to have come from when nothing tells their address: a name that cannot exist (RFC 2606). */
export const unknownOrigin = 'https://saved.invalid/'

export interface FolderFile {
  /** With `/`, relative to the folder. */
  path: string
  mimeType: string
  size: number
}

export interface FolderList {
  files: FolderFile[]
  skipped: { path: string; reason: string }[]
}

/** Files under a folder, in the order of their names. Links are not followed: they could lead anywhere. */
export async function listFolder(root: string, limits: ReadLimits): Promise<FolderList> {
  const files: FolderFile[] = []
  const skipped: { path: string; reason: string }[] = []
  const pending: { path: string; depth: number }[] = [{ path: '', depth: 0 }]
  let seen = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const folders: { path: string; depth: number }[] = []
    const directory = await opendir(join(root, next.path))
    const names: { name: string; kind: 'file' | 'folder' | 'link' | 'other' }[] = []
    for await (const entry of directory) {
      if (++seen > limits.maxFiles) break
      names.push({
        name: entry.name,
        kind: entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other',
      })
    }
    names.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const { name, kind } of names) {
      const path = next.path === '' ? name : `${next.path}/${name}`
      if (kind === 'folder' && (name === '.git' || name === 'node_modules')) skipped.push({ path, reason: 'no part of a site' })
      else if (kind === 'folder' && next.depth >= limits.maxDepth) skipped.push({ path, reason: `deeper than ${limits.maxDepth} folders` })
      else if (kind === 'folder') folders.push({ path, depth: next.depth + 1 })
      else if (kind === 'link') skipped.push({ path, reason: 'a symbolic link' })
      else if (kind === 'other') skipped.push({ path, reason: 'not a file' })
      else {
        const { size } = await lstat(join(root, path))
        files.push({ path, mimeType: mediaTypeOf(name) ?? 'application/octet-stream', size })
      }
    }
    pending.push(...folders.reverse())
    if (seen > limits.maxFiles) {
      skipped.push({ path: next.path, reason: `more than ${limits.maxFiles} files` })
      break
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { files, skipped }
}

/** A static site in a folder: each file an exchange, each HTML file a page. `media` false leaves pictures, fonts and films out. */
export async function* readFolder(root: string, limits: ReadLimits, media: boolean): AsyncGenerator<ArchiveItem, void, undefined> {
  const { files, skipped } = await listFolder(root, limits)
  const origin = await originOf(root)
  for (const { path, reason } of skipped) yield loss(`${path}: ${reason}`)
  let count = 0
  for (const file of files) {
    if (!media && /^(?:image\/(?!svg)|font\/|video\/|audio\/)/.test(file.mimeType)) continue
    if (file.mimeType === 'application/octet-stream' && !(await startsAsWasm(join(root, file.path)))) continue
    const exchange = await fileExchange(join(root, file.path), new URL(encodePath(file.path), origin).href, file.mimeType, limits)
    if (isHtml(file.mimeType) && count++ < limits.maxPages)
      yield { type: 'page', page: { id: file.path, url: exchange.url, title: '', startedAt: exchange.startedAt } }
    yield { type: 'exchange', exchange }
  }
  if (count > limits.maxPages) yield loss(`more than ${limits.maxPages} pages`, count - limits.maxPages, 'TOO_LARGE')
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** GitHub Pages and others keep a site's own name in a file `CNAME`. */
export async function originOf(root: string): Promise<string> {
  const name = await readFile(join(root, 'CNAME'), 'utf8').catch(() => '')
  const host = name.trim().toLowerCase()
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host) && name.length < 300 ? `https://${host}/` : unknownOrigin
}

async function startsAsWasm(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.readUInt32BE(0) === 0x0061736d
  } finally {
    await file.close()
  }
}

export async function fileExchange(path: string, url: string, mimeType: string, limits: ReadLimits): Promise<ArchivedExchange> {
  const file = await open(path)
  try {
    const { size, mtime } = await file.stat()
    const wanted = Math.min(size, limits.maxBodyBytes)
    const body = new Uint8Array(wanted)
    let at = 0
    while (at < wanted) {
      const { bytesRead } = await file.read(body, at, wanted - at, at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return {
      url,
      method: 'GET',
      status: 200,
      statusText: 'OK',
      headers: [{ name: 'Content-Type', value: mimeType }],
      mimeType,
      body: body.subarray(0, at),
      bodyStatus:
        at === size
          ? { status: 'complete' }
          : { status: 'truncated', totalSize: size, reason: `longer than ${limits.maxBodyBytes} octets` },
      startedAt: mtime.getTime() >= 0 ? mtime.toISOString() : '',
      requestHeaders: [],
    }
  } finally {
    await file.close()
  }
}
