import type { ScreenshotArtifact } from '#model/artifact.ts'
import { type Collection, complete, notCollected } from '#model/collection.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'

/** What the visitor saw last, as WebP. */
export function screenshotCollector(context: VisitContext): Collector<'screenshot'> {
  const { viewport, screenshot } = context.plan
  let taken: Collection<ScreenshotArtifact> = screenshot
    ? { status: 'failed', items: [], error: { code: 'NAVIGATION_FAILED', message: 'the visit ended before a screenshot was taken' } }
    : notCollected('not asked for')
  return {
    kind: 'screenshot',
    async snapshot(page) {
      if (!screenshot) return
      const { data } = await within(
        6_000,
        'the screenshot',
        page.session.send('Page.captureScreenshot', { format: 'webp', quality: 70, optimizeForSpeed: true }),
      )
      const body = await context.keep(Buffer.from(data, 'base64'))
      const scale = viewport.deviceScaleFactor
      taken = complete([
        {
          id: context.nextId('screenshot'),
          body,
          mimeType: 'image/webp',
          width: viewport.width * scale,
          height: viewport.height * scale,
          takenAtMs: context.nowMs(),
        },
      ])
    },
    async finish() {
      return taken
    },
  }
}
