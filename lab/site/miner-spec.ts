import type { ConsentPolicy } from '#model/capture.ts'
import type { Activity, Consent, Placement } from '#model/finding.ts'
import { type AccountForm, drawAccount } from '../accounts.ts'
import type { ModuleDelivery } from '../client/engine.ts'
import type { Thread } from '../client/miner.ts'
import type { Family } from '../cores/core.ts'
import type { CoreForm } from '../cores/build.ts'
import { type Dialect, type Encoding, type Transport, isUdp } from '../pool/endpoint.ts'
import type { Random } from '../random.ts'
import type { Asking } from './asking.ts'
import type { Hiding } from './conditions.ts'
import { type Expected, type Needs, expected } from './site.ts'

/** How the miner's script comes into the page. */
export type Load =
  | 'inline'
  | 'event-handler'
  | 'own-file'
  | 'own-module'
  | 'own-library'
  | 'third-party'
  | 'tag-manager'
  | 'fourth-party'
  | 'document-write'
  | 'eval'
  | 'new-function'
  | 'cross-site-frame'
  | 'srcdoc-frame'
  | 'data-frame'
  | 'sandboxed-frame'
  | 'ad-frame'
  | 'pop-under'
  | 'own-pop-under'

export const placementOf: Record<Load, Placement> = {
  inline: 'page',
  'event-handler': 'page',
  'own-file': 'own-file',
  'own-module': 'own-file',
  'own-library': 'own-file',
  'third-party': 'third-party',
  'tag-manager': 'third-party',
  'fourth-party': 'third-party',
  'document-write': 'page',
  eval: 'page',
  'new-function': 'own-file',
  'cross-site-frame': 'third-party',
  'srcdoc-frame': 'page',
  'data-frame': 'page',
  'sandboxed-frame': 'third-party',
  'ad-frame': 'ad',
  'pop-under': 'third-party',
  'own-pop-under': 'page',
}

/** A worker or a module with an address of its own is the site's file, whoever starts it. */
const fileModules: ReadonlySet<ModuleDelivery> = new Set(['streaming', 'fetched'])
const fileThreads: ReadonlySet<Thread> = new Set(['worker-url', 'worker-module', 'shared-worker', 'service-worker'])

function placementFor({ load, thread, module }: MinerSpec): Placement {
  const placement = placementOf[load]
  return placement === 'page' && (fileThreads.has(thread) || fileModules.has(module)) ? 'own-file' : placement
}

/** `unreachable`: over UDP, which cannot leave a visit; threads wait for work, or make some of their own. */
export type PoolMode = 'answers' | 'dead' | 'refuses' | 'first-party' | 'unreachable' | 'unreachable-own-work'

export interface MinerSpec {
  family: Family
  module: ModuleDelivery
  load: Load
  thread: Thread
  dialect: Dialect
  encoding: Encoding
  transport: Transport
  poolMode: PoolMode
  hiding: Hiding
  asking: Asking
  account: string
  /** Host of the pool; drawn from the site where it is null. Sites of a campaign name the same. */
  poolHost: string | null
}

export const formOf = (module: ModuleDelivery): CoreForm => (module === 'asm.js' || module === 'javascript' ? module : 'wasm')

const accountForms: Record<Dialect, readonly AccountForm[]> = {
  'stratum-login': ['monero'],
  'stratum-subscribe': ['bitcoin'],
  coinhive: ['site-key-32'],
  identifier: ['hex-44', 'hex-64'],
  command: ['sk'],
  duino: ['username'],
  binary: ['monero'],
}

export const accountFor = (dialect: Dialect, random: Random): string => drawAccount(random.pick(accountForms[dialect]), random)

/** Documents of no origin can make workers from blobs and data only; shared and service workers need the site's own files. */
export function threadsFor(load: Load): readonly Thread[] {
  switch (load) {
    case 'data-frame':
    case 'sandboxed-frame':
      return ['worker-blob', 'worker-data', 'main-thread']
    case 'third-party':
    case 'tag-manager':
    case 'fourth-party':
      return ['worker-blob', 'worker-data', 'worker-nested', 'main-thread']
    case 'srcdoc-frame':
    case 'document-write':
    case 'event-handler':
    case 'eval':
      return ['worker-url', 'worker-blob', 'worker-data', 'worker-nested', 'main-thread']
    case 'cross-site-frame':
    case 'ad-frame':
    case 'pop-under':
    case 'own-pop-under':
      return ['worker-url', 'worker-blob', 'worker-data', 'worker-nested', 'shared-worker']
    default:
      return [
        'worker-url',
        'worker-blob',
        'worker-data',
        'worker-nested',
        'worker-module',
        'shared-worker',
        'service-worker',
        'main-thread',
      ]
  }
}

export function dialectsFor(family: Family): readonly Dialect[] {
  switch (family) {
    case 'sha1':
      return ['duino']
    case 'sha256':
    case 'scrypt':
      return ['stratum-subscribe']
    case 'randomx':
      return ['stratum-login', 'binary', 'command']
    default:
      return ['stratum-login', 'coinhive', 'identifier', 'command', 'binary']
  }
}

export function encodingsFor(dialect: Dialect, transport: Transport): readonly Encoding[] {
  if (dialect === 'duino') return ['text']
  // Octets do not go over lines of text.
  if (dialect === 'binary') return transport === 'websocket' ? ['binary'] : []
  if (isUdp(transport)) return ['json']
  return transport === 'websocket' ? ['json', 'base64', 'xor', 'msgpack'] : ['json', 'base64']
}

/**
 * Fills what a partial specification leaves open, by the seed, with a plain choice where the rest does not need another.
 * Throws `RangeError` for what no browser could run.
 */
export function completeSpec(partial: Partial<MinerSpec>, random: Random): MinerSpec {
  const family =
    partial.family ??
    (partial.module === 'small-modules'
      ? 'randomx'
      : partial.module === 'wgsl'
        ? 'sha256'
        : partial.dialect === 'duino'
          ? 'sha1'
          : partial.dialect === 'stratum-subscribe'
            ? random.pick(['sha256', 'scrypt'] as const)
            : 'cryptonight')
  const load = partial.load ?? 'inline'
  const thread = partial.thread ?? (partial.hiding === 'second-visit' ? 'service-worker' : 'worker-blob')
  const transport = partial.transport ?? 'websocket'
  const dialect = partial.dialect ?? random.pick(dialectsFor(family).filter((name) => encodingsFor(name, transport).length > 0))
  const encoding = partial.encoding ?? (dialect === 'duino' ? 'text' : dialect === 'binary' ? 'binary' : 'json')
  const hiding = partial.hiding ?? 'none'
  const module = partial.module ?? (family === 'randomx' ? 'small-modules' : 'buffer')
  const poolMode = partial.poolMode ?? (isUdp(transport) ? 'unreachable' : 'answers')
  const isWorkerAlone = thread === 'shared-worker' || thread === 'service-worker'
  if (hiding === 'second-visit' && thread !== 'service-worker') throw new RangeError('only a service worker survives to a second visit')
  if (module === 'wgsl' && (isWorkerAlone || (family !== 'sha256' && family !== 'unknown-core')))
    throw new RangeError(`no shader of ${family} in a ${thread}`)
  // A document without an origin, or a worker from a data: address, is no secure context.
  if (module === 'wgsl' && (load === 'data-frame' || thread === 'worker-data')) throw new RangeError(`no GPU for a ${thread} in ${load}`)
  if (transport === 'webrtc' && isWorkerAlone) throw new RangeError('peer connections are made by documents')
  if (isUdp(transport) !== poolMode.startsWith('unreachable')) throw new RangeError(`a pool over ${transport} is not ${poolMode}`)
  if (!threadsFor(load).includes(thread)) throw new RangeError(`${thread} is not possible in ${load}`)
  if (!dialectsFor(family).includes(dialect)) throw new RangeError(`${family} is not spoken of in ${dialect}`)
  if (!encodingsFor(dialect, transport).includes(encoding)) throw new RangeError(`${dialect} does not go over ${transport} as ${encoding}`)
  return {
    family,
    module,
    load,
    thread,
    dialect,
    encoding,
    transport,
    poolMode,
    hiding,
    asking: partial.asking ?? 'none',
    account: partial.account ?? accountFor(dialect, random.fork('account')),
    poolHost: partial.poolHost ?? null,
  }
}

export function needsOf({ hiding }: MinerSpec): Needs | null {
  switch (hiding) {
    case 'by-referrer':
    case 'by-referrer-at-server':
      return { referrer: searchReferrer }
    case 'mobile-only':
      return { mobile: true }
    case 'second-visit':
      return { returns: true }
    default:
      return null
  }
}

/** Whom sites that mine for some visitors only like best. */
export const searchReferrer = 'https://www.google.com/'

/** Code is there and does not run in an ordinary visit; `real-gpu-only` because no visit has more than a software adapter. */
const stillHidings: ReadonlySet<Hiding> = new Set(['starts-late', 'mobile-only', 'by-referrer', 'second-visit', 'real-gpu-only'])

/** What an honest judge says of it, as the table of answers has it. `ignore`: no dialog is answered. `met`: the visit was made as it needs. */
export function expectedOf(spec: MinerSpec, policy: ConsentPolicy, met = false): Expected {
  // A server that sends a visit nothing has shown it nothing.
  if (spec.hiding === 'by-referrer-at-server' && !met) return expected()
  const running: Activity =
    spec.poolMode === 'dead' ? 'pool-contact' : spec.poolMode === 'refuses' || spec.poolMode === 'unreachable' ? 'delivered' : 'hashing'
  const isStill = stillHidings.has(spec.hiding) && !(met && needsOf(spec) !== null)
  const started: Activity = isStill ? 'delivered' : running
  const placement = placementFor(spec)
  const say = (activity: Activity, consent: Consent): Expected => {
    const isOptIn = consent === 'asked-first'
    return expected({
      status: isOptIn ? 'opt-in' : activity === 'delivered' ? 'loaded' : 'active',
      activity,
      consent,
      placement,
      kind: 'mining',
      exit: isOptIn ? 0 : 1,
    })
  }
  switch (spec.asking) {
    case 'none':
    case 'cookie-banner':
      return say(started, 'not-asked')
    case 'asks-first':
    case 'asks-first-confirm':
    case 'captcha-says':
    case 'start-button':
      return say(policy === 'accept' ? started : 'delivered', 'asked-first')
    case 'asks-late':
      return say(started, 'asked-late')
    case 'ignores-refusal':
      return policy === 'reject' ? say(started, 'refused-ignored') : say(policy === 'accept' ? started : 'delivered', 'asked-first')
    case 'captcha-silent':
      return say(policy === 'accept' ? started : 'delivered', 'not-asked')
  }
}
