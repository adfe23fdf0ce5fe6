import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { messageOf } from '#model/errors.ts'
import type { ScanReply, ScanRequest } from './page-scan-child.ts'
import { documentNames, type DocumentNames, type Scan, scanned, scriptNames } from './page-names.ts'

/** Time for the documents and scripts of one page together, milliseconds. What one uses is taken off; then the others are not read. */
export interface ScanAllowance {
  leftMs: number
}

/** For one page. An ordinary one takes a hundredth of it. */
export const pageScanMs = 60_000

/** For one document or script, by the clock: so much, and so much more for each megabyte. A machine ten times as busy changes no answer. */
const baseMs = 8_000
const perMbMs = 1_500
const heapMb = 256
/** What is shorter is read here: the way to a child costs more, and the worst of that length takes a fraction of a second. */
const maxHereBytes = 32 * 1024

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './page-scan-child.ts' : './page-scan-child.js', import.meta.url))

/** What a document names, by its markup and its inline scripts. Never rejects for what is in it. */
export function scanDocument(bytes: Uint8Array, contentType: string, allowance: ScanAllowance): Promise<Scan<DocumentNames>> {
  return scan({ what: 'document', bytes, label: contentType }, () => documentNames(bytes, contentType), allowance)
}

/** Strings of a script that name scripts and modules. Never rejects for what is in it. */
export function scanScript(bytes: Uint8Array, allowance: ScanAllowance): Promise<Scan<string[]>> {
  return scan({ what: 'script', bytes, label: '' }, () => scriptNames(bytes), allowance)
}

/** The page that a source becomes (see `renderSource`), or null where it is none. Never rejects for what is in it. */
export function scanSource(bytes: Uint8Array, path: string, allowance: ScanAllowance): Promise<Scan<string | null>> {
  return scan({ what: 'source', bytes, label: path }, null, allowance)
}

async function scan<T>(request: Omit<ScanRequest, 'id'>, here: (() => T) | null, allowance: ScanAllowance): Promise<Scan<T>> {
  if (allowance.leftMs <= 0) return { status: 'unread', reason: 'the documents and scripts of this page took too long together' }
  const from = performance.now()
  try {
    if (here !== null && request.bytes.length <= maxHereBytes) return scanned(here)
    // The child runs the same function on the same octets.
    return (await inChild(request)) as Scan<T>
  } catch (error) {
    return { status: 'unread', reason: `no reader could be started: ${messageOf(error)}` }
  } finally {
    allowance.leftMs -= performance.now() - from
  }
}

interface Job {
  request: Omit<ScanRequest, 'id'>
  done(scan: Scan<unknown>): void
}

const waiting: Job[] = []
let child: ScanChild | null = null

function inChild(request: Omit<ScanRequest, 'id'>): Promise<Scan<unknown>> {
  return new Promise((done) => {
    waiting.push({ request, done })
    next()
  })
}

function next(): void {
  if (waiting.length === 0 || child?.busy === true) return
  child ??= new ScanChild(() => {
    child = null
    next()
  })
  const job = waiting.shift()
  if (job) child.run(job)
}

/** One for the whole program: pages are read one after the other. It ends with the program, and is ended by what takes too long. */
class ScanChild {
  readonly #process: ChildProcess
  readonly #gone: () => void
  #job: { id: number; job: Job; timer: NodeJS.Timeout } | null = null
  #ids = 0
  #alive = true
  readonly #kill = (): void => void this.#process.kill('SIGKILL')

  constructor(gone: () => void) {
    this.#gone = gone
    const cache = process.env['NODE_COMPILE_CACHE']
    this.#process = fork(entry, [], {
      serialization: 'advanced',
      // Ctrl-C is for the parent: half of what a page names would count as all of it.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${heapMb}`],
      // With compiled code kept somewhere it starts in a third of the time.
      env: { PATH: process.env['PATH'] ?? '', NODE_OPTIONS: '', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
    })
    this.#process.on('message', (reply: ScanReply) => this.#answer(reply))
    this.#process.once('exit', () => this.#end('its reader ended: too little memory, most likely'))
    this.#process.once('error', (error) => this.#end(error.message))
    process.once('exit', this.#kill)
    this.#hold(false)
  }

  get busy(): boolean {
    return this.#job !== null
  }

  run(job: Job): void {
    this.#hold(true)
    const limitMs = baseMs + Math.ceil((job.request.bytes.length / 1_048_576) * perMbMs)
    const timer = setTimeout(() => this.#end(`it took longer than ${limitMs} ms`), limitMs)
    this.#job = { id: ++this.#ids, job, timer }
    if (this.#process.connected) this.#process.send({ id: this.#ids, ...job.request } satisfies ScanRequest, () => {})
  }

  #answer(reply: ScanReply): void {
    if (this.#job?.id !== reply.id) return
    this.#finish(reply.scan)
    next()
  }

  #finish(scan: Scan<unknown>): void {
    const current = this.#job
    this.#job = null
    this.#hold(false)
    if (current === null) return
    clearTimeout(current.timer)
    current.job.done(scan)
  }

  #end(reason: string): void {
    if (!this.#alive) return
    this.#alive = false
    this.#kill()
    process.removeListener('exit', this.#kill)
    this.#finish({ status: 'unread', reason })
    this.#gone()
  }

  /** Without work it must not keep the program running. */
  #hold(hold: boolean): void {
    if (hold) {
      this.#process.ref()
      this.#process.channel?.ref()
    } else {
      this.#process.unref()
      this.#process.channel?.unref()
    }
  }
}
