import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { Target, VisitContext } from './collector.ts'
import { AssayError } from '#model/errors.ts'
import { within } from './deadline.ts'
import { ownWorldName } from './own-world.ts'

/** What stands in one document when its dwell is over: read in a world of our own, out of the page's reach. */
export type FrameReading = ReadFrame | UnreadFrame

export interface ReadFrame extends DocumentReading {
  status: 'read'
  cdpFrameId: string
  targetId: string
  takenAtMs: number
}

/** A document that did not answer: its thread was busy, or it was gone. */
export interface UnreadFrame {
  status: 'failed'
  cdpFrameId: string
  targetId: string
  url: string
  reason: string
}

interface DocumentReading {
  url: string
  title: string
  /** Serialized document, cut at `maxDomBytes` UTF-16 units; `htmlLength` is the whole's. */
  html: string
  htmlLength: number
  /** What a visitor reads, cut. */
  text: string
  origin: string
  local: [key: string, value: string][]
  session: [key: string, value: string][]
  databases: string[]
  caches: string[]
  /** Storage entries that were counted and not kept. */
  entriesDropped: number
  /** Data bases and caches were not asked for: the document was read with its scripts turned off. */
  isHasty: boolean
}

/** No document may hold up the others for longer. Milliseconds. */
const readTimeoutMs = 4_000
/** For a document whose thread is never free for long: so often, so long each. */
const hastyAttempts = 3
/** Of the first attempt; each further one is given twice as long, 4.2 s in all. */
const hastyTimeoutMs = 600

/** Every frame of every live document target. */
export async function readAllFrames(context: VisitContext): Promise<FrameReading[]> {
  const documents = context.targets().filter((target) => (target.type === 'page' || target.type === 'iframe') && context.isLive(target))
  const source = { whole: readerSource(context.plan.limits, false), hasty: readerSource(context.plan.limits, true) }
  const readings = await Promise.all(documents.map((target) => readTarget(context, target, source)))
  return readings.flat()
}

const isTimeout = (error: unknown): boolean => error instanceof AssayError && error.code === 'TIMEOUT'

async function readTarget(context: VisitContext, target: Target, source: { whole: string; hasty: string }): Promise<FrameReading[]> {
  let frames: { id: string; url: string }[]
  let isLate = false
  try {
    const { frameTree } = await within(readTimeoutMs, 'the frame tree', target.session.send('Page.getFrameTree'))
    frames = framesOf(frameTree).filter(({ unreachableUrl }) => unreachableUrl === undefined)
  } catch (error) {
    // The identifier of a document's target is that of its root frame.
    if (isTimeout(error)) {
      frames = [{ id: target.cdpTargetId, url: target.url }]
      isLate = true
    } else return [{ status: 'failed', cdpFrameId: target.cdpTargetId, targetId: target.id, url: target.url, reason: messageOf(error) }]
  }
  const readings = await Promise.all(
    frames.map(async (frame, at): Promise<FrameReading> => {
      const about = { cdpFrameId: frame.id, targetId: target.id }
      const { maxFrames } = context.plan.limits
      if (at >= maxFrames) return { status: 'failed', ...about, url: frame.url, reason: `more than ${maxFrames} frames` }
      try {
        const reading = await (isLate ? readHastily(target, frame.id, source.hasty) : readInTime(target, frame.id, source))
        return { status: 'read', ...about, takenAtMs: context.nowMs(), ...reading }
      } catch (error) {
        return { status: 'failed', ...about, url: frame.url, reason: messageOf(error) }
      }
    }),
  )
  if (!isLate) return readings
  const unlisted = {
    cdpFrameId: target.cdpTargetId,
    targetId: target.id,
    url: target.url,
    reason: 'the frames inside it could not be listed',
  }
  return [...readings, { status: 'failed', ...unlisted }]
}

async function readInTime(target: Target, frameId: string, source: { whole: string; hasty: string }): Promise<DocumentReading> {
  try {
    return await within(readTimeoutMs, 'reading the document', readFrame(target, frameId, source.whole))
  } catch (error) {
    if (!isTimeout(error)) throw error
    return readHastily(target, frameId, source.hasty)
  }
}

/**
 * A thread that is flooded, by its own errors or timers, answers too late or never: its scripts are turned off, and what runs is ended.
 * Both reach a thread that is busy (Chromium takes them between two instructions).
 */
async function readHastily(target: Target, frameId: string, source: string): Promise<DocumentReading> {
  target.session.post('Emulation.setScriptExecutionDisabled', { value: true })
  for (let attempt = 1; ; attempt++) {
    target.session.post('Runtime.terminateExecution')
    try {
      return await within(
        hastyTimeoutMs * 2 ** (attempt - 1),
        'reading the document, also with its scripts turned off,',
        readFrame(target, frameId, source),
      )
    } catch (error) {
      if (attempt >= hastyAttempts) throw error
    }
  }
}

async function readFrame(target: Target, frameId: string, source: string): Promise<DocumentReading> {
  const { executionContextId } = await target.session.send('Page.createIsolatedWorld', { frameId, worldName: ownWorldName })
  const { result, exceptionDetails } = await target.session.send('Runtime.evaluate', {
    expression: source,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
    silent: true,
  })
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  // The program is ours and ran in our world; only the texts in it are the page's.
  return result.value as DocumentReading
}

/** The tree's frames, the root first. */
export function framesOf(tree: Protocol.Page.FrameTree): Protocol.Page.Frame[] {
  return [tree.frame, ...(tree.childFrames ?? []).flatMap(framesOf)]
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Text of a function that reads a document; runs in an isolated world, so what the page replaced does not matter. */
function readerSource(limits: { maxDomBytes: number; maxStorageEntries: number }, isHasty: boolean): string {
  return `(async () => {
const cut = (value, length) => value.length > length ? value.slice(0, length) : value
const quietly = (read, otherwise) => { try { return read() } catch { return otherwise } }
const soon = (promise, otherwise) => Promise.race([promise.catch(() => otherwise), new Promise((done) => setTimeout(done, 500, otherwise))])
let dropped = 0
const area = (storage) => {
  const entries = []
  for (let i = 0; i < storage.length; i++) {
    if (entries.length >= ${limits.maxStorageEntries}) { dropped++; continue }
    const key = storage.key(i)
    entries.push([cut(key, 1024), cut(storage.getItem(key) ?? '', 16384)])
  }
  return entries
}
const root = document.documentElement
const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + '\\n' : ''
const html = root ? type + root.outerHTML : ''
const readable = () => {
  const shown = document.body?.innerText ?? ''
  if (shown.trim() !== '' || !root || document.readyState === 'complete') return shown
  // Nothing is laid out yet where the page's thread never came that far.
  const texts = []
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(), length = 0; node && length < 200000; node = walk.nextNode()) {
    if (/^(script|style|noscript|template|title)$/i.test(node.parentElement?.localName ?? '')) continue
    texts.push(node.data)
    length += node.data.length
  }
  return texts.join(' ').trim()
}
const local = quietly(() => area(localStorage), [])
const session = quietly(() => area(sessionStorage), [])
// A document without an origin has no storage, and asking leaves an error in the page's console.
const isSkipped = ${isHasty} || self.origin === 'null'
const databases = isSkipped ? [] : await quietly(() => soon(indexedDB.databases().then((all) => all.map(({ name }) => String(name))), []), [])
const stores = isSkipped ? [] : await quietly(() => soon(caches.keys(), []), [])
return {
  url: location.href, origin: self.origin, title: cut(document.title, 1024),
  html: cut(html, ${limits.maxDomBytes}), htmlLength: html.length,
  text: cut(quietly(readable, ''), 200000),
  local, session, databases: databases.slice(0, 100), caches: stores.slice(0, 100), entriesDropped: dropped, isHasty: ${isHasty},
}
})()`
}
