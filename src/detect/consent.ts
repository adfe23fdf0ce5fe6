import { artifacts, type Capture } from '#model/capture.ts'
import type { Activity, Consent, Finding } from '#model/finding.ts'
import type { DialogArtifact } from '#model/artifact.ts'
import { steadyLoad } from './load.ts'

/** When the page was first seen to mine: the first message to a pool, or the start of the steady load. Null where nothing ran. */
export function firstActivityMs(capture: Capture, findings: readonly Finding[]): number | null {
  const times: number[] = []
  for (const finding of findings) {
    if (finding.kind !== 'mining' || (finding.weight !== 'hashing' && finding.weight !== 'pool-contact')) continue
    for (const { artifact, at } of finding.evidence) {
      const time = timeOf(capture, artifact, at)
      if (time !== null) times.push(time)
    }
  }
  return times.length === 0 ? null : Math.min(...times)
}

/** When it last worked or spoke. */
function lastActivityMs(capture: Capture, findings: readonly Finding[]): number | null {
  const times: number[] = []
  for (const { artifact, at } of findings
    .filter(({ weight }) => weight === 'hashing' || weight === 'pool-contact')
    .flatMap((finding) => finding.evidence)) {
    const cpu = artifacts(capture, 'cpu').items.find(({ id }) => id === artifact)
    const load = cpu === undefined ? null : (steadyLoad(cpu) ?? spanOf(at))
    if (load !== null) times.push(load.toMs)
    const socket = artifacts(capture, 'websocket').items.find(({ id }) => id === artifact)
    const sent = socket?.frames.findLast(({ direction }) => direction === 'sent')
    if (sent !== undefined) times.push(sent.atMs)
  }
  return times.length === 0 ? null : Math.max(...times)
}

/** `1200–8000 ms`, as evidence of load has it. */
function spanOf(at: string): { fromMs: number; toMs: number } | null {
  const [, from, to] = /^(\d+)–(\d+) ms$/.exec(at) ?? []
  return from === undefined || to === undefined ? null : { fromMs: Number(from), toMs: Number(to) }
}

function timeOf(capture: Capture, artifact: string, at: string): number | null {
  const socket = artifacts(capture, 'websocket').items.find(({ id }) => id === artifact)
  const frame = Number(/^frame (\d+)$/.exec(at)?.[1] ?? Number.NaN)
  if (socket !== undefined) return socket.frames[frame]?.atMs ?? socket.openedAtMs
  const transport = artifacts(capture, 'transport').items.find(({ id }) => id === artifact)
  if (transport !== undefined) return transport.messages[frame]?.atMs ?? transport.openedAtMs
  const cpu = artifacts(capture, 'cpu').items.find(({ id }) => id === artifact)
  if (cpu !== undefined) return steadyLoad(cpu)?.fromMs ?? spanOf(at)?.fromMs ?? null
  const gpu = artifacts(capture, 'gpu').items.find(({ id }) => id === artifact)
  if (gpu !== undefined) return gpu.atMs
  return artifacts(capture, 'request').items.find(({ id }) => id === artifact)?.startedAtMs ?? null
}

/** Windows of a CPU profile begin before the answer and end after it: what lies this near to the answer is not held against the page. */
const toleranceMs = 750

/**
 * Whether the visitor was asked before anything ran. A cookie banner is no question of mining. `mining` are the findings that count;
 * with none there is nothing to consent to.
 */
export function consentOf(capture: Capture, mining: readonly Finding[], activity: Activity): Consent {
  if (mining.length === 0 || capture.manifest.conditions.lane === 'file') return 'unknown'
  const questions = artifacts(capture, 'dialog').items.filter(({ about }) => about === 'mining')
  const first = firstActivityMs(capture, mining)
  if (questions.length > 0) return first === null ? 'asked-first' : byQuestions(questions, first, lastActivityMs(capture, mining) ?? first)
  const counted = mining.filter(({ weight }) => weight === 'delivered' || weight === 'hashing' || weight === 'pool-contact')
  // What waits for the visitor in the code, and then did not run: asked first. If it ran all the same, the code did not wait.
  const static_ = counted.filter(({ detector }) => detector !== 'thread-load')
  if (
    activity === 'delivered' &&
    static_.some(({ asksFirst }) => asksFirst === true) &&
    static_.every((finding) => finding.asksFirst === true || isPart(finding))
  )
    return 'asked-first'
  if (counted.length > 0) return 'not-asked'
  return mining.some(({ asksFirst }) => asksFirst === true) ? 'asked-first' : 'unknown'
}

/** Code that lies ready (a module, a client script) starts nothing by itself. */
function isPart(finding: Finding): boolean {
  return finding.detector !== 'known-service' || !finding.title.startsWith('Starts')
}

function byQuestions(questions: readonly DialogArtifact[], first: number, last: number): Consent {
  const opened = Math.min(...questions.map(({ openedAtMs }) => openedAtMs))
  const accepted = questions.filter(({ answer }) => answer.choice === 'accepted')
  const acceptedAt = accepted.length === 0 ? null : Math.min(...accepted.map(({ answer, openedAtMs }) => answer.atMs ?? openedAtMs))
  if (acceptedAt !== null && first >= acceptedAt - toleranceMs) return 'asked-first'
  const rejected = questions.filter(({ answer }) => answer.choice === 'rejected' || answer.choice === 'dismissed')
  const rejectedAt = rejected.length === 0 ? null : Math.max(...rejected.map(({ answer, openedAtMs }) => answer.atMs ?? openedAtMs))
  if (acceptedAt === null && rejectedAt !== null && last > rejectedAt + toleranceMs && first >= opened)
    return first < rejectedAt - toleranceMs ? 'asked-late' : 'refused-ignored'
  if (acceptedAt === null && rejectedAt !== null && last > rejectedAt + toleranceMs) return 'refused-ignored'
  return 'asked-late'
}
