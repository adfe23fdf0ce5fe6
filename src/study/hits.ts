import { type Hit, type Hits, hitsSchemaVersion, type SubjectKind } from '#model/hits.ts'
import { AssayError } from '#model/errors.ts'
import type { Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { trackerKinds } from '#model/tracker.ts'

/** A word, and everything that it may be. */
export interface Subject {
  text: string
  as: SubjectKind[]
  digest: string | null
  host: string | null
  url: string | null
  /** Names that the ledger has for it as a tracker: `kind id`. */
  trackers: string[]
  /** `s1:…` */
  similarity: string | null
}

/** Throws `BAD_ARGUMENT`. */
export function subjectOf(given: string): Subject {
  const text = given.trim()
  const nothing = { text, digest: null, host: null, url: null, trackers: [], similarity: null }
  if (/^s1:[0-9a-f]{32}$/i.test(text)) return { ...nothing, as: ['similarity'], similarity: text.toLowerCase() }
  const named = namedTracker(text)
  if (named !== null) return { ...nothing, as: ['tracker'], trackers: [named] }
  if (text === '' || text.length > 4_096 || /\s/.test(text))
    throw new AssayError('BAD_ARGUMENT', 'a digest, a host, an account, a URL or a tracker is looked for', {
      hint: `A tracker by its identifier, or with its kind before it: ${trackerKinds.join(', ')}.`,
    })
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text)?.[1]
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null && /^[a-z]+:\/\//i.test(text)) throw new AssayError('BAD_ARGUMENT', `${text.slice(0, 200)} is no URL`)
  const host = url === null ? hostOf(text) : null
  // Of 64 digits no tracker has an identifier.
  const isTracker = url === null && hex === undefined
  const as: SubjectKind[] =
    url !== null
      ? ['url']
      : [
          ...(hex ? (['digest'] as const) : []),
          ...(host ? (['host'] as const) : []),
          'account',
          ...(isTracker ? (['tracker'] as const) : []),
        ]
  return {
    ...nothing,
    as: text.startsWith('sha256:') && hex ? ['digest'] : as,
    trackers: isTracker ? trackerKinds.map((kind) => `${kind} ${keptId(text)}`) : [],
    digest: hex === undefined ? null : `sha256:${hex.toLowerCase()}`,
    host,
    url: url === null ? null : withoutFragment(url.href),
  }
}

/** `kind id`; a server of statistics and the number of the site there are the identifier of one kind only. */
function namedTracker(text: string): string | null {
  const [first = '', ...rest] = text.split(/\s+/)
  if (rest.length === 0) return null
  const kind = trackerKinds.find((each) => each === first.toLowerCase())
  if (kind !== undefined) return `${kind} ${rest.length === 1 ? keptId(rest[0]!) : rest.join(' ').toLowerCase()}`
  return rest.length === 1 && hostOf(first) !== null && /^\d{1,6}$/.test(rest[0]!) ? `matomo ${first.toLowerCase()} ${rest[0]}` : null
}

/** As it stands in a page → as it is kept: without the number of the property, and without the product. */
const keptId = (id: string): string => id.replace(/^(UA-\d+)-\d+$/, '$1').replace(/^ca-(?=pub-\d)/, '')

function hostOf(text: string): string | null {
  if (!/^[^/?#@:]+\.[^/?#@:]+$|^\[[0-9a-f:.]+\]$/i.test(text)) return null
  const host = URL.parse(`https://${text}/`)?.hostname.replace(/\.$/, '') ?? ''
  return host.includes('.') || host.startsWith('[') ? host : null
}

const withoutFragment = (url: string): string => url.replace(/#.*$/, '')
const within = (host: string, parent: string): boolean => {
  const name = host.replace(/\.$/, '')
  return name === parent || name.endsWith(`.${parent}`)
}

const maxPlaces = 20

/** Where a subject is in what is believed of a capture; null where it is not. A host stands for itself and all below it. */
export function hitIn(observation: Observation, subject: Subject): Hit | null {
  const where = new Set<string>()
  const loadedBy = new Set<string>()
  let as: SubjectKind | null = null
  const found = (kind: SubjectKind, place: string, by: string): void => {
    as ??= kind
    where.add(place)
    if (by !== '') loadedBy.add(by)
  }
  const page = URL.parse(observation.finalUrl)?.hostname ?? ''
  for (const { digest, url, artifact, host, party, chain } of observation.components) {
    const by = URL.parse(chain.at(-1) ?? '')?.hostname ?? page
    if (subject.digest !== null && digest === subject.digest) found('digest', `${artifact}: ${url}`, by)
    if (subject.url !== null && withoutFragment(url) === subject.url) found('url', `${artifact} was loaded from it`, by)
    if (subject.host !== null && party !== 'inline' && within(host, subject.host))
      found('host', `${artifact} came from ${host}: ${url}`, by)
  }
  if (subject.host !== null) {
    if (within(page, subject.host)) found('host', "is the page's own host", '')
    for (const { parent, child, cause, count } of observation.hostPairs)
      if (within(child, subject.host)) found('host', `${parent} → ${child} (${cause}${count === 1 ? '' : `, ${count} times`})`, parent)
  }
  if (subject.url !== null)
    for (const [place, url] of [
      ['is the address that was visited', observation.url],
      ['is the address that the page ended at', observation.finalUrl],
    ] as const)
      if (withoutFragment(url) === subject.url) found('url', place, '')
  if (subject.as.includes('account')) {
    for (const { account, detector, service, title, evidence } of observation.findings)
      if (account === subject.text)
        found('account', `${title} [${detector}]${service === null ? '' : ` at ${service}`}: ${evidence[0]?.reason ?? ''}`, '')
    for (const { account, service } of observation.conclusion.accounts)
      if (account === subject.text) found('account', `is paid${service === null ? '' : ` at ${service}`}`, '')
    if (as === 'account') for (const { url } of observation.conclusion.chain) if (URL.canParse(url)) loadedBy.add(new URL(url).hostname)
  }
  const components = new Map(observation.components.map((component) => [component.artifact, component]))
  const broughtBy = (artifact: string): string => URL.parse(components.get(artifact)?.chain.at(-1) ?? '')?.hostname ?? ''
  for (const { kind, id, artifact } of observation.trackers ?? [])
    if (subject.trackers.includes(`${kind} ${id}`)) found('tracker', `${artifact} shows ${kind} ${id}`, broughtBy(artifact))
  for (const { digest, artifact } of observation.similarities ?? [])
    if (digest === subject.similarity)
      found('similarity', `${artifact} is such code: ${components.get(artifact)?.url ?? ''}`, broughtBy(artifact))
  if (as === null) return null
  return {
    captureId: observation.captureId,
    visitId: observation.visitId,
    site: observation.site,
    url: observation.url,
    observedAt: observation.observedAt,
    status: observation.conclusion.status,
    as,
    where: [...where].slice(0, maxPlaces),
    loadedBy: [...loadedBy].filter((host) => host !== '').slice(0, maxPlaces),
  }
}

/** What the history of a site is made of. */
export interface Look {
  captureId: string
  site: string
  observedAt: string
  status: Status
}

const maxListed = 1_000

/** Hits and looks, in any order → the answer. */
export function foldHits(
  subject: Subject,
  hits: readonly Hit[],
  looks: readonly Look[],
  counts: { looked: number; unreadable: number },
): Hits {
  const sorted = hits.toSorted((a, b) =>
    a.observedAt < b.observedAt ? -1 : a.observedAt > b.observedAt ? 1 : a.captureId < b.captureId ? -1 : 1,
  )
  const hitIds: ReadonlySet<string> = new Set(hits.map(({ captureId }) => captureId))
  const bySite = Map.groupBy(sorted, ({ site }) => site)
  // A look is a visit whose answer does not depend on something that it was blind to.
  const misses = Map.groupBy(
    looks.filter(({ captureId, status }) => !hitIds.has(captureId) && status !== 'not-observed' && status !== 'inconclusive'),
    ({ site }) => site,
  )
  const loaders = new Map<string, { sites: Set<string>; captures: number }>()
  for (const { loadedBy, site } of sorted)
    for (const host of loadedBy) {
      const known = loaders.get(host) ?? { sites: new Set(), captures: 0 }
      loaders.set(host, known)
      known.sites.add(site)
      known.captures++
    }
  return {
    schema: 'assay.hits',
    schemaVersion: hitsSchemaVersion,
    subject: subject.text,
    as: subject.as,
    ...counts,
    captures: sorted.length,
    firstSeen: sorted[0]?.observedAt ?? null,
    lastSeen: sorted.at(-1)?.observedAt ?? null,
    sites: [...bySite].map(([site, own]) => {
      const [firstSeen, lastSeen] = [own[0]!.observedAt, own.at(-1)!.observedAt]
      const times = (misses.get(site) ?? []).map(({ observedAt }) => observedAt).sort()
      return {
        site,
        captures: own.length,
        firstSeen,
        lastSeen,
        lookedBefore: times.findLast((time) => time < firstSeen) ?? null,
        lookedAfter: times.find((time) => time > lastSeen) ?? null,
        statuses: [...new Set(own.map(({ status }) => status))],
      }
    }),
    loadedBy: [...loaders]
      .map(([host, { sites, captures }]) => ({ host, sites: sites.size, captures }))
      .sort((a, b) => b.captures - a.captures || (a.host < b.host ? -1 : 1)),
    hits: sorted.slice(0, maxListed),
    notListed: Math.max(0, sorted.length - maxListed),
  }
}
