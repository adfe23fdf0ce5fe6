import { type Capture, artifacts } from '#model/capture.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import type { Digest } from '#model/digest.ts'

/** One exchange of an archive, with what a comparison needs of it. */
export interface ArchivedFile {
  url: string
  method: string
  status: number
  is: 'script' | 'document' | 'other'
  /** Null where the archive holds no octets. */
  digest: Digest | null
  referer: string | null
}

export interface AskedFor {
  url: string
  method: string
  status: number
}

/** `captured`: asked for, kept octet for octet, and run. `asked`: kept, not run. `not-asked`: the page as visited did not ask for it. */
export interface ScriptFate {
  url: string
  fate: 'captured' | 'asked' | 'not-asked' | 'lost'
  reason: string
}

export interface ReplayComparison {
  scripts: ScriptFate[]
  /** Documents of the archive that did not become a frame. */
  documents: ScriptFate[]
  /** What the browser asked the replay for and the capture does not have: always a fault of the capture. */
  unseen: string[]
  /** Responses whose octets in the capture are not the archive's: always a fault of the capture or the replay. */
  altered: string[]
  /** Captured responses with the archive's octets. */
  equal: number
}

export interface ComparedReplay {
  archive: readonly ArchivedFile[]
  asked: readonly AskedFor[]
  capture: Capture
  /** Texts that the capture holds (documents, scripts), by the address that they came from. */
  texts: ReadonlyMap<string, string>
}

/** What an archive holds against what a visit to its replay asked for and kept, with a reason for each difference. Pure. */
export function compareReplay(o: ComparedReplay): ReplayComparison {
  const requests = artifacts(o.capture, 'request').items
  const byUrl = Map.groupBy(requests, (request) => plain(request.url))
  const archived = Map.groupBy(o.archive, (file) => plain(file.url))
  const comparison: ReplayComparison = { scripts: [], documents: [], unseen: [], altered: [], equal: 0 }
  for (const [url, list] of archived) {
    const file = list.find((one) => one.digest !== null) ?? list[0]
    if (file === undefined || file.method !== 'GET' || file.is === 'other') continue
    const fate = file.is === 'script' ? scriptFate(file, o, byUrl) : documentFate(file, o, byUrl)
    comparison[file.is === 'script' ? 'scripts' : 'documents'].push({ url, ...fate })
  }
  for (const { url, method } of o.asked) {
    // Asked for by the browser's own chrome, outside the page.
    if (url.endsWith('/favicon.ico')) continue
    if (!byUrl.get(plain(url))?.some((request) => request.method === method) && !comparison.unseen.includes(url))
      comparison.unseen.push(url)
  }
  for (const request of requests) {
    const known = archived.get(plain(request.url))?.flatMap(({ digest }) => digest ?? [])
    if (request.body.status !== 'stored' || request.response?.status !== 200 || known === undefined || known.length === 0) continue
    if (known.includes(request.body.digest)) comparison.equal++
    else comparison.altered.push(request.url)
  }
  return comparison
}

type Fate = Omit<ScriptFate, 'url'>
type ByUrl = ReadonlyMap<string, RequestArtifact[]>

function scriptFate(file: ArchivedFile, o: ComparedReplay, byUrl: ByUrl): Fate {
  if (file.digest === null || file.status >= 400 || file.status === 0)
    return { fate: 'lost', reason: file.status >= 400 ? `the archive has status ${file.status}` : 'the archive holds no body' }
  const requests = byUrl.get(plain(file.url))
  if (requests === undefined) return notAsked(file, o)
  if (artifacts(o.capture, 'script').items.some((script) => plain(script.url) === plain(file.url))) return { fate: 'captured', reason: '' }
  return { fate: 'asked', reason: whyNotRun(file, requests, o) }
}

function documentFate(file: ArchivedFile, o: ComparedReplay, byUrl: ByUrl): Fate {
  if (file.digest === null || file.status >= 300 || file.status === 0)
    return { fate: 'lost', reason: file.status >= 300 ? `the archive has status ${file.status}` : 'the archive holds no body' }
  const requests = byUrl.get(plain(file.url))
  if (requests === undefined) return notAsked(file, o)
  if (artifacts(o.capture, 'frame').items.some((frame) => plain(frame.url) === plain(file.url))) return { fate: 'captured', reason: '' }
  const last = requests.at(-1)
  return {
    fate: 'asked',
    reason: last?.failure
      ? `the browser refused it: ${last.failure.reason}${last.failure.blocked ? ` (${last.failure.blocked})` : ''}`
      : `asked for as ${last?.resourceType ?? 'nothing'}, or its frame went on or went away`,
  }
}

function whyNotRun(file: ArchivedFile, requests: readonly RequestArtifact[], o: ComparedReplay): string {
  const failed = requests.find((request) => request.failure !== undefined)?.failure
  if (failed) return `the browser refused it: ${failed.reason}${failed.blocked === undefined ? '' : ` (${failed.blocked})`}`
  const type = requests[0]?.resourceType
  if (type !== 'script') return `asked for as ${type}, not as a script`
  const complaint = artifacts(o.capture, 'console').items.find(
    (message) => message.place !== undefined && plain(message.place.url) === plain(file.url),
  )
  if (complaint) return `it does not parse: ${complaint.text.split('\n', 1)[0]?.slice(0, 100)}`
  return 'fetched and never run'
}

function notAsked(file: ArchivedFile, o: ComparedReplay): Fate {
  const fate = 'not-asked' as const
  const path = plain(file.url).split('?', 1)[0]
  const other = o.asked.find(({ url }) => plain(url).split('?', 1)[0] === path)
  if (other) return { fate, reason: `asked for with another query: ${other.url}` }
  const base = path?.split('/').at(-1) ?? ''
  // A name says nothing where it is one that every site has.
  const naming = base.length < 4 ? undefined : [...o.texts].find(([url, text]) => plain(url) !== plain(file.url) && text.includes(base))
  if (naming) return { fate, reason: `named in ${naming[0]}, which did not ask for it on this visit` }
  const { referer } = file
  const from = referer === null ? undefined : o.asked.find(({ url }) => plain(url) === plain(referer))
  if (referer !== null && from === undefined) return { fate, reason: `asked for by ${referer}, which was not loaded itself` }
  return { fate, reason: 'nothing that this visit loaded names it' }
}

/** Without fragment, and without the scheme: browsers ask by https for what an old archive has by http. */
function plain(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url
  parsed.hash = ''
  return parsed.href.replace(/^https?:/, '')
}
