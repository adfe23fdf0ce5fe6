import type { ConnectionRecord } from '#egress/egress.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { messageOf, type ErrorCode, type ErrorRecord } from '#model/errors.ts'
import { portOf } from '#model/port.ts'
import type { Target } from './collector.ts'
import { aborted, pause, within } from './deadline.ts'

/** How the way to the page ended. */
export type Navigation =
  | { status: 'loaded' }
  /** The load event did not come in time; what is there then is what a visitor sees. */
  | { status: 'slow' }
  /** `reason`: the browser's own, `net::ERR_…`. */
  | { status: 'failed'; reason: string }
  /** Nothing had come when the time was over. */
  | { status: 'unanswered' }
  | { status: 'crashed' }
  | { status: 'interrupted' }

/** `crashed`: ends when the page's process or the browser has. */
export async function navigate(
  page: Target,
  to: { url: string; referrer: string | null; timeoutMs: number },
  crashed: AbortSignal,
  signal: AbortSignal,
): Promise<Navigation> {
  const { session } = page
  const done = new AbortController()
  const loaded = new Promise<Navigation>((resolve) => {
    // The first load event may be that of the empty page from before.
    session.on('Page.loadEventFired', () => {
      if (committed) resolve({ status: 'loaded' })
    })
  })
  let committed = false
  session.on('Page.frameNavigated', ({ frame }) => {
    if (frame.parentId === undefined && frame.url !== 'about:blank') committed = true
  })
  const asked = session.send('Page.navigate', { url: to.url, ...(to.referrer === null ? {} : { referrer: to.referrer }) }).then(
    (answer): Navigation | Promise<Navigation> => {
      if (answer.isDownload) return { status: 'failed', reason: 'the address is a download, not a page' }
      return answer.errorText === undefined ? loaded : { status: 'failed', reason: answer.errorText }
    },
    (error: unknown): Navigation => ({ status: 'failed', reason: messageOf(error) }),
  )
  try {
    return await Promise.race([
      asked,
      pause(to.timeoutMs, done.signal).then((): Navigation => ({ status: committed ? 'slow' : 'unanswered' })),
      aborted(crashed).then((): Navigation => ({ status: 'crashed' })),
      aborted(signal).then((): Navigation => ({ status: 'interrupted' })),
    ])
  } finally {
    done.abort()
  }
}

/** Asks whether a thread answers. V8 reports every program, so the visit has to know its own. */
export const noProgram = '0'

export type Wakefulness = 'awake' | 'was-busy' | 'silent'

/** Whether the page's thread answers. One that is caught in a loop is told to leave it: what it holds can then be read. */
export async function wake(page: Target): Promise<Wakefulness> {
  const answers = async (ms: number): Promise<boolean> => {
    try {
      await within(ms, 'an answer', page.session.send('Runtime.evaluate', { expression: noProgram, silent: true }))
      return true
    } catch {
      return false
    }
  }
  if (await answers(3_000)) return 'awake'
  // What is left is not begun again: timers and events run no more script.
  page.session.post('Emulation.setScriptExecutionDisabled', { value: true })
  // A loop that opens one dialog after the other can only be left between two of them.
  for (let i = 0; i < 4; i++) {
    page.session.post('Runtime.terminateExecution')
    if (await answers(700)) return 'was-busy'
  }
  return 'silent'
}

/** Why the page was not reached, from the browser's word and from what egress knows better. */
export function navigationError(
  reason: string,
  url: string,
  connections: readonly ConnectionRecord[],
  main: RequestArtifact | undefined,
): ErrorRecord {
  const said = main?.failure?.blocked
  if (/ERR_UNSAFE_PORT/.test(reason)) return unsafePort(main?.url ?? url)
  const code = errorCodes.find(([pattern]) => pattern.test(reason))?.[1] ?? 'NAVIGATION_FAILED'
  const host = URL.parse(main?.url ?? url)?.hostname.replace(/^\[|\]$/g, '')
  const refusal = connections.findLast((record) => record.host === host && record.outcome !== 'connected')
  if (said === 'egress' && main?.failure) return { code: codeOf(main.failure.reason), message: main.failure.reason.replace(namedCode, '') }
  if (viaProxy.test(reason) && refusal?.reason !== undefined) {
    return { code: refusal.outcome === 'refused' ? 'ADDRESS_REFUSED' : codeOf(refusal.reason), message: refusal.reason }
  }
  return { code, message: reason }
}

/** Ports of other protocols: https://fetch.spec.whatwg.org/#port-blocking */
function unsafePort(url: string): ErrorRecord {
  const parsed = URL.parse(url)
  return {
    code: 'ADDRESS_REFUSED',
    message: `no browser opens ${parsed ? `port ${portOf(parsed)}` : 'this port'}: it belongs to another protocol`,
    hint: 'Visitors cannot reach the page there either: give the address under which they see it.',
  }
}

/** What Chromium says when its proxy would not or could not connect. */
const viaProxy = /ERR_(TUNNEL_CONNECTION_FAILED|PROXY_CONNECTION_FAILED|EMPTY_RESPONSE|CONNECTION_(CLOSED|RESET|ABORTED))/

const namedCode = /^(ADDRESS_REFUSED|DNS_FAILED|CONNECT_FAILED|TIMEOUT): /

/** Egress's reasons begin with its code where they come over HTTP; in its log they are the resolver's or the dialer's words. */
function codeOf(reason: string): ErrorCode {
  const named = namedCode.exec(reason)?.[1]
  if (named !== undefined) return named as ErrorCode
  if (/^(NXDOMAIN|NODATA|SERVFAIL|REFUSED|TIMEOUT|NOTIMP|FORMERR)\b/.test(reason)) return 'DNS_FAILED'
  return reason.startsWith('no answer') ? 'TIMEOUT' : 'CONNECT_FAILED'
}

const errorCodes: readonly (readonly [RegExp, ErrorCode])[] = [
  [/ERR_(CERT|SSL|BAD_SSL|CLIENT_AUTH|ECH_|EARLY_DATA|WRONG_VERSION_ON_EARLY_DATA|TLS13|ALPN|NO_PRIVATE_KEY)/, 'TLS_FAILED'],
  [/ERR_TOO_MANY_REDIRECTS/, 'REDIRECT_LOOP'],
  [/ERR_(NAME_|DNS_|ICANN_NAME_COLLISION|HOST_RESOLVER)/, 'DNS_FAILED'],
  // What the browser itself takes for the visitor's own network.
  [/_(LOCAL|PRIVATE)_NETWORK_ACCESS_|ERR_(INCONSISTENT_IP_ADDRESS_SPACE|NETWORK_ACCESS_REVOKED)/, 'ADDRESS_REFUSED'],
  [/ERR_(TIMED_OUT|CONNECTION_TIMED_OUT)/, 'TIMEOUT'],
  [
    /ERR_(TUNNEL|PROXY|NO_SUPPORTED_PROXIES|MANDATORY_PROXY|UNEXPECTED_PROXY|UNABLE_TO_REUSE|PAC_|CONNECTION|ADDRESS_|INTERNET|EMPTY_RESPONSE|NETWORK|SOCK|TOO_MANY_SOCKET|PRECONNECT|MSG_TOO_BIG)/,
    'CONNECT_FAILED',
  ],
  [
    /ERR_(HTTP_RESPONSE_CODE_FAILURE|HTTP_1_1_REQUIRED|H2_OR_QUIC_REQUIRED|INVALID_(HTTP_RESPONSE|RESPONSE|CHUNKED_ENCODING|REDIRECT)|UNSAFE_REDIRECT|HTTP2|QUIC|CONTENT_LENGTH|CONTENT_DECODING|INCOMPLETE|RESPONSE_|ENCODING_|ZSTD_|DICTIONARY_|UNEXPECTED_CONTENT_DICTIONARY|METHOD_NOT_SUPPORTED|REQUEST_RANGE|TOO_MANY_(RETRIES|ACCEPT_CH)|SYN_REPLY|WS_)/,
    'HTTP_ERROR',
  ],
]
