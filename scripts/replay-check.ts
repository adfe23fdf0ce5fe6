/**
 * What a visit to a replayed archive asks for and keeps, against what the archive holds:
 *
 *   npm run replay-check -- [--dwell MS] [--out DIR] [--verbose] FILE [URL…] FILE [URL…] …
 *
 * Each FILE (HAR, WARC, ARC, WACZ, saved page, folder of a site) is served under its own names on loopback and visited at its home page, or at
 * the URLs that follow it. Captures stay in DIR, with the screenshots beside them. Exits 1 where the capture lacks something that the browser
 * asked for, or has other octets than the archive.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { replayArchives } from '../lab/replay/replay.ts'
import { judgeFiles } from '../src/app/judge.ts'
import { type ArchivedFile, compareReplay, type ScriptFate } from '../src/app/testing/replay-comparison.ts'
import { visit } from '../src/app/visit.ts'
import { openWorkshop } from '../src/app/workshop.ts'
import { readExchanges } from '../src/archive/exchange.ts'
import type { ArtifactKind } from '../src/model/artifact.ts'
import { artifactKinds } from '../src/model/artifact.ts'
import { artifacts, type Capture } from '../src/model/capture.ts'
import { sha256 } from '../src/model/digest.ts'
import type { Observation } from '../src/model/observation.ts'
import { seedOf } from '../src/model/seed.ts'
import type { BlobStore } from '../src/model/store.ts'

const { values, positionals } = parseArgs({
  options: { dwell: { type: 'string', default: '6000' }, out: { type: 'string' }, verbose: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const jobs: { file: string; urls: string[] }[] = []
for (const word of positionals) {
  if (/^https?:\/\//.test(word)) jobs.at(-1)?.urls.push(word)
  else jobs.push({ file: word, urls: [] })
}
const scratch = await mkdtemp(join(tmpdir(), 'assay-replay-'))
const out = values.out ?? join(scratch, 'out')
await mkdir(out, { recursive: true })
let faults = 0
for (const { file, urls } of jobs) {
  try {
    await check(file, urls)
  } catch (error) {
    console.log(`\n${basename(file)}: ${error instanceof Error ? error.message : String(error)}`)
    faults++
  }
}
await rm(scratch, { recursive: true, force: true })
process.exit(faults === 0 ? 0 : 1)

/** A site's own first page, where the archive has one; else the archive's. */
function firstPage(pages: readonly string[]): string[] {
  const home = pages.find((page) => /^https?:\/\/[^/]+\/(?:index\.html?)?$/.test(page))
  return home === undefined ? pages.slice(0, 1) : [home]
}

async function check(file: string, urls: string[]): Promise<void> {
  const archive = await archivedFiles(file)
  const dir = await mkdtemp(join(scratch, 'lab-'))
  const lab = await replayArchives([file], dir)
  try {
    const pages = urls.length > 0 ? urls : firstPage(lab.pages)
    console.log(`\n# ${basename(file)}: ${lab.count} responses, ${lab.bodiesLost} without body, ${lab.pages.length} pages`)
    const judged = await judgedArchive(file)
    for (const loss of lab.losses.slice(0, 3)) console.log(`  not read: ${loss}`)
    await using line = await openWorkshop({ dir: out, allowPrivate: false, allow: [], lab: dir, browser: null, jobs: 1 }, (text) =>
      console.log(text),
    )
    for (const page of pages) {
      const from = { log: lab.log.requests.length, sockets: lab.socketAttempts.length }
      const { capture, observation } = await visit(line, seedOf(page), { dwellMs: Number(values.dwell) })
      await line.store.appendObservation(observation)
      const asked = lab.log.requests.slice(from.log)
      const compared = compareReplay({ archive, asked, capture, texts: await textsOf(capture, line.store) })
      const { manifest } = capture
      console.log(
        `\n## ${page}\n  ${capture.id.slice(0, 19)} final ${manifest.finalUrl}, ${manifest.reached.page} (${manifest.reached.httpStatus}; ${manifest.reached.reasons.join('; ')}), ended by ${manifest.ended.reason} ${manifest.ended.detail}${manifest.error ? `, ${manifest.error.code}: ${manifest.error.message}` : ''}`,
      )
      console.log(
        `  ${artifactKinds
          .map((kind) => countOf(capture, kind))
          .filter((text) => text !== '')
          .join(', ')}`,
      )
      const sockets = lab.socketAttempts.slice(from.sockets)
      console.log(
        `  asked ${asked.length}, of these ${asked.filter(({ status }) => status === 404).length} not in the archive; ${compared.equal} bodies equal, ${compared.altered.length} altered, ${compared.unseen.length} unseen; sockets ${sockets.length} tried, ${artifacts(capture, 'websocket').items.length} captured`,
      )
      const failed = Map.groupBy(
        artifacts(capture, 'request').items.filter(({ failure }) => failure !== undefined),
        ({ failure }) => `${failure?.reason}${failure?.blocked === undefined ? '' : ` ${failure.blocked}`}`,
      )
      for (const [reason, requests] of failed)
        console.log(
          `  ${requests.length} × ${reason}: ${[...new Set(requests.map(({ url }) => URL.parse(url)?.host ?? url.slice(0, 40)))].slice(0, 12).join(' ')}`,
        )
      for (const url of compared.altered) console.log(`  ✗ altered: ${url}`)
      for (const url of compared.unseen) console.log(`  ✗ unseen: ${url}`)
      faults += compared.altered.length + compared.unseen.length
      show('scripts', compared.scripts)
      show('documents', compared.documents)
      console.log(`  replayed: ${observation.conclusion.status}; ${observation.conclusion.sentence}`)
      for (const { title, service, detector } of observation.findings)
        console.log(`    ${detector}: ${title}${service === null ? '' : ` (${service})`}`)
      for (const { reason } of observation.blindTo) console.log(`    blind: ${reason}`)
      if (values.verbose) for (const [url, times] of lab.misses) console.log(`    miss ×${times} ${url.slice(0, 200)}`)
      if (values.verbose)
        for (const message of artifacts(capture, 'console').items.slice(0, 12))
          console.log(`    console ${message.level} ${message.text.slice(0, 160)}`)
      await keepScreenshot(capture, line.store)
      const inArchive = judged.filter(({ url, finalUrl }) => [page, manifest.finalUrl].some((one) => one === url || one === finalUrl))
      for (const { conclusion, reached } of inArchive)
        console.log(`  the archive itself: ${conclusion.status}, ${reached}; ${conclusion.sentence}`)
    }
  } finally {
    await lab.close()
  }
}

function countOf(capture: Capture, kind: ArtifactKind): string {
  const { items, status } = artifacts(capture, kind)
  return items.length === 0 && status === 'complete' ? '' : `${items.length} ${kind}${status === 'complete' ? '' : ` (${status})`}`
}

function show(what: string, fates: readonly ScriptFate[]): void {
  const count = (fate: ScriptFate['fate']): number => fates.filter((one) => one.fate === fate).length
  if (fates.length === 0) return
  console.log(
    `  ${what} of the archive: ${fates.length}; captured ${count('captured')}, asked for and not run ${count('asked')}, not asked for ${count('not-asked')}, not in the archive ${count('lost')}`,
  )
  const missed = fates.filter(({ fate }) => fate === 'asked' || fate === 'not-asked')
  for (const { url, fate, reason } of missed.slice(0, values.verbose ? 1000 : 25))
    console.log(`    ${fate} ${url.slice(0, 140)}: ${reason.slice(0, 240)}`)
}

async function archivedFiles(file: string): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = []
  for await (const { url, method, status, mimeType, headers, body, requestHeaders, resourceType } of readExchanges(file)) {
    const header = (list: typeof headers, name: string): string => list.find((one) => one.name.toLowerCase() === name)?.value ?? ''
    const type = mimeType ?? header(headers, 'content-type')
    const isScript = /(?:java|ecma)script/i.test(type) || (resourceType === 'script' && !/html/i.test(type))
    files.push({
      url,
      method: method.toUpperCase(),
      status,
      is: isScript ? 'script' : /html/i.test(type) ? 'document' : 'other',
      digest: body === null ? null : sha256(body),
      referer: header(requestHeaders, 'referer') || null,
    })
  }
  return files
}

async function textsOf(capture: Capture, blobs: BlobStore): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const add = async (url: string, body: { status: string; digest?: `sha256:${string}` }): Promise<void> => {
    if (body.digest !== undefined)
      texts.set(url || `a script without address ${body.digest.slice(7, 15)}`, Buffer.from(await blobs.get(body.digest)).toString('latin1'))
  }
  for (const script of artifacts(capture, 'script').items) if (script.source !== 'inline') await add(script.url, script.body)
  for (const request of artifacts(capture, 'request').items)
    if (/document|script|stylesheet/.test(request.resourceType)) await add(request.url, request.body)
  return texts
}

async function keepScreenshot(capture: Capture, blobs: BlobStore): Promise<void> {
  const taken = artifacts(capture, 'screenshot').items[0]
  if (taken?.body.status !== 'stored') return
  const path = join(out, `${capture.id.slice(7, 19)}.${taken.mimeType.split('/')[1] ?? 'bin'}`)
  await writeFile(path, await blobs.get(taken.body.digest))
  console.log(`  screenshot: ${path}`)
}

async function judgedArchive(file: string): Promise<Observation[]> {
  const observations: Observation[] = []
  for await (const judged of judgeFiles([file], { onProgress: () => undefined, onNote: () => undefined }, new AbortController().signal)) {
    if ('error' in judged) console.log(`  the archive itself: ${judged.error.code} ${judged.error.message}`)
    else observations.push(judged.observation)
  }
  return observations
}
