import { speaksOfMining } from '../dialog.ts'
import type { DeriveContext, Deriver, InnerBlob } from '../deriver.ts'
import { trackerIds } from '../trackers.ts'
import { addCall, analyse, constant, looksLikeScript } from './analyse.ts'
import { emulate, type Emulation } from './emulator.ts'
import type { JavaScriptFeatures } from './features.ts'
import { afterGlobal, type Node, type Parsed, parseJavaScript } from './tree.ts'
import { scriptSimilarity } from './similarity.ts'
import { triage } from './triage.ts'

export function emptyJavaScript(): JavaScriptFeatures {
  return {
    level: 'triaged',
    marks: [],
    literals: [],
    layers: [],
    calls: [],
    urls: [],
    uses: [],
    accounts: [],
    dialogue: [],
    vocabulary: [],
    cores: [],
    nonceLoop: null,
    workers: { constructed: 0, byCores: false, serves: false, place: null },
    sockets: { constructed: 0, place: null },
    wasm: { instantiates: false, place: null },
    commands: [],
    minerFunctions: [],
    isServer: false,
    minerPages: [],
    minerMethods: [],
    miningTexts: [],
    trackers: [],
    similarity: null,
  }
}

const maxInner = 24

/**
 * JavaScript → what it could do for a miner. Triage of literals first; suspects are parsed; what hides its text is run in the emulator to
 * see what it unpacks, and that is derived in its turn.
 */
export const javascriptDeriver: Deriver<'javascript'> = {
  kind: 'javascript',
  version: '16',
  maxBytes: 24 * 1024 * 1024,
  derive(bytes, context) {
    const features = emptyJavaScript()
    const { suspect, hides, marks, literals, trackers } = triage(bytes, context.literals, context.version)
    features.marks = marks
    features.literals = literals
    if (!suspect && trackers.length === 0) return { features, inner: [] }
    const source = decode(bytes)
    features.trackers = trackerIds(source, trackers)
    if (!suspect) return { features, inner: [] }
    const parsed = parseJavaScript(source)
    if (parsed === null) return { features: { ...features, level: 'unparsable' }, inner: [] }
    features.level = 'parsed'
    const emulation = bytes.length <= 400_000 ? unpack(parsed, hides) : null
    const roots = rootsOf(context)
    const cache = new Map<string, ReturnType<Emulation['ask']>>()
    let asked = 0
    const decodeCall = (name: string, values: Parameters<Emulation['ask']>[1]): ReturnType<Emulation['ask']> => {
      if (emulation === null || !hides) return undefined
      const key = `${name}(${values.join('\u0000')})`
      if (!cache.has(key) && asked++ < 4_000) cache.set(key, emulation.ask(name, values))
      return cache.get(key)
    }
    const texts = emulation?.texts ?? new Map<Node, string>()
    if (texts.size >= 8) features.layers.push('hidden texts')
    const { inner } = analyse(parsed, features, { roots, decode: decodeCall, texts, literals: context.literals })
    if (cache.size > 0 && [...cache.values()].some((value) => typeof value === 'string')) features.layers.push('string decoder')
    if (emulation !== null) join(features, inner, emulation, roots)
    if (hasMinersTraits(features)) features.similarity = scriptSimilarity(parsed)
    return { features, inner: unique(inner) }
  },
}

/** A script that ends in running something computed is worth the steps that its cipher takes. */
function unpack(parsed: Parsed, hides: boolean): Emulation {
  const { source } = parsed
  const forced = hides ? 400_000 + source.length * 20 : 0
  const first = emulate(parsed, hides ? 600_000 + source.length * 20 : 150_000, forced)
  if (!hides || !first.exhausted || first.code.length > 0) return first
  const runsComputed = source.length < 200_000 && /\b(?:eval\s*\)?|Function)\s*\(|constructor/.test(source.slice(-100_000))
  // A list of strings that is turned until a sum of its numbers is right: the sum has a dozen terms.
  const turnsList = (source.match(/\bparseInt\b/g)?.length ?? 0) >= 5
  return runsComputed || turnsList ? emulate(parsed, runsComputed ? 30_000_000 : 12_000_000, forced) : first
}

/** Something in it that a finding could be about: a digest of all other code would be kept for nobody. */
const hasMinersTraits = (features: JavaScriptFeatures): boolean =>
  [
    features.literals,
    features.calls,
    features.accounts,
    features.dialogue,
    features.vocabulary,
    features.cores,
    features.minerFunctions,
    features.minerPages,
    features.minerMethods,
  ].some((list) => list.length > 0) ||
  features.nonceLoop !== null ||
  features.wasm.instantiates

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  const text = new TextDecoder('utf-8').decode(bytes)
  return text.includes('\ufffd') ? new TextDecoder('latin1').decode(bytes) : text
}

const rootCache = new WeakMap<DeriveContext, ReadonlySet<string>>()

function rootsOf(context: DeriveContext): ReadonlySet<string> {
  let roots = rootCache.get(context)
  if (roots === undefined) rootCache.set(context, (roots = new Set(context.literals)))
  return roots
}

/** What was seen when it ran: calls with the values that they were given, code and documents that came into being. */
function join(features: JavaScriptFeatures, inner: InnerBlob[], emulation: Emulation, roots: ReadonlySet<string>): void {
  let asked = false
  for (const { name, isNew, values, byVisitor, forced } of emulation.calls) {
    const plain = afterGlobal(name)
    const [first] = values
    if (/^(confirm|prompt)$/.test(plain) && typeof first === 'string' && speaksOfMining(first)) asked = true
    if (isNew && plain === 'Worker' && features.workers.constructed === 0) features.workers.constructed++
    if (isNew && plain === 'WebSocket') {
      if (features.sockets.constructed === 0) features.sockets.constructed++
      if (typeof first === 'string' && !features.urls.includes(first)) features.urls.push(first.slice(0, 300))
    }
    if (roots.has(/^[^.(]*/.exec(name)![0]))
      addCall(features, {
        name,
        isNew,
        arguments: values.map(constant),
        moment: byVisitor || asked ? 'event' : forced ? 'function' : 'load',
        inside: null,
        place: { line: 0, column: 0 },
      })
  }
  for (const { name, value } of emulation.sets) {
    if (
      /(^|\.)(src|href|data)$/.test(name) &&
      /^(?:(?:https?|wss?):)?\/\/|\.js\b/.test(value) &&
      !features.urls.includes(value) &&
      features.urls.length < 250
    )
      features.urls.push(value.slice(0, 300))
  }
  for (const { text, by } of emulation.code) {
    if (by === 'Blob' ? looksLikeScript(text) : text.length > 16) {
      if (inner.length < maxInner)
        inner.push({ kind: 'javascript', bytes: Buffer.from(text.toWellFormed(), 'utf8'), place: `run by ${by}` })
      if (by !== 'Blob' && !features.layers.includes(by)) features.layers.push(by)
    }
  }
  for (const markup of emulation.markup.slice(0, 8)) {
    if (/<(script|iframe)\b/i.test(markup) && inner.length < maxInner)
      inner.push({ kind: 'html', bytes: Buffer.from(markup.toWellFormed(), 'utf8'), place: 'written into the document' })
  }
}

function unique(blobs: InnerBlob[]): InnerBlob[] {
  const seen = new Set<string>()
  return blobs.filter((blob) => {
    const key = `${blob.kind}:${blob.bytes.length}:${Buffer.from(blob.bytes.subarray(0, 200)).toString('latin1')}`
    return !seen.has(key) && seen.add(key)
  })
}
