import type { TrackerId, TrackerKind } from '#model/tracker.ts'

interface Reader {
  kind: TrackerKind
  /** Where the form of the snippet and of the identifier is from. */
  source: string
  /** One of them is in every text that holds an identifier of this kind. */
  marks: readonly string[]
  /** The identifier is the first group; where there are two, the host of the service and the number there. */
  patterns: readonly RegExp[]
  /** As it is written down, where texts have it in several forms. */
  id?(found: string): string
  /** What no pattern tells. */
  more?(text: string): Iterable<string>
}

const mostIds = 64
/** Characters that are read of one text. */
const longestText = 4_000_000
const mostOfKind = 16

/** A sign that a longer word would go on with. */
const before = String.raw`(?<![\w-])`
const after = String.raw`(?![\w-])`
const blank = String.raw`\s{0,10}`
const quote = String.raw`["'\x60]`
/** The mark between a name and its value in a query, an object or an assignment. */
const is = String.raw`["'\x60]?${blank}(?::|=|%3D)${blank}["'\x60]?`
/** In quotation marks, or the value of a parameter. */
const given = String.raw`(?:${quote}|(?:id|utmac)(?:=|%3D))`
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const host = String.raw`[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}`

const pattern = (text: string): RegExp => new RegExp(text, 'g')

/**
 * By service; quantifiers are bounded, so that a hostile text costs time that grows with it. Sources are the services' own pages on how to install the
 * snippet. Forms are those of identifiers that are given out: letters and lengths shut out the examples of a manual as well as a minifier's names.
 */
const readers: readonly Reader[] = [
  {
    kind: 'google-analytics',
    source: 'https://developers.google.com/analytics/devguides/collection (analytics.js, gtag.js, Measurement Protocol)',
    marks: ['UA-', '"G-', "'G-", '`G-', 'id=G-', 'id%3DG-'],
    patterns: [
      // The number behind it counts an owner's properties: his account is what his sites share.
      pattern(`${given}(UA-\\d{4,10})-\\d{1,4}${after}`),
      // With a figure, or else without a vowel: no word.
      pattern(`${given}(G-(?:(?=[A-Z]{0,9}\\d)(?=\\d{0,9}[A-Z])[A-Z0-9]{8,10}|[B-DF-HJ-NP-TV-Z]{8,10}))${after}`),
    ],
  },
  {
    kind: 'google-tag-manager',
    source: 'https://developers.google.com/tag-platform/tag-manager/web (identifiers have no vowels, no 0 and no 1)',
    marks: ['GTM-'],
    patterns: [pattern(`${before}(GTM-[B-DF-HJ-NP-TV-Z2-9]{4,9})${after}`)],
  },
  {
    kind: 'google-adsense',
    source: 'https://support.google.com/adsense/answer/105516',
    marks: ['pub-'],
    patterns: [pattern(`(?<![a-z])(?:ca-)?(?:mb-|video-|host-)?(pub-\\d{16})(?!\\d)`)],
  },
  {
    kind: 'google-ads',
    source: 'https://developers.google.com/tag-platform/gtagjs (AW-…), conversion.js (google_conversion_id)',
    marks: ['AW-', 'google_conversion_id', 'pagead/conversion/', 'viewthroughconversion/'],
    patterns: [
      pattern(`${before}AW-(\\d{8,11})(?!\\d)`),
      pattern(`google_conversion_id${is}(\\d{8,11})(?!\\d)`),
      pattern(String.raw`pagead/(?:viewthrough)?conversion/(\d{8,11})(?!\d)`),
    ],
    id: (found) => `AW-${found}`,
  },
  {
    kind: 'meta-pixel',
    source: 'https://developers.facebook.com/docs/meta-pixel/get-started',
    marks: ['fbq(', 'facebook.com/tr', 'signals/config/'],
    patterns: [
      pattern(`fbq\\(${blank}${quote}init${quote}${blank},${blank}${quote}?(\\d{13,17})(?!\\d)`),
      pattern(String.raw`facebook\.com/tr/?\?(?:[^\s"'<>]{0,300}&)?id=(\d{13,17})(?!\d)`),
      pattern(String.raw`connect\.facebook\.net/signals/config/(\d{13,17})(?!\d)`),
    ],
  },
  {
    kind: 'yandex-metrica',
    source: 'https://yandex.com/support/metrica/code/counter-initialize.html',
    marks: ['ym(', 'mc.yandex.', 'Ya.Metrika', 'yaCounter', 'mc.webvisor.'],
    patterns: [
      pattern(`(?<![\\w$])ym\\(${blank}(\\d{5,9})${blank},${blank}${quote}init${quote}`),
      pattern(String.raw`mc\.(?:yandex|webvisor)\.[a-z]{2,3}/(?:watch|clmap|webvisor)/(\d{5,9})(?!\d)`),
      pattern(`Ya\\.Metrika2?\\(${blank}\\{${blank}id${blank}:${blank}(\\d{5,9})(?!\\d)`),
      pattern(`(?<!\\w)yaCounter(\\d{5,9})(?!\\w)`),
    ],
  },
  {
    kind: 'matomo',
    source: 'https://developer.matomo.org/guides/tracking-javascript-guide',
    marks: ['matomo.php?', 'piwik.php?', 'setSiteId'],
    patterns: [
      pattern(
        String.raw`//(${host})(?::\d{1,5})?/(?:[\w.-]{1,60}/){0,4}(?:matomo|piwik)\.php\?(?:[^\s"'<>]{0,400}&)?idsite=(\d{1,6})(?!\d)`,
      ),
    ],
    more: matomoIds,
  },
  {
    kind: 'hotjar',
    source: 'https://help.hotjar.com/hc/en-us/articles/115009336727',
    marks: ['hjid', 'hotjar-'],
    patterns: [pattern(`(?<!\\w)hjid${is}(\\d{5,8})(?!\\d)`), pattern(String.raw`hotjar\.com/c/hotjar-(\d{5,8})(?!\d)`)],
  },
  {
    kind: 'clarity',
    source: 'https://learn.microsoft.com/en-us/clarity/setup-and-installation/clarity-setup',
    marks: ['clarity'],
    patterns: [
      pattern(`${quote}clarity${quote}${blank},${blank}${quote}script${quote}${blank},${blank}${quote}([a-z0-9]{8,12})${quote}`),
      pattern(String.raw`clarity\.ms/(?:tag|s)/([a-z0-9]{8,12})(?![\w./-])`),
    ],
  },
  {
    kind: 'bing-ads',
    source: 'https://help.ads.microsoft.com/apex/index/3/en/56682 (UET)',
    marks: ['uetq', 'bat.bing.com'],
    patterns: [
      pattern(`(?<!\\w)ti${blank}:${blank}${quote}(\\d{7,9})${quote}`),
      pattern(String.raw`bat\.bing\.com/action/0\?ti=(\d{7,9})(?!\d)`),
    ],
  },
  {
    kind: 'tiktok-pixel',
    source: 'https://ads.tiktok.com/help/article/get-started-pixel',
    marks: ['ttq.load', 'analytics.tiktok.com'],
    patterns: [
      pattern(`ttq\\.load\\(${blank}${quote}(C[A-Z0-9]{19})${quote}`),
      pattern(String.raw`analytics\.tiktok\.com/[^\s"'<>]{0,120}sdkid=(C[A-Z0-9]{19})(?!\w)`),
    ],
  },
  {
    kind: 'linkedin-insight',
    source: 'https://www.linkedin.com/help/lms/answer/a418880',
    marks: ['linkedin_partner_id', 'ads.linkedin.com'],
    patterns: [
      pattern(`_linkedin_partner_id${is}(\\d{4,9})(?!\\d)`),
      pattern(String.raw`ads\.linkedin\.com/collect/?\?(?:[^\s"'<>]{0,300}&)?pid=(\d{4,9})(?!\d)`),
    ],
  },
  {
    kind: 'pinterest-tag',
    source: 'https://help.pinterest.com/en/business/article/install-the-pinterest-tag',
    marks: ['pintrk(', 'ct.pinterest.com'],
    patterns: [
      pattern(`pintrk\\(${blank}${quote}load${quote}${blank},${blank}${quote}(26\\d{11})${quote}`),
      pattern(String.raw`ct\.pinterest\.com/[^\s"'<>]{0,120}tid=(26\d{11})(?!\d)`),
    ],
  },
  {
    kind: 'mail-ru-top',
    source: 'https://top.mail.ru/help/en/code/counter',
    marks: ['_tmr', 'mail.ru/counter', 'mail.ru/tracker'],
    patterns: [
      pattern(`_tmr\\.push\\(${blank}\\{${blank}["']?id["']?${blank}:${blank}["']?(\\d{5,9})(?!\\d)`),
      pattern(String.raw`\.mail\.ru/(?:counter|tracker)\?(?:[^\s"'<>]{0,200}[&;])?id=(\d{5,9})(?!\d)`),
    ],
  },
  {
    kind: 'histats',
    source: 'https://www.histats.com/?act=10 (asynchronous code)',
    marks: ['Histats', 'histats.com'],
    patterns: [
      pattern(`Histats\\.start${quote}${blank},${blank}${quote}\\d{1,2},(\\d{5,9})(?!\\d)`),
      pattern(String.raw`histats\.com/(?:0\.gif|stats/0\.php)\?(\d{5,9})(?!\d)`),
    ],
  },
  {
    kind: 'liveinternet',
    source: 'https://www.liveinternet.ru/code (a counter of several sites has a name; one of a single site has none)',
    marks: ['counter.yadro.ru/hit;'],
    patterns: [pattern(String.raw`counter\.yadro\.ru/hit;([A-Za-z0-9_.-]{2,40}(?:/[A-Za-z0-9_.-]{1,40}){0,3})\?`)],
  },
  {
    kind: 'statcounter',
    source: 'https://statcounter.com/support/knowledge-base/ (default guide)',
    marks: ['sc_project', 'statcounter.com'],
    patterns: [pattern(`(?<!\\w)sc_project${is}(\\d{5,9})(?!\\d)`), pattern(String.raw`c\.statcounter\.com/(\d{5,9})/`)],
  },
  {
    kind: 'baidu-tongji',
    source: 'https://tongji.baidu.com/web/help/article?id=174',
    marks: ['hm.baidu.com/h'],
    patterns: [
      pattern(String.raw`hm\.baidu\.com/hm?\.js(?:\?|%3F)([0-9a-f]{32})(?![0-9a-f])`),
      pattern(String.raw`hm\.baidu\.com/hm\.gif\?(?:[^\s"'<>]{0,600}&)?si=([0-9a-f]{32})(?![0-9a-f])`),
    ],
  },
  {
    kind: 'cnzz',
    source: 'https://www.cnzz.com (code of a counter: z_stat.php, stat.php)',
    marks: ['cnzz.com/'],
    patterns: [
      pattern(String.raw`cnzz\.com/(?:z_stat|stat|q_stat|c|core)\.php(?:\?|%3F)(?:[^\s"'<>]{0,100}&)?(?:web_)?id(?:=|%3D)(\d{6,12})(?!\d)`),
    ],
  },
  {
    kind: '51la',
    source: 'https://v6-open.51.la (code of a counter)',
    marks: ['51.la/', 'LA.init'],
    patterns: [
      pattern(String.raw`js\.users\.51\.la/(\d{6,9})\.js`),
      pattern(`(?<!\\w)LA\\.init\\(${blank}\\{${blank}["']?id["']?${blank}:${blank}["']([A-Za-z0-9]{10,20})["']`),
    ],
  },
  {
    kind: 'cloudflare-analytics',
    source: 'https://developers.cloudflare.com/web-analytics/get-started (the beacon of a zone has the token too)',
    marks: ['cf-beacon', 'beacon.min.js'],
    patterns: [
      pattern(`cf-beacon[^\\n<>]{0,200}["']token["']${blank}:${blank}["']([0-9a-f]{32})["']`),
      pattern(String.raw`beacon\.min\.js\?token=([0-9a-f]{32})`),
    ],
  },
  {
    kind: 'tawk-to',
    source: 'https://developer.tawk.to/jsapi',
    marks: ['embed.tawk.to/'],
    patterns: [pattern(String.raw`embed\.tawk\.to/([0-9a-f]{24})/`)],
  },
  {
    kind: 'recaptcha',
    source: 'https://developers.google.com/recaptcha/docs/display (keys: 8 signs, five A, 27 signs)',
    marks: ['"6L', "'6L", '`6L', '=6L'],
    patterns: [pattern(`(?:${quote}|=)(6L[\\w-]{6}AAAAA[\\w-]{27})${after}`)],
  },
  {
    kind: 'hcaptcha',
    source: 'https://docs.hcaptcha.com/#add-the-hcaptcha-widget-to-your-webpage',
    marks: ['sitekey', 'siteKey', 'SITE_KEY', 'SITEKEY', 'site_key'],
    patterns: [pattern(`[sS][iI][tT][eE]_?[kK][eE][yY]${is}(${uuid})${after}`)],
  },
  {
    kind: 'turnstile',
    source: 'https://developers.cloudflare.com/turnstile/get-started',
    marks: ['0x4AAAA'],
    patterns: [pattern(`${before}(0x4AAAA[\\w-]{14,18})${after}`)],
  },
]

/** By mark. In JSON, and in markup within a script, a slash has another before it. */
const readersOf = Map.groupBy(
  readers.flatMap((reader) =>
    reader.marks.flatMap((mark) => [...new Set([mark, mark.replaceAll('/', '\\/')])].map((each) => [each, reader] as const)),
  ),
  ([mark]) => mark,
)

/** Every text with an identifier holds one of these. */
export const trackerMarks: readonly string[] = [...readersOf.keys()]

const marksPattern = trackerMarks.map(RegExp.escape).join('|')
const anyMark = new RegExp(marksPattern)

/** Whether it is worth to be read. */
export const hasTrackerMark = (text: string): boolean => anyMark.test(text)

/**
 * Identifiers by which services of measurement, advertising and protection against robots know whose page it is, from script, markup or an address. Each
 * once, at most 64, 16 of a kind. Examples of manuals and keys for tests are none. `marks`: those of `trackerMarks` that stand in it, where that is known.
 * Pure; the time grows with the text.
 */
export function trackerIds(text: string, marks: Iterable<string> = marksIn(text)): TrackerId[] {
  const wanted = new Set<Reader>()
  for (const mark of marks) for (const [, reader] of readersOf.get(mark) ?? []) wanted.add(reader)
  if (wanted.size === 0) return []
  const plain = unescaped(text.slice(0, longestText))
  const found: TrackerId[] = []
  for (const reader of readers) {
    if (!wanted.has(reader)) continue
    const ids = new Set<string>()
    for (const id of idsBy(reader, plain)) {
      if (ids.size >= mostOfKind || found.length + ids.size >= mostIds) break
      if (!isExample(id)) ids.add(id)
    }
    for (const id of ids) found.push({ kind: reader.kind, id })
  }
  return found
}

function* marksIn(text: string): Generator<string> {
  const marks = new RegExp(marksPattern, 'g')
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) yield match[0]
}

function* idsBy({ patterns, id, more }: Reader, text: string): Generator<string> {
  for (const each of patterns)
    for (const [, first = '', second] of text.matchAll(each)) {
      const found = second === undefined ? first : `${first.toLowerCase()} ${second}`
      yield id?.(found) ?? found
    }
  if (more !== undefined) yield* more(text)
}

const escapes: Record<string, string> = {
  '&amp;': '&',
  '&quot;': '"',
  '&#34;': '"',
  '&#39;': "'",
  '\\u0026': '&',
  '\\u003d': '=',
  '\\u003D': '=',
}

/** As it stands in the source of a string, in JSON, and in markup within a script. */
function unescaped(text: string): string {
  if (!text.includes('\\') && !text.includes('&')) return text
  return text.replace(/\\["'/]|\\u00(?:26|3[dD])|&(?:amp|quot|#3[49]);/g, (sign) => escapes[sign] ?? sign.slice(1))
}

const matomoHost = new RegExp(
  `(?:(?<!\\w)u${blank}=[^\\n;]{0,100}?|setTrackerUrl${quote}${blank},${blank})${quote}(?:https?)?:?//(${host})(?::\\d{1,5})?[/${quote.slice(1, -1)}]`,
  'i',
)
const around = 1_500

/** The snippet names its server and the number of the site there in two statements: the number alone is everybody's. */
function* matomoIds(text: string): Generator<string> {
  for (let at = text.indexOf('setSiteId'); at >= 0; at = text.indexOf('setSiteId', at + around)) {
    const number = /^setSiteId["'`]\s{0,10},\s{0,10}["'`]?(\d{1,6})(?!\d)/.exec(text.slice(at, at + 60))?.[1]
    const server = matomoHost.exec(text.slice(Math.max(0, at - around), at + around))?.[1]
    if (number !== undefined && server !== undefined) yield `${server.toLowerCase()} ${number}`
  }
}

const forTests: ReadonlySet<string> = new Set([
  // https://developers.google.com/recaptcha/docs/faq, https://docs.hcaptcha.com/#integration-testing-test-keys
  '6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI',
  '10000000-ffff-ffff-ffff-000000000001',
  '20000000-ffff-ffff-ffff-000000000002',
  '30000000-ffff-ffff-ffff-000000000003',
])

/** What manuals write for one's own: a row of the same sign, figures in their order, a word that says it. */
function isExample(id: string): boolean {
  if (forTests.has(id)) return true
  const own = id.slice(id.lastIndexOf(' ') + 1).replace(/^(?:UA-|G-|GTM-|pub-|AW-)/, '')
  if (id.includes(' ')) return false
  return (
    /^(.)\1{2,}$/.test(own) ||
    /XXXX|xxxx|YOUR|EXAMPLE/.test(own) ||
    (own.length > 3 && ('12345678901234567890'.startsWith(own) || '01234567890'.startsWith(own)))
  )
}
