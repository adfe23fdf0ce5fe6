import { ByteReader } from './byte-reader.ts'
import { type ByteSource, gunzip } from './expand.ts'
import { decodePayload, parseStatusLine, splitMessage } from './http-message.ts'
import { type ArchiveItem, essence, headerOf, isoDate, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { readRecordBlock } from './record-block.ts'

/**
 * The Internet Archive's ARC, WARC's elder: `URL IP-address archive-date content-type length`, then that many octets.
 * Source: https://archive.org/web/researcher/ArcFileFormat.php
 */
export async function* readArc(source: ByteSource, gzip: boolean, limits: ReadLimits): AsyncGenerator<ArchiveItem, void, undefined> {
  const reader = new ByteReader(gzip ? gunzip(source, 0, limits) : source.open(0))
  try {
    for (;;) {
      const line = await reader.line(limits.maxHeadBytes)
      if (line === null) break
      const text = Buffer.from(line).toString('latin1').trim()
      if (text === '') continue
      // Addresses may hold spaces, so the fields are counted from the end.
      const match = /^(\S.*) (\S+) (\d{14}) (\S+) (?:.* )?(\d{1,15})$/.exec(text)
      if (!match) {
        yield loss('an ARC header line that cannot be read; the rest was not read', null)
        return
      }
      const [, url = '', address = '', date = '', , lengthText = '0'] = match
      const length = Number(lengthText)
      const { block, there, damage } = await readRecordBlock(reader, length, limits)
      if (there < length) yield loss('the archive ends within a record', null)
      if (!/^https?:\/\//i.test(url)) continue
      const message = splitMessage(block, limits.maxHeadBytes)
      const status = message && parseStatusLine(message.startLine)
      if (!message || !status) {
        yield loss(`an ARC record of ${url} that holds no HTTP response`)
        continue
      }
      const decoded = await decodePayload(message.body, message.headers, limits, source.budget)
      yield {
        type: 'exchange',
        exchange: {
          url: url.replaceAll(' ', '%20'),
          method: 'GET',
          ...status,
          headers: message.headers,
          mimeType: essence(headerOf(message.headers, 'content-type') ?? ''),
          ...(message.body.length === 0 && damage === null ? { body: null, bodyStatus: { status: 'none' } } : decoded),
          ...(damage === null ? {} : { bodyStatus: { status: 'truncated', totalSize: null, reason: damage } }),
          startedAt: isoDate(date.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z')),
          requestHeaders: [],
          ...(address === '0.0.0.0' ? {} : { remoteAddress: address }),
        },
      }
    }
    if (reader.failure !== null)
      yield loss(`damaged gzip data (${reader.failure instanceof Error ? reader.failure.message : 'unknown'})`, null)
  } finally {
    await reader.close()
  }
}
