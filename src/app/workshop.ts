import { join } from 'node:path'
import { type Capturer, startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser, installBrowser } from '#capture/browser/executable.ts'
import { createHttpCapturer, type HttpCapturer } from '#capture/http/http-capturer.ts'
import { type Egress, createEgress } from '#egress/egress.ts'
import { nameMapFileResolver } from '#egress/name-map.ts'
import { fileNetworks } from '#egress/network-lookup.ts'
import { reachPolicy } from '#egress/reach.ts'
import { systemResolver } from '#egress/resolver.ts'
import { createJudge } from '#judge/judge.ts'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { ownKey } from '#ledger/instance-key.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { NeverList } from '#model/never-list.ts'
import type { ValidatorStore } from '#model/validators.ts'
import { keepJudgement, type KnowledgeRequest, loadKnowledge, noKnowledge } from './knowledge.ts'
import type { Line } from './visit.ts'

export interface WorkshopOptions {
  /** Folder for captures and answers. */
  dir: string
  allowPrivate: boolean
  /** CIDR ranges and hosts that the guard lets through. */
  allow: readonly string[]
  /** Folder of a running lab, whose names.json says where names resolve. */
  lab: string | null
  /** Servers that names are asked for, in place of the system's. */
  dns?: readonly string[]
  browser: string | null
  jobs: number
  knowledge?: KnowledgeRequest
  clock?: Clock
  /** Whom nothing may reach. */
  never?: NeverList
  /** Visits over HTTP alone need none. */
  withoutBrowser?: boolean
  http?: HttpLaneOptions
}

export interface HttpLaneOptions {
  /** Where an operator can be reached; null where only robots.txt is asked for. */
  contact: string | null
  version: string
  validators: ValidatorStore | null
}

/** A line, with the ways out that a crawl asks before it visits. */
export interface Workshop extends Line, AsyncDisposable {
  egress: Egress
  /** Null where none was asked for. */
  http: HttpCapturer | null
}

/** Opens what a line of visits needs, in the order in which each needs the other; `close` undoes it in reverse. */
export async function openWorkshop(options: WorkshopOptions, onNote: (text: string) => void): Promise<Workshop> {
  const clock = options.clock ?? systemClock
  const lab = options.lab === null ? null : await nameMapFileResolver(join(options.lab, 'names.json'))
  const policy = reachPolicy({
    allowPrivate: options.allowPrivate,
    allow: options.allow,
    ...(options.never === undefined ? {} : { never: options.never }),
  })
  const knowledge = await loadKnowledge(options.knowledge ?? noKnowledge, options.dir, onNote)
  const browser = options.withoutBrowser === true ? null : await browserFor(options.browser, onNote)
  await using undo = new AsyncDisposableStack()
  const store: FileStore = await openFileStore(options.dir)
  if ((await ownKey(options.dir))?.exposed)
    onNote(`assay: others than its owner may read ${join(options.dir, 'key', 'ed25519.pem')}, and sign as this instance: chmod 600 it`)
  const egress: Egress = undo.adopt(
    createEgress({
      resolver: lab ? lab.resolver : systemResolver(options.dns === undefined ? {} : { servers: options.dns }),
      policy,
      networks: fileNetworks(lab ? { names: lab.names } : {}),
      clock,
    }),
    (it) => it.close(),
  )
  const keyId = await store.keyId()
  const capturer: Capturer =
    browser === null
      ? noBrowser
      : undo.adopt(
          await startCapturer({ browser, egress, blobs: store, keyId, clock, spki: lab?.names.spki ?? null, jobs: options.jobs }),
          (it) => it.close(),
        )
  const http =
    options.http === undefined
      ? null
      : createHttpCapturer({ ...options.http, egress, blobs: store, keyId, clock, authorityPem: lab?.names.authorityPem ?? null })
  const judge = undo.adopt(createJudge({ blobs: store, memo: store, ...knowledge, clock }), (it) => it.close())
  await keepJudgement(judge, store)
  const kept = undo.move()
  return { capturer, judge, store, egress, http, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const noBrowser: Capturer = {
  capture: () => Promise.reject(new AssayError('INTERNAL', 'a visit in the browser lane of a line without a browser')),
  close: async () => {},
}

async function browserFor(explicit: string | null, onNote: (text: string) => void): ReturnType<typeof findBrowser> {
  try {
    return await findBrowser({ explicit })
  } catch (error) {
    if (explicit !== null || !(error instanceof AssayError) || error.code !== 'BROWSER_MISSING') throw error
    onNote('assay: no Chromium was found; installing one (once)')
    return installBrowser(onNote)
  }
}
