import type { CookieArtifact } from '#model/artifact.ts'
import { type Collection, complete } from '#model/collection.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'

/** Cookies of the visit, of all sites. Each visit begins with none. */
export function cookieCollector(context: VisitContext): Collector<'cookie'> {
  let taken: Collection<CookieArtifact> = {
    status: 'failed',
    items: [],
    error: { code: 'NAVIGATION_FAILED', message: 'the visit ended before cookies were read' },
  }
  return {
    kind: 'cookie',
    async snapshot() {
      const { cookies } = await within(
        3_000,
        'reading cookies',
        context.browser.send('Storage.getCookies', { browserContextId: context.browserContextId }),
      )
      taken = complete(
        cookies.map((cookie) => ({
          id: context.nextId('cookie'),
          name: cookie.name,
          value: cookie.value,
          domain: cookie.domain,
          path: cookie.path,
          expires: cookie.session ? -1 : Math.round(cookie.expires * 1_000),
          httpOnly: cookie.httpOnly,
          secure: cookie.secure,
          ...(cookie.sameSite === undefined ? {} : { sameSite: cookie.sameSite }),
        })),
      )
    },
    async finish() {
      return taken
    },
  }
}
