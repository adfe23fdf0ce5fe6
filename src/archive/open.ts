import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AssayError } from '#model/errors.ts'
import { readArc } from './arc-reader.ts'
import { collect, fileSource, firstOctets, gunzip, type OnRead } from './expand.ts'
import { fileExchange, readFolder, unknownOrigin, encodePath } from './folder-reader.ts'
import { readHar } from './har-reader.ts'
import type { ArchiveItem } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { mediaTypeOf } from './media-types.ts'
import { readMhtml } from './mhtml-reader.ts'
import { readSavedPage } from './saved-page.ts'
import { readWacz } from './wacz-reader.ts'
import { readWarc } from './warc-reader.ts'

export type ArchiveFormat = 'folder' | 'wacz' | 'warc' | 'arc' | 'har' | 'mhtml' | 'html' | 'manifest' | 'wasm' | 'script' | 'text'

export interface OpenArchive {
  format: ArchiveFormat
  name: string
  items: AsyncIterable<ArchiveItem>
}

/**
 * A file or folder → what is in it. The format is told by the content first, by the name where that says nothing.
 * Throws `NOT_FOUND`, `UNSUPPORTED` (a format that is none of ours), `TOO_LARGE`; reading throws `BAD_INPUT_FILE`.
 * `media` false leaves pictures, fonts and films of a folder out; `onRead` is told how many octets were read, of how many.
 */
export async function openArchive(
  path: string,
  limits: ReadLimits,
  { media = true, onRead }: { media?: boolean; onRead?: OnRead } = {},
): Promise<OpenArchive> {
  const name = basename(path)
  const info = await stat(path).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `${path} is not there or cannot be read`, { cause })
  })
  if (info.isDirectory()) return { format: 'folder', name, items: readFolder(path, limits, media) }
  if (!info.isFile()) throw new AssayError('UNSUPPORTED', `${name} is no file and no folder`)
  if (info.size === 0) throw new AssayError('BAD_INPUT_FILE', `${name} is empty`)
  const source = fileSource(path, name, info.size, limits, onRead)
  const { gzip, bytes } = await firstOctets(source, 4096, limits)
  const format = formatOf(bytes, name.toLowerCase())
  const whole = async function* (): AsyncGenerator<ArchiveItem, void, undefined> {
    if (info.size > limits.maxFileBytes) throw new AssayError('TOO_LARGE', `${name} is longer than ${limits.maxFileBytes} octets`)
    const { bytes: all } = await collect(gzip ? gunzip(source, 0, limits) : source.open(0), limits.maxFileBytes)
    if (all.length === 0) throw new AssayError('BAD_INPUT_FILE', `${name} is empty`)
    if (format === 'mhtml') yield* readMhtml(all, name, limits)
    else if (format === 'manifest') yield { type: 'manifest', bytes: all }
    else {
      const mimeType =
        format === 'wasm' ? 'application/wasm' : format === 'script' ? 'text/javascript' : (mediaTypeOf(name) ?? 'text/plain')
      const exchange = await fileExchange(path, new URL(encodePath(name), unknownOrigin).href, mimeType, limits)
      yield { type: 'exchange', exchange: gzip ? { ...exchange, body: all, bodyStatus: { status: 'complete' } } : exchange }
    }
  }
  switch (format) {
    case 'wacz':
      return { format, name, items: readWacz(path, name, limits, onRead) }
    case 'warc':
      return { format, name, items: readWarc(source, gzip, limits) }
    case 'arc':
      return { format, name, items: readArc(source, gzip, limits) }
    case 'har':
      return { format, name, items: readHar(source, gzip, limits) }
    case 'html':
      return { format, name, items: gzip ? whole() : readSavedPage(path, limits) }
    case null:
      throw new AssayError('UNSUPPORTED', `${name} is in no format that can be read`, {
        hint: 'Give a HAR, WARC, WACZ, saved page, script, WebAssembly module, shader or text.',
      })
    default:
      return { format, name, items: whole() }
  }
}

function formatOf(bytes: Uint8Array, name: string): ArchiveFormat | null {
  const text = Buffer.from(bytes).toString('latin1')
  const start = text.replace(/^(?:ï»¿)?\s*/, '').slice(0, 2048)
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'wacz'
  if (text.startsWith('\0asm')) return 'wasm'
  if (/^WARC\/\d/.test(text)) return 'warc'
  if (text.startsWith('filedesc://')) return 'arc'
  if (/\.warc(\.gz)?$/.test(name)) return 'warc'
  if (/\.arc(\.gz)?$/.test(name)) return 'arc'
  if (name.endsWith('.wacz')) return 'wacz'
  if (/\.har(\.gz)?$/.test(name)) return 'har'
  if (start.startsWith('{')) {
    if (/"schema"\s*:\s*"assay\.capture"/.test(start) || start.startsWith('{"actions":')) return 'manifest'
    if (/^\{\s*"log"\s*:/.test(start)) return 'har'
  }
  if (/^(?:[\w-]+:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*)*content-type:\s*multipart\/related/i.test(start)) return 'mhtml'
  if (/\.mht(ml)?$/.test(name)) return 'mhtml'
  // Endings decide between kinds of text: a script may well begin with markup in a comment.
  if (/\.(?:m|c)?js(?:\.download)?(?:\.gz)?$/.test(name)) return 'script'
  if (/\.(?:x?html?|shtml)(\.gz)?$/.test(name)) return 'html'
  if (/^(?:<!--[\s\S]*?-->\s*)*<(?:!doctype html|html|head|body|script|title|meta)\b/i.test(start)) return 'html'
  if (name.endsWith('.wasm')) return 'wasm'
  if (/\.(?:wgsl|txt|wat|json|css|ts|md)$/.test(name) || !text.includes('\0')) return isText(bytes) ? 'text' : null
  return null
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
