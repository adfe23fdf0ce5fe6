import type { PageReached } from '#model/capture.ts'

/** What is known of a page when its dwell is over (or of an archived document). Absent members are unknown, not empty. */
export interface ReachedInput {
  /** Asked for, and final after redirects. */
  url: string
  finalUrl?: string
  /** Null where there was no answer. */
  httpStatus: number | null
  title?: string
  /** What a visitor reads. */
  text?: string
  html?: string
  /** Response headers of the document, names in lower case. */
  headers?: Readonly<Record<string, string>>
  /** Hosts that the page spoke to, and the URLs of its frames. */
  hosts?: readonly string[]
  frames?: readonly string[]
  /** The browser's own error (net::ERR_…), if navigation failed. */
  error?: string
}

export interface Reached {
  page: PageReached
  reasons: string[]
}

/**
 * Classes the page that a visit reached. Content is the default: a page is only called a gate, a login, parked or a wall for marks
 * that the reason names, and a long readable text outweighs a form or a widget in it. Pure.
 */
export function pageReached(input: ReachedInput): Reached {
  const page = viewOf(input)
  if (input.error !== undefined && input.error !== '' && page.text.length < 40) return { page: 'error', reasons: [input.error] }
  for (const [kind, rule] of rules) {
    const reason = rule(page)
    if (reason !== null) return { page: kind, reasons: [reason] }
  }
  return { page: 'content', reasons: [] }
}

interface View {
  status: number | null
  title: string
  text: string
  words: number
  html: string
  host: string
  path: string
  hosts: readonly string[]
  headers: Readonly<Record<string, string>>
}

function viewOf(input: ReachedInput): View {
  const url = URL.parse(input.finalUrl ?? input.url)
  const html = (input.html ?? '').slice(0, 400_000)
  const text = (input.text ?? visibleText(html))
    .replace(/\s{2,}|[^\S ]/g, ' ')
    .trim()
    .slice(0, 100_000)
  const frameHosts = (input.frames ?? []).map((frame) => URL.parse(frame)?.hostname ?? '').filter((host) => host !== '')
  return {
    status: input.httpStatus,
    title: (input.title ?? /<title[^>]{0,200}>([^<]{0,500})/i.exec(html)?.[1] ?? '').trim(),
    text,
    words: text === '' ? 0 : 1 + blanksIn(text),
    html,
    host: url?.hostname ?? '',
    path: url?.pathname ?? '',
    hosts: [...(input.hosts ?? []), ...frameHosts],
    headers: input.headers ?? {},
  }
}

function blanksIn(text: string): number {
  let count = 0
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) count++
  return count
}

/** Spans in these patterns are bounded: a document of nothing but beginnings would take the square of its length otherwise. */
function visibleText(html: string): string {
  return html
    .replace(/<(script|style|noscript|template|svg)\b[^>]{0,2000}>[\s\S]*?(<\/\1\s{0,100}>|$)/gi, ' ')
    .replace(/<!--[\s\S]*?(-->|$)/g, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/&nbsp;/gi, ' ')
}

type Rule = (page: View) => string | null

const gate: Rule = (page) => {
  if (page.headers['cf-mitigated'] === 'challenge') return 'the server answered with a challenge (cf-mitigated)'
  const short = page.words < 150
  if (short && gateTitles.test(page.title)) return `the title is that of a bot check: "${page.title.slice(0, 80)}"`
  for (const [mark, what] of gateMarkup) if (short && mark.test(page.html)) return `the document is ${what}`
  if (short && gateSentences.test(page.text)) return 'the page asks to prove that the visitor is no robot'
  if (
    (page.status === 403 || page.status === 429 || page.status === 503) &&
    short &&
    page.hosts.some((host) => within(host, captchaHosts))
  ) {
    return `HTTP ${page.status} with a captcha`
  }
  if (page.status === 403 && short && blockedSentences.test(page.text)) return 'the server refuses this visitor'
  if (page.status === 429) return 'HTTP 429: the server asks to come back later'
  return null
}

const error: Rule = (page) => {
  if (page.status === null) return page.text.length < 40 && page.html.length < 200 ? 'nothing was answered' : null
  if (page.status >= 500) return `HTTP ${page.status}`
  if (page.status === 401 || page.status === 407) return null
  // Some sites answer 404 with a whole page; what counts is that it is not what was asked for.
  if (page.status >= 400) return `HTTP ${page.status}`
  return null
}

const login: Rule = (page) => {
  if (page.status === 401) return 'HTTP 401: a name and a password are asked for'
  const password = /<input\b[^>]{0,1000}?\btype\s{0,10}=\s{0,10}["']?password\b/i.test(page.html)
  if (!password || page.words > 250) return null
  if (/\/(log-?in|sign-?in|signin|auth|sso|account\/login|wp-login\.php|users\/sign_in|session)\b/i.test(page.path))
    return `a password form at ${page.path.slice(0, 80)}`
  if (loginTitles.test(page.title) && page.words < 120) return `a password form titled "${page.title.slice(0, 80)}"`
  return null
}

const parked: Rule = (page) => {
  const host = page.hosts.find((name) => within(name, parkingHosts)) ?? (within(page.host, parkingHosts) ? page.host : undefined)
  if (host !== undefined && page.words < 250) return `parking service ${host}`
  if (page.words < 200 && parkingSentences.test(`${page.title} ${page.text}`)) return 'the page says that the name is parked or for sale'
  return null
}

const consentWall: Rule = (page) => {
  if (within(page.host, consentHosts)) return `redirected to the consent page ${page.host}`
  if (
    page.words < 120 &&
    /\b(pay or (ok|consent|accept)|accept (all )?(cookies|and continue)|cookies? (consent|zustimmen|akzeptieren))\b/i.test(page.text) &&
    /cookie|consent|datenschutz/i.test(page.title)
  ) {
    return 'nothing but a question of consent is shown'
  }
  return null
}

// First that holds. A gate answers 403 or 503 itself, so it goes before the plain error.
const rules: readonly (readonly [PageReached, Rule])[] = [
  ['gate', gate],
  ['login', login],
  ['error', error],
  ['parked', parked],
  ['consent-wall', consentWall],
]

function within(host: string, parents: readonly string[]): boolean {
  return parents.some((parent) => host === parent || host.endsWith(`.${parent}`))
}

const gateTitles =
  /^(just a moment|attention required!? \| cloudflare|ddos-guard|ddos protection by|access denied$|please wait\W*$|checking your browser|verif(y|ying) (you are|that you are|your browser)|are you (a )?(human|robot)|human verification|security check|robot check|pardon our interruption|making sure you'?re not a bot|one moment, please|bot verification|captcha|client challenge|challenge validation)/i
const gateMarkup: readonly (readonly [RegExp, string])[] = [
  [
    /\b(window\._cf_chl_opt|cf-browser-verification|cdn-cgi\/challenge-platform\/h\/[bg]\/orchestrate|id="challenge-(form|running|stage)")/,
    'a Cloudflare challenge',
  ],
  [/<script[^>]{1,200}id="anubis_challenge"|\/\.within\.website\/x\/cmd\/anubis/, 'an Anubis proof-of-work gate'],
  [/_Incapsula_Resource[^"']{0,1000}incident_id|Request unsuccessful\. Incapsula incident/i, 'an Imperva gate'],
  [/\b(geo\.captcha-delivery\.com|ct\.captcha-delivery\.com)\b/, 'a DataDome gate'],
  [/\bpx-captcha\b|captcha\.px-cdn\.net/, 'a HUMAN (PerimeterX) gate'],
  [/\b(AwsWafIntegration|awswaf\.com\/[^"']{1,300}\/challenge\.js|gokuProps)\b/, 'an AWS WAF challenge'],
  [/\/_sec\/cp_challenge|sec-if-cpt-container/, 'an Akamai challenge'],
  [/id="sg-captcha"|\.well-known\/sgcaptcha/, 'a SiteGround captcha'],
]
const gateSentences =
  /\b(checking (if the site connection is secure|your browser before accessing)|verify (that )?you are (a )?human|prove (that )?you('re| are) (not a robot|human)|complete the (security check|captcha)|enable javascript and cookies to continue|unusual traffic from your (computer )?network|press (and|&) hold to confirm you are)\b/i
const blockedSentences = /\b(access denied|you have been blocked|request (was )?blocked|forbidden|not have permission)\b/i
const captchaHosts: readonly string[] = [
  'hcaptcha.com',
  'recaptcha.net',
  'challenges.cloudflare.com',
  'arkoselabs.com',
  'funcaptcha.com',
  'geetest.com',
  'captcha-delivery.com',
]
const loginTitles =
  /\b(log ?in|sign ?in|anmelden|einloggen|connexion|se connecter|iniciar sesi[oó]n|acceder|accedi|entrar|войти|вход|登录|ログイン)\b/i
const parkingHosts: readonly string[] = [
  'sedoparking.com',
  'bodis.com',
  'parkingcrew.net',
  'parklogic.com',
  'above.com',
  'dan.com',
  'afternic.com',
  'hugedomains.com',
  'sedo.com',
  'undeveloped.com',
  'voodoo.com',
  'cashparking.com',
  'parkingpage.namecheap.com',
  'domainmarket.com',
  'skenzo.com',
  'uniregistry.com',
  'smartname.com',
  'trellian.com',
  'domaincntrol.com',
]
const parkingSentences =
  /\b(this domain( name)? (is|may be|might be|has been) (for sale|parked|available)|buy this domain|domain (is )?for sale|the domain [\w.-]+ is (for sale|parked)|parked (free|domain|page)|related searches:? ?$|diese domain (steht zum verkauf|ist geparkt)|make an offer (on|for) this domain|inquire about this domain)\b/i
const consentHosts: readonly string[] = [
  'consent.google.com',
  'consent.youtube.com',
  'consent.yahoo.com',
  'guce.yahoo.com',
  'guce.oath.com',
  'guce.aol.com',
]
