import type { Signature } from '#model/signature.ts'
import type { CallFeature } from '#derive/javascript/features.ts'
import { addressOf } from '#derive/pool/account.ts'
import type { Derived, DetectorInput } from './contract.ts'
import { hostOf, isWithin } from './hosts.ts'
import { isHandler, tellsOfMining, VisitorActs } from './visitor-acts.ts'

/** One thing on a page by which a signature recognised its service. */
export interface Sight {
  how: 'reference' | 'construct' | 'start' | 'element' | 'literal' | 'socket'
  account: string | null
  artifact: string
  at: string
  reason: string
  /** It waits for an act of the visitor, or asks by itself. */
  waits: boolean
  /** The name is common: counts beside others only. */
  weak: boolean
}

export type ServiceInput = DetectorInput<'request' | 'websocket' | 'frame', 'javascript' | 'html'>

const patterns = new Map<string, RegExp>()

function pattern(source: string): RegExp {
  let regex = patterns.get(source)
  if (regex === undefined) patterns.set(source, (regex = new RegExp(source, 'i')))
  return regex
}

export function accountOf(signature: Signature, value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value)
  if (signature.account === undefined)
    return typeof value === 'string' && text.length >= 4 && !/^(your|site|public)[ _-]/i.test(text) ? text : null
  if (new RegExp(`^(?:${signature.account})$`).test(text)) return text
  // Services that pay to a coin's address take those of its kin; the checksum says that it is one.
  return signature.kind === 'mining' && text.length >= 95 && addressOf(text)?.address === text ? text : null
}

/** A URL, taken apart once for all signatures. */
interface Address {
  url: string
  parsed: URL | null
}

const addressOfUrl = (url: string): Address => ({ url, parsed: URL.parse(url) })

/** How a URL belongs to a service: started by being loaded, its script, or not at all. */
function matchUrl(signature: Signature, { url, parsed }: Address): { starts: boolean; account: string | null } | null {
  for (const source of signature.startUrls) {
    const match = pattern(source).exec(url)
    if (match) return { starts: true, account: accountOf(signature, unescaped(match.groups?.['account'])) }
  }
  if (parsed === null) return null
  if (isWithin(parsed.hostname, signature.hosts) || signature.scriptPaths.some((path) => pattern(path).test(parsed.pathname)))
    return { starts: false, account: null }
  return null
}

function unescaped(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return text
  }
}

interface Reference {
  url: string
  artifact: string
  at: string
  how: string
}

/** Everything that the page loads or would load, as whole URLs. */
export function referencesOf(input: ServiceInput): Reference[] {
  const references: Reference[] = []
  for (const html of input.features.html) {
    const artifact = html.artifacts[0]
    if (!html.runs || artifact === undefined) continue
    const base = URL.parse(html.features.baseHref ?? '', artifact.url || input.finalUrl)?.href ?? input.finalUrl
    for (const script of html.features.scripts) {
      if (script.src !== null && script.runs)
        references.push({ url: absolute(script.src, base), artifact: artifact.id, at: `line ${script.line}`, how: 'loads the script' })
    }
    for (const frame of html.features.frames)
      if (frame.src !== null)
        references.push({ url: absolute(frame.src, base), artifact: artifact.id, at: `line ${frame.line}`, how: 'shows the frame' })
  }
  for (const request of input.artifacts.request.items) {
    if (
      ['script', 'worker', 'document', 'other', 'fetch', 'xhr'].includes(request.resourceType) &&
      request.url !== input.finalUrl &&
      request.url !== input.url
    )
      references.push({ url: request.url, artifact: request.id, at: 'request', how: 'asked for' })
  }
  return references
}

function absolute(url: string, base: string): string {
  return URL.parse(url, base)?.href ?? URL.parse(url, 'https://unknown.invalid/')?.href ?? url
}

export interface Page {
  sights: Map<string, Sight[]>
  /** Whether it tells its visitors of mining. */
  tells: boolean
}

/** What each signature recognises on a page. */
export function sightsOf(input: ServiceInput): Page {
  const sights = new Map<string, Sight[]>()
  const add = (signature: Signature, sight: Sight): void => {
    const list = sights.get(signature.id)
    if (list === undefined) sights.set(signature.id, [sight])
    else if (list.length < 40) list.push(sight)
  }
  for (const { url, artifact, at, how } of referencesOf(input)) {
    const address = addressOfUrl(url)
    for (const signature of input.signatures) {
      const match = matchUrl(signature, address)
      if (match !== null)
        add(signature, {
          how: match.starts ? 'start' : 'reference',
          account: match.account,
          artifact,
          at,
          reason: `${how} ${url.slice(0, 200)}`,
          waits: false,
          weak: false,
        })
    }
  }
  const scripts = input.features.javascript.filter((script) => script.runs)
  const acts = new VisitorActs(scripts)
  for (const script of scripts) scriptSights(input, script, acts, add)
  startsByName(input, scripts, acts, sights)
  for (const html of input.features.html) {
    const artifact = html.artifacts[0]
    if (!html.runs || artifact === undefined) continue
    for (const element of html.features.elements) {
      for (const signature of input.signatures) {
        const wanted = signature.elements.find(
          ({ name, attribute, value }) =>
            (name === undefined || name === element.name) &&
            element.attributes[attribute] !== undefined &&
            (value === undefined || element.attributes[attribute].split(/\s+/).includes(value)),
        )
        if (wanted === undefined) continue
        const account = wanted.account === undefined ? null : accountOf(signature, element.attributes[wanted.account])
        add(signature, {
          how: 'element',
          account,
          artifact: artifact.id,
          at: `line ${element.line}`,
          reason: `has the element <${element.name} ${wanted.attribute}="${(element.attributes[wanted.attribute] ?? '').slice(0, 60)}">`,
          waits: wanted.asksFirst,
          weak: false,
        })
      }
    }
  }
  for (const socket of input.artifacts.websocket.items) {
    const host = hostOf(socket.url)
    for (const signature of input.signatures) {
      if (isWithin(host, signature.poolHosts)) {
        const open = socket.frames.length > 0 || socket.handshake?.status === 101
        add(signature, {
          how: open ? 'socket' : 'reference',
          // Some proxies are told in their address who is paid.
          account: matchUrl(signature, addressOfUrl(socket.url))?.account ?? null,
          artifact: socket.id,
          at: 'handshake',
          reason: `${open ? 'spoke to' : 'tried to reach'} ${host}, a host of ${signature.name}`,
          waits: false,
          weak: false,
        })
      }
    }
  }
  return { sights, tells: tellsOfMining(input.features.html, scripts) }
}

function scriptSights(
  input: ServiceInput,
  script: Derived<'javascript'>,
  acts: VisitorActs,
  add: (signature: Signature, sight: Sight) => void,
): void {
  const artifact = script.artifacts[0]
  if (artifact === undefined) return
  const where = (line: number): string => [...script.within, ...(line > 0 ? [`line ${line}`] : [])].join(', ') || 'whole'
  for (const signature of input.signatures) {
    for (const call of script.features.calls) {
      for (const known of signature.calls) {
        if (call.name !== known.name && !call.name.startsWith(`${known.name}().`)) continue
        const constructs = call.name === known.name
        const starts = (constructs && known.starts) || /\(\)\.(start|startWork|startMining|run)$/.test(call.name)
        if (!constructs && !starts) continue
        const account = constructs && known.account !== undefined ? accountOf(signature, call.arguments[known.account]) : null
        add(signature, {
          how: starts ? 'start' : 'construct',
          account,
          artifact: artifact.id,
          at: where(call.place.line),
          reason: said(call),
          waits: acts.waits(script, call),
          weak: known.beside || (known.weak && account === null),
        })
      }
    }
    for (const all of signature.literals) {
      if (all.every((literal) => script.features.literals.includes(literal)))
        add(signature, {
          how: 'literal',
          account: null,
          artifact: artifact.id,
          at: where(0),
          reason: `is the client script: it holds ${all.map((literal) => `"${literal}"`).join(', ')}`,
          waits: false,
          weak: false,
        })
    }
  }
  // A script that names many services is a list of them.
  const named = script.features.urls.flatMap((url) => {
    const address = addressOfUrl(url.startsWith('//') ? `https:${url}` : url)
    return input.signatures
      .map((signature) => ({ signature, url, match: matchUrl(signature, address) }))
      .filter(({ match }) => match !== null)
  })
  if (new Set(named.map(({ signature }) => signature.id)).size > 2) return
  for (const { signature, url, match } of named) {
    // A service's widget frames its miner: https://…/media/miner.html?key=
    const isScript = match!.starts || /\.js\b|\/lib\/|\/media\/|miner[\w-]*\.html/.test(url)
    if (isScript && script.features.level === 'parsed')
      add(signature, {
        how: match!.starts ? 'start' : 'reference',
        account: match!.account,
        artifact: artifact.id,
        at: where(0),
        reason: `loads ${url.slice(0, 200)}`,
        waits: isHandler(script),
        weak: false,
      })
  }
}

/** `var miner = new X(…)` in one script and `miner.start()` in another. */
function startsByName(
  input: ServiceInput,
  scripts: readonly Derived<'javascript'>[],
  acts: VisitorActs,
  sights: Map<string, Sight[]>,
): void {
  const starts = scripts.flatMap((script) =>
    script.features.calls
      .filter((call) => /(^|\.)(start|startWork)$/.test(call.name) && !call.name.includes('()'))
      .map((call) => ({ script, call, waits: acts.waits(script, call) })),
  )
  const [first] = starts.toSorted((a, b) => Number(a.waits) - Number(b.waits))
  if (first === undefined) return
  for (const signature of input.signatures) {
    const list = sights.get(signature.id)
    if (
      list === undefined ||
      signature.kind !== 'mining' ||
      !list.some((sight) => sight.how === 'construct' && !sight.weak) ||
      list.some((sight) => sight.how === 'start')
    )
      continue
    const artifact = first.script.artifacts[0]
    if (artifact !== undefined)
      list.push({
        how: 'start',
        account: null,
        artifact: artifact.id,
        at: first.script.within.join(', ') || 'whole',
        reason: said(first.call),
        waits: first.waits,
        weak: false,
      })
  }
}

function said(call: CallFeature): string {
  const values = call.arguments
    .filter((value) => value !== null)
    .map((value) => JSON.stringify(value))
    .join(', ')
  return `calls ${call.isNew ? 'new ' : ''}${call.name.slice(0, 80)}(${values.slice(0, 140)})`
}
