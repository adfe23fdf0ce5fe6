import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { trackerKinds } from '#model/tracker.ts'
import { emptyContext } from './deriver.ts'
import { htmlDeriver } from './html/deriver.ts'
import { javascriptDeriver } from './javascript/deriver.ts'
import { hasTrackerMark, trackerIds } from './trackers.ts'

const pixel = '283746510293847'
const key = '6LdQw3xZAAAAAKp7T2vBq9sYw4Nf0hJm8RcXeUaD'

/** As the services' own pages have it, and as requests carry it. */
const finds: Record<string, [text: string, ids: string[]]> = {
  'analytics.js': ["ga('create', 'UA-4711829-3', 'auto'); ga('send', 'pageview');", ['google-analytics UA-4711829']],
  'the asynchronous code before it': ["_gaq.push(['_setAccount', 'UA-4711829-12']);", ['google-analytics UA-4711829']],
  'two properties of one owner': ["gtag('config','UA-4711829-1');gtag('config','UA-4711829-2')", ['google-analytics UA-4711829']],
  'a measurement': ["gtag('config', 'G-7KQ2XW94HB');", ['google-analytics G-7KQ2XW94HB']],
  'one that is all consonants': ['gtag("config","G-DZHTJVDKRZ")', ['google-analytics G-DZHTJVDKRZ']],
  'its request': ['https://www.google-analytics.com/g/collect?v=2&tid=G-7KQ2XW94HB&gtm=45je', ['google-analytics G-7KQ2XW94HB']],
  'a container': [
    "(function(w,d,s,l,i){j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl})(window,document,'script','dataLayer','GTM-N4XK7QP');",
    ['google-tag-manager GTM-N4XK7QP'],
  ],
  'its frame': ['src="https://www.googletagmanager.com/ns.html?id=GTM-W6VX"', ['google-tag-manager GTM-W6VX']],
  'an advertiser': ["gtag('event','conversion',{'send_to':'AW-918273645/AbC-D_efG-h12_34-567'});", ['google-ads AW-918273645']],
  'an advertiser of before': ['var google_conversion_id = 918273645; var google_conversion_label = "x";', ['google-ads AW-918273645']],
  'places for advertisements': [
    '(adsbygoogle=window.adsbygoogle||[]).push({google_ad_client:"ca-pub-4928173650192837",enable_page_level_ads:true})',
    ['google-adsense pub-4928173650192837'],
  ],
  'a pixel': [`fbq( 'init', '${pixel}' ); fbq('track','PageView')`, [`meta-pixel ${pixel}`]],
  'a pixel in markup in a script': [
    String.raw`'<img src=\"https:\/\/www.facebook.com\/tr?id=${pixel}&amp;ev=PageView&amp;noscript=1\">'`,
    [`meta-pixel ${pixel}`],
  ],
  'a pixel behind another parameter': [`https://www.facebook.com/tr/?ev=PageView&id=${pixel}&noscript=1`, [`meta-pixel ${pixel}`]],
  'a counter of Yandex': ['ym(47283910, "init", {clickmap:true});', ['yandex-metrica 47283910']],
  'its code of before': ['w.yaCounter47283910 = new Ya.Metrika({id:47283910, webvisor:true});', ['yandex-metrica 47283910']],
  'its picture': ['<img src="https://mc.yandex.ru/watch/47283910" alt="">', ['yandex-metrica 47283910']],
  'a server of statistics and the site there': [
    `var _paq = window._paq = window._paq || [];
     (function() { var u="//stats.verein.example/"; _paq.push(['setTrackerUrl', u+'matomo.php']); _paq.push(['setSiteId', '12']); })()`,
    ['matomo stats.verein.example 12'],
  ],
  'the same by protocol': [
    `var u=(("https:" == document.location.protocol) ? "https" : "http") + "://piwik.verein.example/"; _paq.push(["setSiteId", 4]);`,
    ['matomo piwik.verein.example 4'],
  ],
  'a request of such a server': [
    'https://Stats.verein.example/m/matomo.php?action_name=x&idsite=12&rec=1',
    ['matomo stats.verein.example 12'],
  ],
  'heat maps': ['h._hjSettings={hjid:1938472,hjsv:6};', ['hotjar 1938472']],
  recordings: ['(window, document, "clarity", "script", "k3xq9zr2ab");', ['clarity k3xq9zr2ab']],
  Bing: [
    '(function(w,d,t,r,u){var f={ti:"18273645"};f.q=w[u]})(window,document,"script","//bat.bing.com/bat.js","uetq");',
    ['bing-ads 18273645'],
  ],
  TikTok: ["ttq.load('CF8Q2K3C77U1ABCDE0V0');ttq.page();", ['tiktok-pixel CF8Q2K3C77U1ABCDE0V0']],
  LinkedIn: ['_linkedin_partner_id = "4719283"; window._linkedin_data_partner_ids = [];', ['linkedin-insight 4719283']],
  Pinterest: ["pintrk('load', '2613918273645', {em: ''});", ['pinterest-tag 2613918273645']],
  'Mail.ru': ['_tmr.push({id: "3192837", type: "pageView", start: (new Date()).getTime()});', ['mail-ru-top 3192837']],
  Histats: ["_Hasync.push(['Histats.start', '1,4192837,4,0,0,0,00010000']);", ['histats 4192837']],
  'a counter of several sites': [`"//counter.yadro.ru/hit;SportNews?t52.6;r"+escape(document.referrer)`, ['liveinternet SportNews']],
  StatCounter: ['var sc_project=7918273; var sc_invisible=1; var sc_security="a1b2c3d4";', ['statcounter 7918273']],
  Baidu: ['hm.src = "https://hm.baidu.com/hm.js?0f3c7a91b2d84e65a7c8190d2e3f4b56";', ['baidu-tongji 0f3c7a91b2d84e65a7c8190d2e3f4b56']],
  'CNZZ, written into the page': [
    `document.write(unescape("%3Cscript src='https://s4.cnzz.com/z_stat.php%3Fid%3D1279183645%26show%3Dpic' type='text/javascript'%3E"))`,
    ['cnzz 1279183645'],
  ],
  '51.LA': ['LA.init({id: "JqP3kXw9Tz2LmN4v",ck: "JqP3kXw9Tz2LmN4v"})', ['51la JqP3kXw9Tz2LmN4v']],
  'the beacon of a zone': [
    `data-cf-beacon="{"rayId":"7d3","token":"4be1c0a7d29f48e3b6a5c4d3e2f10987","si":100}"`,
    ['cloudflare-analytics 4be1c0a7d29f48e3b6a5c4d3e2f10987'],
  ],
  'a chat': ["s1.src='https://embed.tawk.to/5a91c3d7e4b0f29a8c7d6e51/default';", ['tawk-to 5a91c3d7e4b0f29a8c7d6e51']],
  'a check for robots': [`https://www.google.com/recaptcha/api.js?render=${key}`, [`recaptcha ${key}`]],
  another: ['data-sitekey="3f7a1c29-8d4e-4b60-a5c7-91e2d3f4b586"', ['hcaptcha 3f7a1c29-8d4e-4b60-a5c7-91e2d3f4b586']],
  'a third': ["turnstile.render('#box', { sitekey: '0x4AAAAAAAKq3xZ9Wv2LmNpT' })", ['turnstile 0x4AAAAAAAKq3xZ9Wv2LmNpT']],
}

const silent: Record<string, string> = {
  'a manual': `ga('create', 'UA-XXXXX-Y', 'auto'); gtag('config', 'G-XXXXXXXXXX'); gtag('config','AW-CONVERSION_ID'); "GTM-XXXX" "ca-pub-XXXXXXXXXXXXXXXX"`,
  'figures in their order': `"UA-123456-1" "UA-12345678-1" "AW-123456789" fbq('init','1234567890123456') "ca-pub-1234567890123456" "G-1234567890"`,
  noughts: `"UA-00000000-1" "ca-pub-0000000000000000" fbq('init', '0000000000000000')`,
  'words that begin like one': '"GTM-CONTAINER" "GTM-CODE" "G-SHOWMORE" "G-FIVETHIRTY" "AW-RULING" x["G-STRING"]',
  'a part of a longer name': '"xUA-4711829-3" "UA-4711829-3x" "MY-GTM-N4XK7QP" "G-7KQ2XW94HBCDEFG" "UA-4711829-3-9"',
  'what browsers are told': '<meta http-equiv="X-UA-Compatible" content="IE=edge"> navigator.userAgent UA-Platform Sec-CH-UA-Mobile',
  'names of a minifier': 'function ym(a,b){return a+b}ym(47283910,1);var G=1,UA=2;a=G-B1C2D3E4F5;x=UA-4711829-3;hjid(1)',
  'a number of a site alone': `_paq.push(['setTrackerUrl', '/matomo.php']); _paq.push(['setSiteId', '1']);`,
  'keys for tests': `data-sitekey="6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI" sitekey="10000000-ffff-ffff-ffff-000000000001" "1x00000000000000000000AA"`,
  base64: `"data:image/png;base64,iVBOR6LAAAAAAAAAJ1UD6E8NVtHAACAw5iPBLLtlffYdAAAAAAAAAAAAAA=6L"`,
  'a shared link': `https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fa.example&id=${pixel}`,
  'an empty text': '',
}

for (const [name, [text, ids]] of Object.entries(finds))
  test(`has an identifier: ${name}`, () =>
    assert.deepEqual(
      trackerIds(text).map(({ kind, id }) => `${kind} ${id}`),
      ids,
    ))
for (const [name, text] of Object.entries(silent)) test(`has none: ${name}`, () => assert.deepEqual(trackerIds(text), []))

test('every kind has a case', () => {
  const seen = new Set(Object.values(finds).flatMap(([text]) => trackerIds(text).map(({ kind }) => kind)))
  assert.deepEqual(
    trackerKinds.filter((kind) => !seen.has(kind)),
    [],
  )
})

test('what is found has a mark by which it is worth to be read', () => {
  for (const [name, [text]] of Object.entries(finds)) assert.ok(hasTrackerMark(text), name)
})

test('a page of thousands gives a few of each kind', () => {
  const text = Array.from({ length: 5_000 }, (_, at) => `ga('create','UA-${4_711_000 + at}-1');ym(${47_283_000 + at},'init')`).join('\n')
  assert.equal(trackerIds(text).length, 32)
})

test('any text is read without a fault', () => {
  const part = fc.constantFrom(
    ...Object.values(finds).flatMap(([text]) => [text, text.slice(0, text.length >> 1), text.slice(text.length >> 1)]),
    '"',
    '\\',
    '/',
    '=',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof(part, fc.string({ maxLength: 20 })), { maxLength: 12 }),
      (parts) => trackerIds(parts.join('')).length <= 64,
    ),
    { numRuns: 300 },
  )
})

const ofPage = (html: string): string[] => {
  const { features, inner } = htmlDeriver.derive(new TextEncoder().encode(html), emptyContext)
  const scripts = inner
    .filter(({ kind }) => kind === 'javascript')
    .flatMap(({ bytes }) => javascriptDeriver.derive(bytes, emptyContext).features.trackers)
  return [...features.trackers, ...scripts].map(({ kind, id }) => `${kind} ${id}`)
}
const inPage: Record<string, [html: string, ids: string[]]> = {
  'an inline script': [`<script>ga('create','UA-4711829-3')</script>`, ['google-analytics UA-4711829']],
  'an address': [
    '<script async src="https://www.googletagmanager.com/gtag/js?id=G-7KQ2XW94HB"></script>',
    ['google-analytics G-7KQ2XW94HB'],
  ],
  'one that waits for consent': [`<script type="text/plain">fbq('init','${pixel}')</script>`, [`meta-pixel ${pixel}`]],
  noscript: [
    '<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-N4XK7QP"></iframe></noscript>',
    ['google-tag-manager GTM-N4XK7QP'],
  ],
  'an attribute': [`<div class="g-recaptcha" data-sitekey="${key}"></div>`, [`recaptcha ${key}`]],
  'an account in the head': [
    '<meta name="google-adsense-account" content="ca-pub-4928173650192837">',
    ['google-adsense pub-4928173650192837'],
  ],
  'a beacon': [
    `<script defer src="https://static.cloudflareinsights.com/beacon.min.js" data-cf-beacon='{"token": "4be1c0a7d29f48e3b6a5c4d3e2f10987"}'></script>`,
    ['cloudflare-analytics 4be1c0a7d29f48e3b6a5c4d3e2f10987'],
  ],
  'none of a comment, nor of a text that explains it': [
    `<!-- <script>ga('create','UA-4711829-3')</script> --><pre>ga('create', 'UA-4711829-3')</pre><p>"GTM-N4XK7QP"</p>`,
    [],
  ],
}
for (const [name, [html, ids]] of Object.entries(inPage)) test(`a document: ${name}`, () => assert.deepEqual(ofPage(html), ids))
