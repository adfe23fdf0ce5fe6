import type { SocketFrame } from '#model/artifact.ts'
import { registrableDomain } from '#derive/party.ts'
import { defineDetector, evidence } from '../contract.ts'
import { hostOf } from '../hosts.ts'

/** Scripts that sell the visitor's line: a socket on which requests for other people's hosts come in, and their answers go out. */
export const detector = defineDetector({
  meta: {
    id: 'proxyware',
    version: '1',
    title: 'Bandwidth that is sold',
    kinds: ['proxyware'],
    limits: 'Reads orders in JSON or as HTTP heads, plain or in base64; a tunnel in a cipher of its own shows its requests only.',
  },
  needs: { artifacts: ['websocket', 'transport', 'request'], features: [] },
  hiddenBy: [],
  detect(input) {
    const own = siteOf(hostOf(input.finalUrl))
    const fetched = new Map(input.artifacts.request.items.map(({ url, startedAtMs }) => [url, startedAtMs]))
    const channels = [
      ...input.artifacts.websocket.items.map(({ id, url, frames }) => ({ id, url, frames })),
      ...input.artifacts.transport.items.map(({ id, url, messages }) => ({ id, url, frames: messages })),
    ]
    return channels.flatMap(({ id, url, frames }) => {
      const channelSite = siteOf(hostOf(url))
      const orders: { at: number; order: Order }[] = []
      const answers: { at: number; status: number }[] = []
      for (const [at, frame] of frames.slice(0, 500).entries()) {
        const text = textOf(frame)
        if (text === null) continue
        if (frame.direction === 'received') {
          const order = orderIn(text)
          const site = order === null ? '' : siteOf(order.host)
          if (order !== null && site !== own && site !== channelSite) orders.push({ at, order })
        } else if (orders.length > 0) {
          const status = answerIn(text)
          if (status !== null) answers.push({ at, status })
        }
      }
      const sites = new Set(orders.map(({ order }) => siteOf(order.host)))
      // An order and its answer once may be a link that is previewed; two strangers' sites are a service.
      if (sites.size < 2 || answers.length < 2) return []
      const carried = orders.filter(({ order }) => order.url !== null && fetched.has(order.url)).length
      const [order] = orders
      return [
        {
          detector: 'proxyware',
          kind: 'proxyware' as const,
          weight: 'context' as const,
          family: null,
          service: null,
          account: null,
          title: 'Carries other people’s requests over the visitor’s line',
          evidence: [
            evidence(
              input,
              id,
              `frame ${order!.at}`,
              `${hostOf(url) || 'a peer'} ordered ${orders.length} requests, to ${[...sites].slice(0, 4).join(', ')}, beginning with ${order!.order.method} ${(order!.order.url ?? order!.order.host).slice(0, 120)}`,
            ),
            evidence(
              input,
              id,
              `frame ${answers[0]!.at}`,
              `the page handed in ${answers.length} answers, the first with status ${answers[0]!.status}${carried > 0 ? `; it made ${carried} of the requests itself` : ''}`,
            ),
          ],
        },
      ]
    })
  },
})

interface Order {
  method: string
  host: string
  url: string | null
}

function textOf(frame: SocketFrame): string | null {
  if (frame.text !== undefined) return frame.text.slice(0, 20_000)
  if (frame.base64 === undefined) return null
  const text = Buffer.from(frame.base64.slice(0, 20_000), 'base64').toString('utf8')
  return text.includes('\ufffd') ? null : text
}

const httpHead = /^(GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT) (\S{1,2000}) HTTP\/1\.[01]\r?\n/
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'PATCH'])

/** What a message orders to be fetched: an HTTP head with its host, or an object with method and address. */
function orderIn(text: string): Order | null {
  const head = httpHead.exec(text)
  if (head !== null) {
    const [, method = '', target = ''] = head
    const url = URL.parse(target)
    const host = url?.hostname || (/^host:\s*([\w.-]+)/im.exec(text)?.[1] ?? (method === 'CONNECT' ? target.replace(/:\d+$/, '') : ''))
    return host.includes('.') ? { method, host: host.toLowerCase(), url: url?.href ?? null } : null
  }
  for (const object of objectsIn(text)) {
    const method = wordOf(object.get('method') ?? object.get('verb')).toUpperCase()
    if (!methods.has(method)) continue
    const given = object.get('url') ?? object.get('uri') ?? object.get('target')
    const url = typeof given === 'string' ? URL.parse(given) : null
    const host = url?.hostname || wordOf(object.get('host') ?? object.get('hostname'))
    if (/^[\w-]+(?:\.[\w-]+)+$/.test(host)) return { method, host: host.toLowerCase(), url: url?.href ?? null }
  }
  return null
}

/** Status of the HTTP answer that a message carries. A status alone acknowledges; an answer has headers or a body. */
function answerIn(text: string): number | null {
  const head = /^HTTP\/1\.[01] (\d{3}) /.exec(text)
  if (head !== null) return Number(head[1])
  for (const object of objectsIn(text)) {
    const status = Number(object.get('status') ?? object.get('statuscode') ?? object.get('code'))
    const carries = ['body', 'headers', 'data', 'content', 'html', 'responsetext'].some((key) => {
      const value = object.get(key)
      return typeof value === 'string' ? value.length > 0 : typeof value === 'object' && value !== null
    })
    if (status >= 100 && status < 600 && carries) return status
  }
  return null
}

/** The object in a message and those directly in it, keys in lower case without underscores. */
function objectsIn(text: string): Map<string, unknown>[] {
  const plain = /^[A-Za-z0-9+/]{16,}={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : text
  if (!/^\s*[{[]/.test(plain)) return []
  let parsed: unknown
  try {
    parsed = JSON.parse(plain)
  } catch {
    return []
  }
  const outer = Array.isArray(parsed) ? parsed.slice(0, 8) : [parsed]
  return outer
    .flatMap((value: unknown) => (isObject(value) ? [value, ...Object.values(value).slice(0, 20).filter(isObject)] : []))
    .map((value) => new Map(Object.entries(value).map(([key, member]) => [key.toLowerCase().replaceAll(/[_-]/g, ''), member])))
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const siteOf = (host: string): string => registrableDomain(host) ?? host
