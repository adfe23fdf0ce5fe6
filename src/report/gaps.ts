import type { ArtifactKind } from '#model/artifact.ts'
import type { Capture } from '#model/capture.ts'
import { type Gap, gapsOf } from '#model/gap.ts'
import type { ErrorCode } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'

/** Kinds that each part of a report is made of: where one of them is not whole, the part is not. */
export const madeOf = {
  code: ['script', 'wasm', 'request', 'worker', 'component'],
  chain: ['request', 'script', 'worker', 'frame'],
  payment: ['websocket', 'transport', 'request', 'script'],
  load: ['cpu', 'worker'],
  sockets: ['websocket', 'worker'],
  screenshot: ['screenshot'],
} as const satisfies Record<string, readonly (ArtifactKind | 'component')[]>

export type ReportPart = keyof typeof madeOf

/** Null: an answer of an earlier version, without its capture at hand; nothing can be said of how whole its lists are. */
export function gapsOfPage(observation: Observation, capture: Capture | null = null): readonly Gap[] | null {
  if (neverCame(observation)) return []
  return observation.gaps ?? (capture === null ? null : gapsOf(capture.manifest))
}

const onTheWay: ReadonlySet<string> = new Set<ErrorCode>(['BAD_URL', 'DNS_FAILED', 'ADDRESS_REFUSED', 'CONNECT_FAILED', 'TLS_FAILED'])

/** No answer came: there was no page whose lists could be whole. What was not seen is all of it. */
export function neverCame({ reached, error, components }: Observation): boolean {
  return reached === 'error' && error !== null && onTheWay.has(error.code) && components.length === 0
}

const names: Record<string, string> = {
  wasm: 'WebAssembly modules',
  websocket: 'sockets',
  transport: 'other transports',
  cpu: 'load of threads',
  gpu: 'work for the graphics card',
  dom: 'documents as they stood at the end',
  storage: 'storage',
  console: 'the console',
  patch: 'replaced globals',
  wallet: 'requests to a wallet',
  component: 'pieces of code',
  screenshot: 'the screenshot',
}

const nameOf = (artifact: string): string => names[artifact] ?? `${artifact}s`

/** `sockets: collecting them failed, 2 are kept (…)`, without a full stop. */
export function gapText(gap: Gap): string {
  const name = nameOf(gap.artifact)
  switch (gap.status) {
    case 'not-collected':
      return `${name}: not collected (${gap.reason})`
    case 'failed':
      return `${name}: collecting failed, ${gap.kept === 0 ? 'nothing is kept' : `${gap.kept} kept`} (${gap.reason})`
    case 'truncated':
      return `${name}: not all, ${gap.kept} kept${gap.dropped ? ` and ${gap.dropped} dropped` : ''} (${gap.reason})`
  }
}

/** What a part of a report has to say of itself. Empty where everything that it is made of is whole. */
export function partGaps(gaps: readonly Gap[] | null, part: ReportPart): string[] {
  if (gaps === null) return ['this answer is of an earlier version, which did not say whether its lists are whole']
  const kinds: readonly string[] = madeOf[part]
  return gaps.filter(({ artifact }) => kinds.includes(artifact)).map(gapText)
}

/** All of them; those that were not collected in one line, by their reasons. */
export function allGaps(observation: Observation): string[] {
  if (neverCame(observation)) return []
  const { gaps } = observation
  if (gaps === undefined) return ['not known: this answer is of an earlier version, which did not say']
  const shown = gaps.filter(({ status }) => status !== 'not-collected').map(gapText)
  const byReason = Map.groupBy(
    gaps.filter(({ status }) => status === 'not-collected'),
    ({ reason }) => reason,
  )
  if (byReason.size === 0) return shown
  const absent = [...byReason].map(([reason, group]) => `${group.map(({ artifact }) => artifact).join(', ')} (${reason})`)
  return [...shown, `not collected: ${absent.join('; ')}`]
}
