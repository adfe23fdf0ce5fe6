import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { getSurt, postToGetUrl } from 'warcio/utils'
import { ZipFile } from 'yazl'
import { artifacts, type Capture } from '#model/capture.ts'
import type { BlobStore } from '#model/store.ts'
import { type WarcIndexEntry, writeWarc } from './export-warc.ts'

export interface ExportOptions {
  /** Name and version of this program, as it stands in the archive. */
  software?: string
}

/**
 * A capture → a WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/) that replays in a browser and gives back the capture
 * when it is imported. Written beside its place and moved there when it is whole.
 */
export async function exportWacz(capture: Capture, blobs: BlobStore, outPath: string, options: ExportOptions = {}): Promise<void> {
  const software = options.software ?? 'assay'
  const scratch = await mkdtemp(join(dirname(outPath), '.wacz-'))
  try {
    const warc = join(scratch, 'data.warc.gz')
    const index = await writeWarc(capture, blobs, warc, software)
    const cdxj = Buffer.from(indexLines(index))
    const pages = Buffer.from(pageLines(capture))
    const resources = [
      { name: 'data.warc.gz', path: 'archive/data.warc.gz', hash: await fileDigest(warc), bytes: (await stat(warc)).size },
      { name: 'index.cdx', path: 'indexes/index.cdx', hash: digest(cdxj), bytes: cdxj.length },
      { name: 'pages.jsonl', path: 'pages/pages.jsonl', hash: digest(pages), bytes: pages.length },
    ]
    const created = capture.manifest.startedAt
    const dataPackage = Buffer.from(
      JSON.stringify(
        {
          profile: 'data-package',
          wacz_version: '1.1.1',
          title: titleOf(capture) || capture.manifest.finalUrl,
          software,
          created,
          mainPageUrl: capture.manifest.finalUrl,
          mainPageDate: created,
          resources,
        },
        null,
        2,
      ),
    )
    const packageDigest = Buffer.from(JSON.stringify({ path: 'datapackage.json', hash: digest(dataPackage) }))
    const mtime = new Date(created)
    const zip = new ZipFile()
    // Stored, not deflated: a reader takes a range of the zip as a range of the WARC.
    zip.addFile(warc, 'archive/data.warc.gz', { compress: false, mtime })
    zip.addBuffer(cdxj, 'indexes/index.cdx', { compress: false, mtime })
    zip.addBuffer(pages, 'pages/pages.jsonl', { mtime })
    zip.addBuffer(dataPackage, 'datapackage.json', { mtime })
    zip.addBuffer(packageDigest, 'datapackage-digest.json', { mtime })
    zip.end()
    const whole = join(scratch, 'whole.wacz')
    const out = createWriteStream(whole)
    zip.outputStream.pipe(out)
    await Promise.race([
      once(out, 'close'),
      once(zip, 'error').then(([error]) => {
        throw error
      }),
    ])
    await rename(whole, outPath)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function titleOf(capture: Capture): string {
  return artifacts(capture, 'dom').items[0]?.title ?? ''
}

function pageLines(capture: Capture): string {
  const { finalUrl, startedAt, visitId } = capture.manifest
  const head = { format: 'json-pages-1.0', id: 'pages', title: 'All Pages' }
  const page = {
    id: visitId,
    url: finalUrl,
    ts: mainTime(capture),
    title: titleOf(capture) || finalUrl,
    assay: { captureId: capture.id, startedAt },
  }
  return `${JSON.stringify(head)}\n${JSON.stringify(page)}\n`
}

/** Replay looks for the record nearest to the page's time: the document's own. */
function mainTime(capture: Capture): string {
  const { finalUrl, startedAt } = capture.manifest
  const main = artifacts(capture, 'request').items.find((request) => request.url === finalUrl && request.response !== undefined)
  return new Date(Date.parse(startedAt) + Math.round(main?.startedAtMs ?? 0)).toISOString()
}

/** CDXJ: key in SURT order, timestamp, JSON. https://specs.webrecorder.net/cdxj/0.1.0/ */
function indexLines(index: readonly WarcIndexEntry[]): string {
  const lines = index.map((entry) => {
    const keyed = {
      url: entry.url,
      method: entry.method,
      headers: new Headers({ 'Content-Type': entry.requestContentType }),
      postData: entry.body ?? new Uint8Array(0),
      requestBody: '',
    }
    const isGet = entry.method === 'GET' || entry.method === 'HEAD'
    const key = !isGet && postToGetUrl(keyed) ? keyed.url : entry.url
    const fields = {
      url: entry.url,
      mime: entry.mime,
      status: entry.status,
      digest: entry.digest,
      length: entry.length,
      offset: entry.offset,
      filename: 'data.warc.gz',
      ...(isGet ? {} : { method: entry.method, requestBody: keyed.requestBody }),
    }
    return `${getSurt(key)} ${entry.timestamp} ${JSON.stringify(fields)}\n`
  })
  // By code unit, as every reader's binary search expects.
  return lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join('')
}

function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return `sha256:${hash.digest('hex')}`
}
