import type { CaptureManifest, PageReached } from '#model/capture.ts'
import type { Component } from '#model/component.ts'
import type { Conversation } from '#model/conversation.ts'
import type { Deed, DeedKind } from '#model/deed.ts'
import type { Mining, Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { shorten } from './shorten.ts'

/** How each status is called for a reader; the urgency decides its colour. */
export const statusWords: Record<Status, { label: string; urgency: 'bad' | 'warn' | 'good' | 'unknown' }> = {
  active: { label: 'MINING', urgency: 'bad' },
  loaded: { label: 'MINER LOADED', urgency: 'bad' },
  suspected: { label: 'SUSPECTED', urgency: 'warn' },
  'opt-in': { label: 'OPT-IN MINER', urgency: 'warn' },
  none: { label: 'NO MINER FOUND', urgency: 'good' },
  inconclusive: { label: 'INCONCLUSIVE', urgency: 'unknown' },
  'not-observed': { label: 'NOT OBSERVED', urgency: 'unknown' },
  hint: { label: 'HINT OF A MINER', urgency: 'warn' },
  'no-hint': { label: 'NO HINT', urgency: 'unknown' },
}

const facts = {
  activity: {
    hashing: 'hashing was seen',
    'pool-contact': 'a pool was contacted',
    delivered: 'miner code was delivered, not seen running',
    'none-seen': 'none seen',
  },
  consent: {
    'asked-first': 'visitors are asked first',
    'asked-late': 'visitors are asked only after it has begun',
    'refused-ignored': 'it mines although the visitor said no',
    'not-asked': 'visitors are not asked',
    unknown: 'not known',
  },
  placement: {
    page: "in the page's own markup",
    'own-file': "in a script file of the site's own",
    'third-party': "in a third party's code",
    ad: 'in an advertisement',
    unknown: 'not known',
  },
  operator: { declared: 'the owner has declared it', denied: 'the owner says it is not his', unknown: 'not known whether the owner knows' },
} as const

export function miningFacts(mining: Mining): { name: string; value: string }[] {
  return [
    { name: 'Activity', value: facts.activity[mining.activity] },
    { name: 'Consent', value: facts.consent[mining.consent] },
    { name: 'Placement', value: facts.placement[mining.placement] },
    { name: 'Operator', value: facts.operator[mining.operator] },
  ]
}

/** What one message of a mining dialogue is for. */
export const roleWords: Readonly<Record<string, string>> = {
  login: 'Logs in',
  'logged-in': 'Accepts the login',
  job: 'Hands out work',
  submit: 'Hands in a share',
  accepted: 'Accepts a share',
  keepalive: 'Says that it is still there',
  error: 'Reports an error',
}

const counts: Readonly<Record<string, [one: string, many: string]>> = {
  login: ['login', 'logins'],
  'logged-in': ['login accepted', 'logins accepted'],
  job: ['job handed out', 'jobs handed out'],
  submit: ['share handed in', 'shares handed in'],
  accepted: ['share accepted', 'shares accepted'],
  keepalive: ['sign of life', 'signs of life'],
  error: ['error', 'errors'],
}

/** A dialogue in a sentence. */
export function poolSummary(pool: NonNullable<Conversation['pool']>): string {
  const roles = pool.roles.map(({ role, count }) => `${count} ${(counts[role] ?? [role, role])[count === 1 ? 0 : 1]}`)
  return [
    pool.dialect === 'renamed' ? 'In a dialect with names of its own' : `In the dialect ${pool.dialect}`,
    pool.family === null ? '' : ` for ${pool.family}`,
    roles.length === 0 ? '' : `: ${roles.join(', ')}`,
    pool.accounts.length === 0 ? '' : `; pays ${pool.accounts.join(', ')}`,
    pool.name === null ? '' : `; asks for the pool ${pool.name}`,
    '.',
  ].join('')
}

const vias: Readonly<Record<Conversation['via'], string>> = {
  websocket: 'WebSocket',
  http: 'Requests and answers over HTTP',
  webrtc: 'WebRTC',
  webtransport: 'WebTransport',
  eventsource: 'Server-sent events',
  beacon: 'Beacon',
  'fetch-stream': 'Streamed answer',
}
export const viaWords = (via: Conversation['via']): string => vias[via]

const deedWords: Readonly<Record<DeedKind, (count: string, one: boolean) => string>> = {
  'loads-script': (count, one) => `loaded ${count} script${one ? '' : 's'}`,
  'asks-for': (count, one) => `asked for ${count} other thing${one ? '' : 's'}`,
  'opens-socket': (count, one) => `opened ${count} socket${one ? '' : 's'}`,
  'opens-connection': (count, one) => `opened ${count} other connection${one ? '' : 's'}`,
  'starts-worker': (count, one) => `started ${count} worker${one ? '' : 's'}`,
  'compiles-module': (count, one) => `compiled ${count} WebAssembly module${one ? '' : 's'}`,
  'shows-frame': (count, one) => `showed ${count} frame${one ? '' : 's'}`,
  'uses-processor': (count) => `used up to ${count} % of a core`,
  'asks-permission': (count, one) => `asked for ${count} permission${one ? '' : 's'}`,
  'asks-wallet': (count, one) => `asked a wallet ${one ? 'once' : `${count} times`}`,
  logs: (count, one) => `wrote ${count} line${one ? '' : 's'} to the console`,
}

/** `opened 2 sockets: wss://…, wss://…`, without a full stop. */
export function deedText(deed: Deed): string {
  const objects = [...new Set(deed.objects.map((object) => shorten(object, 100)))]
  const more = deed.kind !== 'uses-processor' && deed.count > objects.length && objects.length >= 6 ? ' and more' : ''
  return `${deedWords[deed.kind](String(deed.count), deed.count === 1)}${objects.length === 0 ? '' : `: ${objects.join(', ')}${more}`}`
}

/** Name of whoever serves it: the owner's, else the registrable domain, else the host. */
export const ownerName = ({ entity, registrableDomain, host }: Component): string => entity?.name ?? registrableDomain ?? host

/** Whose a piece of code is. */
export function ownerOf(component: Component): string {
  if (component.party === 'inline') return component.chain.length <= 1 ? "the page's own" : 'made while the page ran'
  return `${ownerName(component)} (${component.party === 'first' ? 'this site' : 'another party'})`
}

/** Who loaded it, as a sentence without its full stop. */
export function loaderOf(component: Component): string {
  // The code of a worker stands behind its worker, which has the same address.
  const way = component.chain.filter((url) => url !== component.url)
  const by = way.at(-1)
  return by === undefined || way.length <= 1 ? 'loaded by the page itself' : `loaded by ${by}, ${way.length} steps from the page`
}

/** How many other parties' code there is. */
export function thirdParties(components: readonly Component[]): number {
  return new Set(components.filter(({ party }) => party === 'third').map((component) => component.registrableDomain ?? component.host)).size
}

/** What no detector can be asked of, because the page itself was not reached; null where its content was. */
export function behind(reached: PageReached): string | null {
  switch (reached) {
    case 'gate':
      return 'The page behind the gate: it was not judged.'
    case 'login':
      return 'What is shown after a login: it was not judged.'
    case 'consent-wall':
      return 'The page behind the question for consent: it was not judged.'
    case 'error':
      return 'The page: it could not be reached, and was not judged.'
    default:
      return null
  }
}

/** What is known of the clock by which the times of a capture were written. */
export function clockText({ clockOffsetMs, clock }: CaptureManifest): string {
  if (clockOffsetMs === null) return `not compared with any other${clock?.reason ? `: ${clock.reason}` : ''}`
  const ahead = `${Math.abs(clockOffsetMs)} ms ${clockOffsetMs < 0 ? 'behind' : 'ahead of'} the servers'`
  return clock === undefined ? ahead : `${ahead} (within ${clock.uncertaintyMs ?? '?'} ms, by ${clock.agreeing} of ${clock.sources} hosts)`
}

export const counted = (count: number, one: string, many: string): string => `${count.toLocaleString('en')} ${count === 1 ? one : many}`

/** Whose code runs on a page, as a sentence: the site's, and who else's, the most first. */
export function ownersWords(components: readonly Component[]): string {
  const own = components.filter(({ party }) => party !== 'third').length
  const others = new Map<string, number>()
  for (const component of components)
    if (component.party === 'third') others.set(ownerName(component), (others.get(ownerName(component)) ?? 0) + 1)
  const sorted = [...others].toSorted((a, b) => b[1] - a[1])
  const listed = sorted.slice(0, 8).map(([owner, count]) => `${owner} (${count})`)
  const more = sorted.length > listed.length ? ` and ${sorted.length - listed.length} more` : ''
  const first = `${counted(own, 'piece', 'pieces')} of code of the site itself`
  return sorted.length === 0 ? `${first}, and none of other parties.` : `${first}; of other parties: ${listed.join(', ')}${more}.`
}

/** Identifiers of trackers with the artifact that shows each, for as many as a reader follows. */
export function trackerWords({ trackers = [] }: Pick<Observation, 'trackers'>): string[] {
  const most = 20
  const told = trackers.slice(0, most).map(({ kind, id, artifact }) => `${kind} ${id} (${artifact})`)
  return trackers.length > most ? [...told, counted(trackers.length - most, 'more', 'more')] : told
}
