import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { FrameArtifact, Initiator } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'
import { stackOf } from '../initiator.ts'

/** No page is worth more questions about where its frames stand. */
const maxLaidOut = 60
const layoutTimeoutMs = 3_000

/** The tree of frames, also those that came and went: how each came to be, its sandbox, where it stands on the page, whose ad it is. */
export function frameCollector(context: VisitContext): Collector<'frame'> {
  const list = new BoundedList<FrameArtifact>(context.plan.limits.maxFrames, 'frames')
  const frames = new Map<string, FrameArtifact>()
  /** Which targets have told of a frame: the parent's knows the element, the frame's own knows what is in it. */
  const tellers = new Map<string, Target>()

  function frameOf(cdpFrameId: string, target: Target): FrameArtifact | null {
    const known = frames.get(cdpFrameId)
    if (known) return known
    const id = context.frameIdOf(cdpFrameId) ?? ''
    const frame: FrameArtifact = { id, targetId: target.id, url: '', source: 'about', origin: '' }
    if (!list.add(frame)) return null
    frames.set(cdpFrameId, frame)
    return frame
  }

  function attached(target: Target, cdpFrameId: string, parentCdpId: string, initiator: Initiator | undefined): void {
    const frame = frameOf(cdpFrameId, target)
    if (!frame) return
    tellers.set(cdpFrameId, target)
    const parentFrameId = context.frameIdOf(parentCdpId)
    if (parentFrameId !== undefined) frame.parentFrameId = parentFrameId
    if (initiator) frame.initiator = initiator
  }

  function navigated(target: Target, shown: Protocol.Page.Frame): void {
    const frame = frameOf(shown.id, target)
    if (!frame) return
    const parentFrameId = context.frameIdOf(shown.parentId)
    if (parentFrameId !== undefined) frame.parentFrameId = parentFrameId
    frame.targetId = target.id
    frame.url = shown.unreachableUrl ?? shown.url + (shown.urlFragment ?? '')
    frame.origin = shown.securityOrigin
    if (shown.name) frame.name = shown.name
    frame.source = sourceOf(frame)
    const ad = shown.adFrameStatus
    if (ad && ad.adFrameType !== 'none') frame.ad = `the browser's ad tagging: ${[ad.adFrameType, ...(ad.explanations ?? [])].join(', ')}`
  }

  async function layOut(cdpFrameId: string, frame: FrameArtifact): Promise<void> {
    const teller = tellers.get(cdpFrameId)
    if (!teller || !context.isLive(teller)) return
    const { session } = teller
    const { backendNodeId } = await session.send('DOM.getFrameOwner', { frameId: cdpFrameId })
    const [{ node }, box] = await Promise.all([
      session.send('DOM.describeNode', { backendNodeId, depth: 0 }),
      // An element that is not laid out has no box.
      session.send('DOM.getBoxModel', { backendNodeId }).catch(() => null),
    ])
    const sandbox = attributeOf(node.attributes ?? [], 'sandbox')
    if (sandbox !== undefined) frame.sandbox = sandbox
    if (!box) return
    // Corners of the content, clockwise from the upper left one: without the element's border.
    const [x = 0, y = 0, right = x, , , bottom = y] = box.model.content
    const [width, height] = [right - x, bottom - y]
    frame.box = { x, y, width, height, visible: width > 1 && height > 1 && x + width > 0 && y + height > 0 }
  }

  return {
    kind: 'frame',
    attach(target) {
      if (target.type !== 'page' && target.type !== 'iframe') return
      const { session } = target
      session.on('Page.frameAttached', ({ frameId, parentFrameId, stack }) => {
        const frames = stackOf(stack, target.id, context.scripts)
        attached(target, frameId, parentFrameId, frames.length === 0 ? { type: 'parser' } : { type: 'script', stack: frames })
      })
      session.on('Page.frameNavigated', ({ frame }) => navigated(target, frame))
    },
    async snapshot() {
      const documents = context.targets().filter((target) => (target.type === 'page' || target.type === 'iframe') && context.isLive(target))
      for (const { session } of documents) session.post('DOM.enable', {})
      const inner = [...frames].filter(([, frame]) => frame.parentFrameId !== undefined).slice(0, maxLaidOut)
      // Where a frame stands is worth having, not worth failing for: a frame that is gone has no place.
      await Promise.all(
        inner.map(([cdpFrameId, frame]) => within(layoutTimeoutMs, 'the layout', layOut(cdpFrameId, frame)).catch(() => undefined)),
      )
    },
    async finish() {
      return list.collection()
    },
  }
}

function sourceOf(frame: FrameArtifact): FrameArtifact['source'] {
  if (frame.parentFrameId === undefined) return 'page'
  if (frame.url.startsWith('about:srcdoc')) return 'srcdoc'
  if (frame.url.startsWith('data:')) return 'data'
  if (frame.url.startsWith('blob:')) return 'blob'
  return frame.url.startsWith('about:') || frame.url === '' ? 'about' : 'src'
}

/** CDP gives attributes as a flat list of names and values. */
function attributeOf(attributes: readonly string[], name: string): string | undefined {
  const at = attributes.findIndex((each, index) => index % 2 === 0 && each === name)
  return at === -1 ? undefined : attributes[at + 1]
}
