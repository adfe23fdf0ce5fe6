import type { Evidence, Finding } from '#model/finding.ts'
import type { ListedRequest, ListEntry } from '../block-lists.ts'
import { defineDetector, evidence } from '../contract.ts'
import { referencesOf, type ServiceInput } from '../service-sights.ts'

const maxRequests = 5_000
const maxCited = 8

/** What block lists that the operator named say of what the page asks for. Never more than context: lists err, copy each other and are slow to forget. */
export const detector = defineDetector({
  meta: {
    id: 'block-list',
    version: '1',
    title: 'Block lists',
    kinds: ['mining'],
    limits:
      'A list says that somebody wrote a name down. A hit is cited beside other evidence and asks for a second look; it moves no status.',
  },
  needs: { artifacts: ['request', 'websocket', 'frame'], features: ['javascript', 'html'] },
  hiddenBy: [],
  detect(input) {
    const lists = input.blockLists
    if (lists === null) return []
    const byList = new Map<string, Evidence[]>()
    for (const { url, artifact, at, how, type } of requestsOf(input)) {
      for (const entry of lists.match({ url, source: input.finalUrl, type })) {
        const cited = byList.get(entry.list) ?? []
        byList.set(entry.list, cited)
        cited.push(evidence(input, artifact, at, `${how} ${url.slice(0, 200)}; the list has ${saidOf(entry)}`))
      }
    }
    return [...byList].map(([list, cited]): Finding => ({
      detector: 'block-list',
      kind: 'mining',
      weight: 'context',
      family: null,
      service: null,
      account: null,
      title: `The block list ${list} names ${cited.length === 1 ? 'an address' : `${cited.length} addresses`} that the page asks for`,
      evidence: cited.slice(0, maxCited),
    }))
  },
})

const saidOf = ({ entry, line }: ListEntry): string => `"${entry}"${line === null ? '' : ` in line ${line}`}`

interface Requested {
  url: string
  artifact: string
  at: string
  how: string
  type: ListedRequest['type']
}

/** Every address once, of at most so many. The page itself is among them. */
function requestsOf(input: ServiceInput): Requested[] {
  const requests = new Map<string, Requested>()
  const add = (request: Requested): void => {
    if (requests.size < maxRequests && !requests.has(request.url)) requests.set(request.url, request)
  }
  for (const { id, url, resourceType } of input.artifacts.request.items)
    add({ url, artifact: id, at: 'request', how: 'asked for', type: typeOf(resourceType, url === input.finalUrl || url === input.url) })
  for (const { url, artifact, at, how } of referencesOf(input))
    add({ url, artifact, at, how, type: how === 'shows the frame' ? 'sub_frame' : 'script' })
  for (const { id, url } of input.artifacts.websocket.items)
    add({ url, artifact: id, at: 'handshake', how: 'opened a socket to', type: 'websocket' })
  return [...requests.values()]
}

function typeOf(resourceType: string, isPage: boolean): ListedRequest['type'] {
  if (isPage) return 'document'
  switch (resourceType) {
    case 'document':
      return 'sub_frame'
    case 'script':
    case 'worker':
    case 'sharedworker':
    case 'serviceworker':
      return 'script'
    case 'xhr':
    case 'fetch':
    case 'eventsource':
      return 'xhr'
    case 'image':
      return 'image'
    default:
      return 'other'
  }
}
