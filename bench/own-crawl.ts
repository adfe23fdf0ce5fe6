import { crawl, type CrawlRequest } from '#app/crawl.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { seedOf } from '#model/seed.ts'

/** Over http alone, without a draw. */
export const httpOnly: NonNullable<CrawlRequest['lanes']> = {
  lane: 'http',
  sample: 0,
  hintBudget: null,
  repeat: 0,
  repeatWithinMs: 0,
  key: 'bench',
}
/** Sites of loopback, by their addresses. */
export const ofLoopback: CrawlRequest['workshop'] = { allowPrivate: false, allow: ['127.0.0.0/8'], lab: null, browser: null, jobs: 1 }

type Own = Partial<CrawlRequest> & Pick<CrawlRequest, 'data' | 'workshop'>

/** Our crawl over these pages, once, each as soon as there is room; `own` says what is otherwise. */
export const crawlOnce = (
  urls: readonly string[],
  own: Own,
  onVisit: Parameters<typeof crawl>[1]['onVisit'],
  signal = new AbortController().signal,
) =>
  crawl(
    {
      name: 'bench',
      seeds: urls.map((url) => seedOf(url)),
      every: null,
      span: null,
      startsAt: null,
      database: null,
      delayMs: 0,
      visit: {},
      manners: { robots: 'ignore', never: emptyNeverList, perAddress: 4, retries: 0, dailyBudget: null },
      contact: 'bench',
      ...own,
    },
    { onNote: console.error, onProgress: () => {}, onRound: async () => {}, onVisit },
    signal,
  )
