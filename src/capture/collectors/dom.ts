import type { DomArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'

/** Every frame's document as it stands after the dwell: serialized, with title and readable text. */
export function domCollector(context: VisitContext): Collector<'dom'> {
  const list = new BoundedList<DomArtifact>(context.plan.limits.maxFrames, 'documents')
  return {
    kind: 'dom',
    async snapshot() {
      for (const reading of await context.readFrames()) {
        const frameId = context.frameIdOf(reading.cdpFrameId) ?? ''
        if (reading.status === 'failed') {
          list.drop(1, `${frameId}: ${reading.reason}`)
          continue
        }
        const isWhole = reading.html.length === reading.htmlLength
        const bytes = Buffer.from(reading.html, 'utf8')
        const html = await context.keep(bytes, isWhole ? bytes.length : null)
        list.add({
          id: context.nextId('dom'),
          frameId,
          url: reading.url,
          html,
          title: reading.title,
          text: reading.text,
          takenAtMs: reading.takenAtMs,
        })
      }
    },
    async finish() {
      if (list.items.length === 0) list.drop(0, 'no document could be read')
      return list.collection()
    },
  }
}
