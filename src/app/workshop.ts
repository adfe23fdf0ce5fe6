import { join } from 'node:path'
import { type Capturer, startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser, installBrowser } from '#capture/browser/executable.ts'
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
  browser: string | null
  jobs: number
  knowledge?: KnowledgeRequest
  clock?: Clock
}

/** Opens what a line of visits needs, in the order in which each needs the other; `close` undoes it in reverse. */
export async function openWorkshop(options: WorkshopOptions, onNote: (text: string) => void): Promise<Line & AsyncDisposable> {
  const clock = options.clock ?? systemClock
  const lab = options.lab === null ? null : await nameMapFileResolver(join(options.lab, 'names.json'))
  const policy = reachPolicy({ allowPrivate: options.allowPrivate, allow: options.allow })
  const knowledge = await loadKnowledge(options.knowledge ?? noKnowledge, options.dir, onNote)
  const browser = await browserFor(options.browser, onNote)
  await using undo = new AsyncDisposableStack()
  const store: FileStore = await openFileStore(options.dir)
  if ((await ownKey(options.dir))?.exposed)
    onNote(`assay: others than its owner may read ${join(options.dir, 'key', 'ed25519.pem')}, and sign as this instance: chmod 600 it`)
  const egress: Egress = undo.adopt(
    createEgress({
      resolver: lab ? lab.resolver : systemResolver(),
      policy,
      networks: fileNetworks(lab ? { names: lab.names } : {}),
      clock,
    }),
    (it) => it.close(),
  )
  const capturer: Capturer = undo.adopt(
    await startCapturer({
      browser,
      egress,
      blobs: store,
      keyId: await store.keyId(),
      clock,
      spki: lab?.names.spki ?? null,
      jobs: options.jobs,
    }),
    (it) => it.close(),
  )
  const judge = undo.adopt(createJudge({ blobs: store, memo: store, ...knowledge, clock }), (it) => it.close())
  await keepJudgement(judge, store)
  const kept = undo.move()
  return { capturer, judge, store, [Symbol.asyncDispose]: () => kept.disposeAsync() }
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
