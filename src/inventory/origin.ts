import type { Initiator, RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Digest } from '#model/digest.ts'
import type { ChainLink, Observation } from '#model/observation.ts'
import type { CodeOrigin, OriginEntry, OriginFile } from '#model/origin.ts'
import { hostOfUrl, registrableDomain, sameSite } from '#derive/party.ts'
import { policyAgainst } from './policy.ts'

/** Longest text that is shown of a place. */
const maxPlace = 240
const isWeb = (url: string): boolean => /^https?:/i.test(url)
const isTalk = (link: ChainLink): boolean => /^(ws|transport)-/.test(link.artifact ?? '') || link.how.startsWith('opens the')

/** What has to be read for `originOf`: the site's own documents and files on the way. */
export function originTexts(capture: Capture, observation: Observation): Digest[] {
  const page = capture.manifest.finalUrl
  const own = new Set([page, ...observation.conclusion.chain.map(({ url }) => url).filter((url) => isWeb(url) && sameSite(url, page))])
  const digests = artifacts(capture, 'request')
    .items.filter(({ url }) => own.has(url))
    .flatMap(({ body }) => (body.status === 'stored' ? [body.digest] : []))
  return [...new Set(digests)].slice(0, 20)
}

/**
 * The way to the miner, read for its owner: which files of whom, which place of his own brings them in, and which policy would have stopped it.
 * `texts`: what `originTexts` named, by digest. Null where there is no way to tell of.
 */
export function originOf(capture: Capture, observation: Observation, texts: ReadonlyMap<Digest, string>): CodeOrigin | null {
  const { chain } = observation.conclusion
  if (chain.length === 0 || capture.manifest.conditions.lane === 'file') return null
  const requests = new Map<string, RequestArtifact>()
  for (const request of artifacts(capture, 'request').items) if (!requests.has(request.url)) requests.set(request.url, request)
  return {
    files: filesOf(capture, observation, requests),
    entry: entryOf(capture, chain, requests, texts),
    policy: policyAgainst(capture, observation),
    trusted: null,
  }
}

function filesOf(capture: Capture, observation: Observation, requests: ReadonlyMap<string, RequestArtifact>): OriginFile[] {
  const page = capture.manifest.finalUrl
  const components = new Map(observation.components.map((component) => [component.url, component]))
  const spoken = new Set(
    observation.findings
      .filter(({ detector }) => detector === 'pool-traffic')
      .flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)),
  )
  const files = new Map<string, OriginFile>()
  for (const link of observation.conclusion.chain) {
    if (!isWeb(link.url) || link.url === page || isTalk(link) || spoken.has(link.artifact ?? '') || files.has(link.url)) continue
    const component = components.get(link.url)
    const request = requests.get(link.url)
    const host = hostOfUrl(link.url)
    const body = request?.body.status === 'stored' ? request.body : null
    files.set(link.url, {
      artifact: component?.artifact ?? link.artifact,
      url: link.url,
      owner: component?.entity?.name ?? registrableDomain(host) ?? host,
      party: sameSite(link.url, page) ? 'first' : 'third',
      digest: component?.digest ?? body?.digest ?? null,
      size: component?.size ?? body?.size ?? null,
      lastModified: request?.response?.headers.find(({ name }) => name.toLowerCase() === 'last-modified')?.value ?? null,
      history: null,
    })
  }
  return [...files.values()]
}

/** The step from what the site serves to what others serve; where all of it is the site's, the step from its document. */
function entryOf(
  capture: Capture,
  chain: readonly ChainLink[],
  requests: ReadonlyMap<string, RequestArtifact>,
  texts: ReadonlyMap<Digest, string>,
): OriginEntry | null {
  const page = capture.manifest.finalUrl
  const code = chain.filter((link) => !isTalk(link))
  const foreign = code.findIndex(({ url }) => isWeb(url) && !sameSite(url, page))
  const at = foreign > 0 ? foreign : code.findIndex(({ url }) => isWeb(url) && url !== page)
  const link = code[at]
  if (link === undefined) return inlineEntry(capture, code)
  const initiator = requests.get(link.url)?.initiator ?? initiatorOf(capture, link)
  const inStack = (initiator?.stack ?? []).find(({ url }) => isWeb(url) && sameSite(url, page))
  const textAt = (url: string): string | null => {
    const body = requests.get(url)?.body
    return body?.status === 'stored' ? (texts.get(body.digest) ?? null) : null
  }
  if (initiator?.type !== 'parser' && inStack !== undefined) {
    const text = textAt(inStack.url)
    const place = text === null ? null : placeIn(text, inStack.line, inStack.column)
    if (place !== null) return { url: inStack.url, line: inStack.line + 1, text: place, isTag: false }
  }
  const documents = [...new Set([initiator?.url, page])].filter((url) => url !== undefined)
  for (const url of documents) {
    const text = textAt(url)
    const tag = text === null ? null : tagFor(text, url, link.url)
    if (tag !== null) return { url, ...tag, isTag: true }
  }
  const dom = artifacts(capture, 'dom').items.find(({ url }) => url === page)
  const tag = dom === undefined ? null : tagFor(dom.text, page, link.url)
  return tag === null ? null : { url: page, line: null, text: tag.text, isTag: true }
}

/** The miner stands in the document: where its block begins. */
function inlineEntry(capture: Capture, code: readonly ChainLink[]): OriginEntry | null {
  const ids = new Set(code.map(({ artifact }) => artifact))
  const script = artifacts(capture, 'script').items.find(({ id, source }) => ids.has(id) && source === 'inline')
  return script === undefined ? null : { url: script.url, line: script.startLine + 1, text: '<script>', isTag: true }
}

function initiatorOf(capture: Capture, { artifact }: ChainLink): Initiator | undefined {
  for (const kind of ['request', 'script', 'frame', 'worker'] as const) {
    const found = artifacts(capture, kind).items.find(({ id }) => id === artifact)
    if (found !== undefined && 'initiator' in found) return found.initiator
  }
  return undefined
}

/** The line, or what of a long one is around the column. */
function placeIn(text: string, line: number, column: number): string | null {
  const whole = text.split('\n', line + 1)[line]
  if (whole === undefined || whole.trim() === '') return null
  if (whole.trim().length <= maxPlace) return whole.trim()
  const from = Math.max(0, Math.min(column - maxPlace / 2, whole.length - maxPlace))
  const cut = whole.slice(from, from + maxPlace).toWellFormed()
  return `${from > 0 ? '…' : ''}${cut}${from + maxPlace < whole.length ? '…' : ''}`
}

const opening = /<(?:script|iframe|frame|embed|object|link)(?=[\s/>])/gi
const source = /\s(?:src|href|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i
const maxTag = 4_000

/** The tag of a document that loads this address. */
export function tagFor(text: string, document: string, wanted: string): { line: number; text: string } | null {
  const base = /<base\s[^<>]{0,4000}>/i.exec(text.slice(0, 100_000))?.[0]
  const root = URL.parse(sourceOf(base ?? '') ?? '', document)?.href ?? document
  // One pass, whatever the page writes: a tag ends at the next `>`, and the next tag begins after it.
  let end = -1
  for (const { index } of text.matchAll(opening)) {
    if (index <= end) continue
    end = text.indexOf('>', index)
    if (end === -1) return null
    if (end - index > maxTag) continue
    const tag = text.slice(index, end + 1)
    const from = sourceOf(tag)
    if (from === null || URL.parse(from, root)?.href !== wanted) continue
    return {
      line: text.slice(0, index).split('\n').length,
      text: tag.length <= maxPlace ? tag : `${tag.slice(0, maxPlace).toWellFormed()}…`,
    }
  }
  return null
}

function sourceOf(tag: string): string | null {
  const found = source.exec(tag)
  return found === null ? null : (found[1] ?? found[2] ?? found[3] ?? '').replaceAll('&amp;', '&').trim()
}
