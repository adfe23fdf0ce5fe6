import type { HttpHeader } from '#model/artifact.ts'
import type { ProfileName, VisitOptions } from '#capture/visit-options.ts'
import type { Capture, ConsentPolicy } from '#model/capture.ts'
import { type Ledger, openLedger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { type Seed, seedOf } from '#model/seed.ts'
import { keptPage } from './reported-page.ts'
import type { KnowledgeRequest } from './knowledge.ts'
import { Alone } from './alone.ts'
import { phoneScreen, visitAndLookAgain } from './second-look.ts'
import { visit } from './visit.ts'
import { openWorkshop } from './workshop.ts'

export interface ScanRequest {
  /** As people write them; bad ones are named and left out. Those of a list come as seeds, with their rank and tags. */
  addresses: AsyncIterable<string | Seed>
  jobs: number
  profile: ProfileName
  dwellMs: number | null
  consent: ConsentPolicy
  userAgent: string | null
  proxy: string | null
  headers: HttpHeader[]
  /** The address that the visitor comes from. */
  referrer: string | null
  out: string
  /** Keeps captures and answers in this data folder instead, and in its ledger. */
  data: string | null
  allowPrivate: boolean
  allow: string[]
  lab: string | null
  browser: string | null
  knowledge?: KnowledgeRequest
  /** Whether pages whose judgement asks for it get a second look; not, where left out. */
  followUp?: boolean
}

export interface ScannedPage {
  observation: Observation
  capture: Capture
  /** All that a report shows of it. */
  reported(): Promise<ReportedPage>
}

export interface ScanEvents {
  onProgress(text: string): void
  onNote(text: string): void
  onPage(page: ScannedPage): Promise<void>
}

/** What is no address is counted after so many. */
const toldAddresses = 20

/** Visits each address once, `jobs` at a time, and tells of each page as it is done. */
export async function scan(request: ScanRequest, events: ScanEvents, signal: AbortSignal): Promise<{ interrupted: boolean; bad: number }> {
  let bad = 0
  const running = new Set<string>()
  const iterator = request.addresses[Symbol.asyncIterator]()
  let done = 0

  const nextSeed = async (): Promise<Seed | null> => {
    while (!signal.aborted) {
      const next = await iterator.next()
      if (next.done) return null
      if (typeof next.value !== 'string') return next.value
      const text = next.value.trim()
      if (text === '' || text.startsWith('#')) continue
      try {
        return seedOf(text)
      } catch (error) {
        if (!(error instanceof AssayError)) throw error
        if (++bad <= toldAddresses) events.onNote(`assay: ${error.code}: ${error.message}. ${error.hint ?? ''}`.trimEnd())
      }
    }
    return null
  }
  const progress = (): void => events.onProgress(`${done} done, visiting ${[...running].join(' ')}`)

  const tellOthers = (): void => {
    if (bad > toldAddresses) events.onNote(`assay: ${bad - toldAddresses} more lines are no addresses`)
  }

  const first = await nextSeed()
  if (first === null) {
    tellOthers()
    return { interrupted: signal.aborted, bad }
  }
  events.onProgress('starting the browser')
  await using memory = await openMemory(request.data, signal)
  await using opened = await openWorkshop({ ...request, dir: request.data ?? request.out }, events.onNote)
  const options = visitOptions(request)
  const alone = new Alone()

  const work = async (seed: Seed | null): Promise<void> => {
    for (let current = seed ?? (await nextSeed()); current !== null; current = await nextSeed()) {
      running.add(current.url)
      progress()
      try {
        const { capture, observation, others } = request.followUp
          ? await visitAndLookAgain(opened, current, options, { alone, onProgress: (text) => events.onProgress(text) }, signal)
          : { ...(await visit(opened, current, options, signal)), others: [] }
        for (const other of others) await opened.store.appendObservation(other.observation)
        await (memory ? memory.record(observation) : opened.store.appendObservation(observation))
        await events.onPage({ capture, observation, reported: () => keptPage(observation, capture, opened.store) })
        done++
      } catch (error) {
        if (error instanceof AssayError && error.code === 'INTERRUPTED') return
        throw error
      } finally {
        running.delete(current.url)
        progress()
      }
    }
  }
  await Promise.all(Array.from({ length: request.jobs }, (_, i) => work(i === 0 ? first : null)))
  tellOthers()
  return { interrupted: signal.aborted, bad }
}

async function openMemory(data: string | null, signal: AbortSignal): Promise<(Ledger & AsyncDisposable) | null> {
  if (data === null) return null
  const ledger = await openLedger({ dataDir: data, signal })
  return { ...ledger, [Symbol.asyncDispose]: () => ledger.close() }
}

function visitOptions(request: ScanRequest): VisitOptions {
  return {
    profile: request.profile,
    ...(request.dwellMs === null ? {} : { dwellMs: request.dwellMs }),
    consent: request.consent,
    userAgent: request.userAgent,
    ...(request.userAgent !== null && /\b(Mobile|Android|iPhone)\b/.test(request.userAgent) ? { viewport: phoneScreen } : {}),
    proxy: request.proxy,
    headers: request.headers,
    referrer: request.referrer,
  }
}
