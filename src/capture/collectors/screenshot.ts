import type { ScreenshotArtifact } from '#model/artifact.ts'
import { type Collection, complete, notCollected } from '#model/collection.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'

const usualQuality = 70
const lowQuality = 30
/** Above this a picture of photographs is taken again, coarser: a report that shows it is to stay below a megabyte. */
const wantedOctets = 300_000

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
      const take = async (quality: number): Promise<Buffer> => {
        const { data } = await within(
          6_000,
          'the screenshot',
          page.session.send('Page.captureScreenshot', { format: 'webp', quality, optimizeForSpeed: true }),
        )
        return Buffer.from(data, 'base64')
      }
      const sharp = await take(usualQuality)
      const body = await context.keep(sharp.length <= wantedOctets ? sharp : await take(lowQuality).catch(() => sharp))
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
