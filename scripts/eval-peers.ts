/**
 * Peers and rules of the literature beside ours, on the same labelled material:
 *
 *   node scripts/eval-peers.ts --samples MANIFEST=DIR [--samples …] [--peers FOLDER …] [--part test|tuning] [--kinds wasm,js,html,har,warc,site] [--limit N]
 *
 * FOLDER holds what peers need (scripts/peers/load-peers.ts tells by names); none of it belongs to this project. See eval/README.md.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { importFile } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { analyseModule } from '#derive/wasm/analyse.ts'
import { hashCores } from '#derive/wasm/hash-cores.ts'
import { createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { BlobStore } from '#model/store.ts'
import { partOf, rowsOf } from './eval-rows.ts'
import { PeerTally, tableHead } from './peers/figures.ts'
import { loadPeers } from './peers/load-peers.ts'
import { outguardTable } from './peers/outguard-rows.ts'
import type { PeerSample } from './peers/peer.ts'
import { readManifest, unitOf } from './wasm-samples.ts'

interface Labelled extends PeerSample {
  kind: string
  label: string
  ours: boolean | null
}

const { values } = parseArgs({
  options: {
    samples: { type: 'string', multiple: true, default: [] },
    peers: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', default: 'test' },
    kinds: { type: 'string', default: 'wasm,js,html,har,warc,site' },
    limit: { type: 'string', default: '100000' },
  },
})
const kinds = new Set(values.kinds.split(','))
const split = JSON.parse(readFileSync(new URL('../eval/split-wasm.json', import.meta.url), 'utf8')) as Record<string, string[]>
const ourOwn = 'Assay'

/** Read when asked for, and kept: the same octets are the same object. */
function octets(path: string): () => Uint8Array {
  let kept: Uint8Array | null = null
  return () => (kept ??= readFileSync(path))
}

function modulesOf(part: string): Labelled[] {
  const units = new Set(split[part])
  return values.samples.flatMap((pair) => {
    const [manifest = '', directory = ''] = pair.split('=')
    return readManifest(readFileSync(manifest, 'utf8')).flatMap((row): Labelled[] => {
      const path = join(directory, row.label, `${row.sha256}.wasm`)
      if (row.kind !== 'wasm' || !units.has(unitOf(row)) || !existsSync(path)) return []
      const miner = row.label === 'miner'
      const kind = miner && row.variant !== 'plain' ? 'module, obfuscated or mutated' : 'module'
      return [{ kind, label: row.label, path, miner, bytes: octets(path), urls: [], ours: null }]
    })
  })
}

const address = /(?:https?:|wss?:)?\/\/(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:\/[^\s"'<>\\)]*)?/gi

function loadedBy(captures: readonly Capture[]): string[] {
  return captures.flatMap((capture) => [
    ...artifacts(capture, 'request').items.map(({ url }) => url),
    ...artifacts(capture, 'websocket').items.map(({ url }) => url),
  ])
}

/** Each page's blobs go with it. */
class CurrentBlobs implements BlobStore {
  blobs: BlobStore = memoryBlobs()
  put: BlobStore['put'] = (bytes) => this.blobs.put(bytes)
  get: BlobStore['get'] = (digest) => this.blobs.get(digest)
  has: BlobStore['has'] = (digest) => this.blobs.has(digest)
}

async function pagesOf(): Promise<Labelled[]> {
  const found: Labelled[] = []
  const current = new CurrentBlobs()
  const judge = createJudge({ blobs: current, signatures: await loadSignatures() })
  const rows = values.samples.flatMap(rowsOf).filter((row) => kinds.has(row.kind) && partOf(row.group) === values.part)
  for (const row of rows.slice(0, Number(values.limit))) {
    const blobs = memoryBlobs()
    current.blobs = blobs
    let ours: boolean | null = null
    let urls: string[] = []
    try {
      const captures = (await importFile(row.path, blobs, { classify: pageReached })).map(({ capture }) => capture)
      urls = loadedBy(captures)
      const statuses: string[] = []
      for (const capture of captures) statuses.push((await judge.judge(capture)).conclusion.status)
      ours = statuses.some((status) => ['active', 'loaded', 'suspected', 'opt-in'].includes(status))
    } catch {
      // A file that is broken: nobody can read it.
    }
    const bytes = row.kind === 'site' ? folderOctets(row.path) : octets(row.path)
    if (row.kind === 'js')
      urls = [...Buffer.from(bytes()).toString('latin1').matchAll(address)].map(([url]) => (url.startsWith('//') ? `https:${url}` : url))
    found.push({
      kind: row.kind,
      label: row.label,
      path: row.path,
      miner: row.label === 'miner' || row.label === 'optin',
      bytes,
      urls,
      ours,
    })
  }
  await judge.close()
  return found
}

/** All text of a site's folder. */
function folderOctets(folder: string): () => Uint8Array {
  return () =>
    Buffer.concat(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:x?html?|m?js|php)$/i.test(entry.name))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
    )
}

const { peers, absent, loads } = loadPeers(values.peers)
const modules = kinds.has('wasm') ? modulesOf(values.part).slice(0, Number(values.limit)) : []
for (const sample of modules) sample.ours = hashCores(analyseModule(sample.bytes()))?.kind === 'mining'
const tuning = kinds.has('wasm') ? modulesOf('tuning').slice(0, Number(values.limit)) : []
const pages = await pagesOf()

const lines: string[] = []
const failed: { name: string; reason: string }[] = []
for (const [samples, reads, order] of [
  [modules, 'module', ['module', 'module, obfuscated or mutated']],
  [pages, 'page', ['js', 'html', 'har', 'warc', 'site']],
] as const) {
  if (samples.length === 0) continue
  const contestants: { name: string; flags(sample: Labelled): boolean | null }[] = [{ name: ourOwn, flags: ({ ours }) => ours }]
  for (const peer of peers.filter((one) => one.reads === reads)) {
    try {
      await peer.prepare?.(samples, tuning)
      // What is no miner stands beside two kinds of miners.
      const known = new Map<PeerSample, boolean | null>()
      const flags = (sample: Labelled): boolean | null => {
        const before = known.get(sample)
        if (before !== undefined) return before
        const flagged = peer.flags(sample)
        known.set(sample, flagged)
        return flagged
      }
      contestants.push({ name: peer.name, flags })
    } catch (error) {
      failed.push({ name: peer.name, reason: String(error) })
    }
  }
  for (const kind of order) {
    // Miners that were transformed stand beside the same clean modules as the plain ones.
    const of = samples.filter((sample) => sample.kind === kind || (kind.startsWith('module,') && !sample.miner))
    if (of.length === 0) continue
    for (const { name, flags } of contestants) {
      const tally = new PeerTally()
      for (const sample of of) tally.add(sample.miner, sample.label, flags(sample))
      lines.push(tally.line(kind, name))
    }
  }
}
if (loads !== null) lines.push(...outguardTable(loads.miners, loads.others))
console.log(tableHead)
for (const line of lines) console.log(line)
console.log()
for (const { name, reason } of [...absent, ...failed]) console.log(`not compared: ${name}: ${reason}`)
