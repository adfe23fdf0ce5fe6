import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BlobKind, Derivation, DeriveContext } from '#derive/deriver.ts'
import { sha256 } from '#model/digest.ts'
import { cpuTimeMs } from './cpu-time.ts'
import type { ChildReply, ChildRequest } from './derive-child.ts'
import { failed } from './derive-tree.ts'

export interface DeriveLimits {
  /** Processes at most; they start when there is work. */
  children: number
  /** Heap of one, in megabytes. */
  heapMb: number
  /** Processor time for one blob: so much, and so much more for each megabyte of it. On a busy machine up to `patience` times as much by the clock. */
  timeMs: number
  timeMsPerMb: number
}

export const defaultLimits: DeriveLimits = {
  children: Math.max(1, Math.min(4, availableParallelism())),
  heapMb: 1_024,
  timeMs: 15_000,
  timeMsPerMb: 4_000,
}

/** Processor time that the blobs of one page have left together, milliseconds. What one uses is taken off; then the others are not read. */
export interface TimeAllowance {
  leftMs: number
}

export interface DerivePool {
  /** Never rejects for what is in the blob: a child that dies or takes too long is a failed derivation. */
  derive(kind: BlobKind, bytes: Uint8Array, allowance?: TimeAllowance): Promise<Derivation>
  close(): Promise<void>
}

interface Job {
  kind: BlobKind
  bytes: Uint8Array
  allowance: TimeAllowance
  done(derivation: Derivation): void
  fail(error: unknown): void
}

/** A machine that has other work to do must not change an answer. */
const patience = 12

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './derive-child.ts' : './derive-child.js', import.meta.url))

/** Blobs are read in children, one at a time each; a blob that hangs or eats its memory takes its child with it and nothing else. */
export function createDerivePool(context: DeriveContext, limits: DeriveLimits = defaultLimits): DerivePool {
  const waiting: Job[] = []
  const idle: Child[] = []
  const all = new Set<Child>()
  let closed = false

  function next(): void {
    while (waiting.length > 0) {
      if (waiting[0]!.allowance.leftMs <= 0) {
        const { kind, bytes, done } = waiting.shift()!
        done(
          failed(
            kind,
            { digest: sha256(bytes), size: bytes.length },
            { code: 'DERIVATION_FAILED', message: 'the blobs of this page took too long together' },
          ),
        )
        continue
      }
      const child = idle.pop() ?? (all.size < limits.children ? start() : undefined)
      if (child === undefined) return
      child.run(waiting.shift()!)
    }
  }

  function start(): Child {
    const child = new Child(context, limits, (alive) => {
      if (alive && !closed) idle.push(child)
      else all.delete(child)
      next()
    })
    all.add(child)
    return child
  }

  return {
    derive(kind, bytes, allowance = { leftMs: Number.POSITIVE_INFINITY }) {
      if (closed)
        return Promise.resolve(
          failed(kind, { digest: sha256(bytes), size: bytes.length }, { code: 'INTERRUPTED', message: 'the judge was closed' }),
        )
      return new Promise((done, fail) => {
        waiting.push({ kind, bytes, allowance, done, fail })
        next()
      })
    },
    async close() {
      closed = true
      for (const job of waiting.splice(0))
        job.done(
          failed(job.kind, { digest: sha256(job.bytes), size: job.bytes.length }, { code: 'INTERRUPTED', message: 'the judge was closed' }),
        )
      await Promise.all([...all].map((child) => child.stop()))
    },
  }
}

/** When a job began, by the child's processor time (null: not known) and by the clock. */
interface Moment {
  cpuMs: number | null
  atMs: number
}

/** Nothing of what the parent was told, but where compiled code is kept: with it a child starts in a third of the time. */
function childEnvironment(): Record<string, string> {
  const cache = process.env['NODE_COMPILE_CACHE']
  return { PATH: process.env['PATH'] ?? '', NODE_OPTIONS: '', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) }
}

class Child {
  readonly #process: ChildProcess
  readonly #limits: DeriveLimits
  readonly #free: (alive: boolean) => void
  readonly #gone: Promise<void>
  readonly #kill = (): void => void this.#process.kill('SIGKILL')
  #alive = true
  #job: { id: number; job: Job; from: Moment; timer: NodeJS.Timeout } | null = null
  #ids = 0

  constructor(context: DeriveContext, limits: DeriveLimits, free: (alive: boolean) => void) {
    this.#limits = limits
    this.#free = free
    this.#process = fork(entry, [], {
      serialization: 'advanced',
      // A group of its own: Ctrl-C is for the parent, who lets a job that is begun come to its end. Half a derivation would be an answer that is blind.
      detached: true,
      // What a child prints (a heap that is full) would stand between the answers of a command.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Nothing of the parent's own arguments: a child of a test, or under a debugger, is an ordinary child.
      // Trees of scripts and documents die young: with room for them a fifth of the processor time is saved.
      execArgv: [`--max-old-space-size=${limits.heapMb}`, '--stack-size=3900', '--min-semi-space-size=8', '--max-semi-space-size=16'],
      env: childEnvironment(),
    })
    this.#gone = new Promise((resolve) => {
      this.#process.once('exit', () => resolve())
      this.#process.once('error', () => resolve())
    })
    this.#process.on('message', (reply: ChildReply) => this.#answer(reply))
    this.#process.once('exit', (code, signal) => this.#died(`its process ended (${signal ?? code})`))
    this.#process.once('error', (error) => this.#died(error.message))
    process.once('exit', this.#kill)
    this.#send({ type: 'context', context })
    this.#hold(false)
  }

  #send(request: ChildRequest): void {
    if (this.#process.connected) this.#process.send(request, () => {})
  }

  /** A child without work must not keep the program running. */
  #hold(hold: boolean): void {
    if (hold) {
      this.#process.ref()
      this.#process.channel?.ref()
    } else {
      this.#process.unref()
      this.#process.channel?.unref()
    }
  }

  run(job: Job): void {
    this.#hold(true)
    const id = ++this.#ids
    const time = this.#limits.timeMs + Math.ceil((job.bytes.length / 1_048_576) * this.#limits.timeMsPerMb)
    const from = { cpuMs: cpuTimeMs(this.#process.pid), atMs: performance.now() }
    this.#job = { id, job, from, timer: this.#timer(time, from, time) }
    this.#send({ type: 'derive', id, kind: job.kind, bytes: job.bytes })
  }

  /** Looks again when the time could be used up, in `waitMs`. Where processor time cannot be told, the clock counts. */
  #timer(timeMs: number, from: Moment, waitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      const leftMs = Math.min(timeMs - this.#usedMs(from), timeMs * patience - (performance.now() - from.atMs))
      if (leftMs <= 0 || this.#job === null) this.#died(`it took longer than ${timeMs} ms`)
      else this.#job.timer = this.#timer(timeMs, from, Math.max(250, leftMs))
    }, waitMs)
  }

  #usedMs(from: Moment): number {
    const cpuMs = cpuTimeMs(this.#process.pid)
    return from.cpuMs === null || cpuMs === null ? performance.now() - from.atMs : cpuMs - from.cpuMs
  }

  #answer(reply: ChildReply): void {
    const current = this.#job
    if (current === null || current.id !== reply.id) return
    clearTimeout(current.timer)
    current.job.allowance.leftMs -= this.#usedMs(current.from)
    this.#job = null
    this.#hold(false)
    current.job.done(reply.derivation)
    this.#free(this.#alive)
  }

  #died(reason: string): void {
    if (!this.#alive) return
    this.#alive = false
    const current = this.#job
    if (current !== null) current.job.allowance.leftMs -= this.#usedMs(current.from)
    process.off('exit', this.#kill)
    this.#kill()
    this.#job = null
    if (current !== null) {
      clearTimeout(current.timer)
      current.job.done(
        failed(
          current.job.kind,
          { digest: sha256(current.job.bytes), size: current.job.bytes.length },
          { code: 'DERIVATION_FAILED', message: `the blob could not be read: ${reason}` },
        ),
      )
    }
    this.#free(false)
  }

  async stop(): Promise<void> {
    this.#hold(true)
    this.#died('the judge was closed')
    await this.#gone
  }
}
