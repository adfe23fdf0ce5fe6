import type { SocketFrame } from '#model/artifact.ts'
import type { Finding } from '#model/finding.ts'
import { type DetectorInput, defineDetector, evidence } from '../contract.ts'
import { isWorker, steadyLoad } from '../load.ts'

/** A socket that stays open and workers at a steady load, where nothing else was recognised: a reason to look again, never a verdict. */
export const detector = defineDetector({
  meta: {
    id: 'socket-and-busy-workers',
    version: '2',
    title: 'Socket and busy workers',
    kinds: ['mining'],
    limits: 'Games, conferences and engines do the same; half a per cent of ordinary rows in Outguard’s data have both.',
  },
  needs: { artifacts: ['cpu', 'websocket', 'transport', 'worker'], features: [], findings: true },
  hiddenBy: ['cpu', 'websocket', 'worker'],
  detect(input) {
    if (input.findings.some((finding) => finding.kind === 'mining' && finding.weight !== 'context' && finding.weight !== 'suspicion'))
      return []
    if (input.findings.some((finding) => finding.kind === 'proof-of-work')) return []
    const [socket] = socketsOf(input)
    if (socket === undefined) return []
    const busy = input.artifacts.cpu.items.filter(isWorker).flatMap((cpu) => {
      const load = steadyLoad(cpu)
      // One function that takes most of the thread: a loop of one kind of work.
      const top = cpu.hottest[0]?.share ?? 0
      return load !== null && (load.share >= 0.7 || (load.share >= 0.2 && load.form === 'steady')) && top >= 0.3 ? [{ cpu, load }] : []
    })
    if (busy.length === 0 || (busy.length === 1 && busy[0]!.load.share < 0.7)) return []
    const finding: Finding = {
      detector: 'socket-and-busy-workers',
      kind: 'mining',
      weight: 'suspicion',
      family: null,
      service: null,
      account: null,
      title: 'Workers at a steady load beside an open socket',
      evidence: [
        evidence(
          input,
          socket.id,
          `${socket.frames.length} frames`,
          `an open connection to ${URL.parse(socket.url)?.hostname ?? socket.url.slice(0, 80)} with short messages both ways`,
        ),
        ...busy
          .slice(0, 8)
          .map(({ cpu, load }) =>
            evidence(
              input,
              cpu.id,
              `${Math.round(load.fromMs)}–${Math.round(load.toMs)} ms`,
              `worker at ${Math.round(load.share * 100)} % of a core`,
            ),
          ),
      ],
    }
    return [finding]
  },
  // Without a socket that talks, a thread whose load was not read could not have made a pair with one; nor could one that was read for long enough, or that did not live as long.
  hides: (input, missing) =>
    socketsOf(input).length === 0 || everyWorkerWasRead(input) ? missing.filter(({ artifact }) => artifact !== 'cpu') : missing,
})

const enoughWindows = 3
const enoughMs = 3_500

function everyWorkerWasRead(input: DetectorInput<'cpu' | 'worker', never>): boolean {
  if (input.artifacts.worker.status !== 'complete') return false
  const read = new Set(input.artifacts.cpu.items.filter(({ windows }) => windows.length >= enoughWindows).map(({ targetId }) => targetId))
  return input.artifacts.worker.items.every(
    ({ targetId, startedAtMs, endedAtMs }) => read.has(targetId) || (endedAtMs !== undefined && endedAtMs - startedAtMs < enoughMs),
  )
}

/** Connections that stay open, with short messages both ways. */
function socketsOf(input: DetectorInput<'websocket' | 'transport', never>): { id: string; frames: readonly SocketFrame[]; url: string }[] {
  return [
    ...input.artifacts.websocket.items
      .filter((socket) => socket.receivedCount >= 1 && socket.sentCount >= 1 && socket.closedAtMs === undefined)
      .map(({ id, frames, url }) => ({ id, frames, url })),
    ...input.artifacts.transport.items
      .filter((transport) => (transport.type === 'webtransport' || transport.type === 'webrtc') && transport.messages.length >= 2)
      .map(({ id, messages, url }) => ({ id, frames: messages, url })),
  ].filter(({ frames }) => frames.length > 0 && frames.reduce((sum, { size }) => sum + size, 0) / frames.length < 2_048)
}
