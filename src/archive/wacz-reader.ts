import { AssayError } from '#model/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { type ByteSource, firstOctets, type OnRead, told } from './expand.ts'
import { type ArchiveItem, isoDate, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { readWarc } from './warc-reader.ts'
import { openZip } from './zip-reader.ts'

/**
 * A WACZ (https://specs.webrecorder.net/wacz/1.1.1/): a zip of WARCs and a list of pages. The indexes are not needed: the
 * WARCs are read through. Throws `BAD_INPUT_FILE` where there is no WARC in it.
 */
export async function* readWacz(
  path: string,
  name: string,
  limits: ReadLimits,
  onRead?: OnRead,
): AsyncGenerator<ArchiveItem, void, undefined> {
  const zip = await openZip(path, name, limits)
  try {
    yield* zip.losses
    const warcs = [...zip.members].filter(([member]) => /^archive\/.*\.warc(?:\.gz)?$/i.test(member))
    if (warcs.length === 0) throw new AssayError('BAD_INPUT_FILE', `${name} is not a WACZ: it holds no WARC`)
    for (const [member, source] of zip.members) if (/^pages\/[^/]+\.jsonl$/.test(member)) yield* readPages(source, limits)
    const of = warcs.reduce((sum, [, { size }]) => sum + (size ?? 0), 0)
    let before = 0
    for (const [, source] of warcs) {
      const { gzip } = await firstOctets(source, 16, limits)
      const from = before
      const open: ByteSource['open'] = onRead
        ? (at) => told(source.open(at), (octets) => onRead(Math.min(of, from + at + octets), of))
        : source.open
      yield* readWarc({ ...source, open }, gzip, limits)
      before += source.size ?? 0
    }
  } finally {
    zip.close()
  }
}

/** `pages.jsonl`: a line of format, then one page a line. */
async function* readPages(source: ByteSource, limits: ReadLimits): AsyncGenerator<ArchiveItem, void, undefined> {
  const reader = new ByteReader(source.open(0))
  try {
    for (let count = 0; ; count++) {
      // A page's line may hold its whole text.
      const line = await reader.line(limits.maxHeadBytes * 16)
      if (line === null) break
      let page: Record<string, unknown>
      try {
        page = JSON.parse(Buffer.from(line).toString('utf8')) as Record<string, unknown>
      } catch {
        if (Buffer.from(line).toString('latin1').trim() !== '') yield loss(`a line of ${source.name} that is not JSON`)
        continue
      }
      if (typeof page !== 'object' || page === null || typeof page.url !== 'string' || !URL.canParse(page.url)) continue
      if (count > limits.maxPages) {
        yield loss(`more than ${limits.maxPages} pages`, null, 'TOO_LARGE')
        return
      }
      const id = typeof page.id === 'string' ? page.id : `page-${count}`
      yield {
        type: 'page',
        page: { id, url: page.url, title: typeof page.title === 'string' ? page.title.slice(0, 1000) : '', startedAt: isoDate(page.ts) },
      }
    }
    if (reader.failure !== null) yield loss(`${source.name} cannot be read to its end`, null)
  } finally {
    await reader.close()
  }
}
