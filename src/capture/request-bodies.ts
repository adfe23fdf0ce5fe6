import type { RequestArtifact } from '#model/artifact.ts'
import { messageOf } from '#model/errors.ts'
import type { Target, VisitContext } from './collector.ts'
import { within } from './deadline.ts'

/** So many bodies may be on their way to us at a time: each is held as a whole. */
const maxAtOnce = 12
const askTimeoutMs = 15_000

/** Fetches bodies out of the browser, a few at a time, and keeps them by digest. */
export class BodyReader {
  readonly #context: VisitContext
  readonly #running = new Set<Promise<void>>()
  readonly #queue: (() => Promise<void>)[] = []

  constructor(context: VisitContext) {
    this.#context = context
  }

  /** A response that is complete. `received`: octets that came in, content-decoded, 0 where none were reported. */
  ask(target: Target, cdpRequestId: string, request: RequestArtifact, received: number): void {
    const inline = dataUrlBytes(request.url)
    if (inline !== null) {
      this.#run(() => this.#keep(request, inline))
      return
    }
    if (hasNoBody(request)) {
      request.body = { status: 'none' }
      return
    }
    const { maxBodyBytes } = this.#context.plan.limits
    if (received > maxBodyBytes) {
      request.body = { status: 'lost', reason: `${received} octets, more than ${maxBodyBytes}` }
      return
    }
    request.body = { status: 'lost', reason: 'not yet fetched when the visit ended' }
    this.#run(async () => {
      try {
        const { body, base64Encoded } = await within(
          askTimeoutMs,
          'the body',
          target.session.send('Network.getResponseBody', { requestId: cdpRequestId }),
        )
        const bytes = Buffer.from(body, base64Encoded ? 'base64' : 'utf8')
        if (body === '' && lengthSaid(request) > 0) {
          request.body = { status: 'lost', reason: 'the browser gave no octets of it' }
          return
        }
        if (!base64Encoded && !isTrue(bytes, body, request, received)) {
          request.body = { status: 'lost', reason: 'the browser had transcoded it' }
          return
        }
        await this.#keep(request, bytes)
      } catch (error) {
        request.body = { status: 'lost', reason: messageOf(error) }
      }
    })
  }

  /** A response that is still coming in: what there is of it. */
  async askSoFar(target: Target, cdpRequestId: string, request: RequestArtifact): Promise<void> {
    try {
      const { bufferedData } = await within(
        2_000,
        'the body so far',
        target.session.send('Network.streamResourceContent', { requestId: cdpRequestId }),
      )
      request.body = await this.#context.keep(Buffer.from(bufferedData, 'base64'), null)
    } catch {
      // It stays named as still loading.
    }
  }

  keepSent(request: RequestArtifact, bytes: Buffer): void {
    this.#run(async () => {
      request.requestBody = await this.#context.keep(bytes)
    })
  }

  askSent(target: Target, cdpRequestId: string, request: RequestArtifact): void {
    request.requestBody = { status: 'lost', reason: 'not yet fetched when the visit ended' }
    this.#run(async () => {
      try {
        const { postData, base64Encoded } = await within(
          askTimeoutMs,
          'the request body',
          target.session.send('Network.getRequestPostData', { requestId: cdpRequestId }),
        )
        request.requestBody = await this.#context.keep(Buffer.from(postData, base64Encoded ? 'base64' : 'utf8'))
      } catch (error) {
        request.requestBody = { status: 'lost', reason: messageOf(error) }
      }
    })
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #keep(request: RequestArtifact, bytes: Buffer): Promise<void> {
    request.body = await this.#context.keep(bytes)
  }

  #run(work: () => Promise<void>): void {
    if (this.#running.size >= maxAtOnce) {
      this.#queue.push(work)
      return
    }
    const running: Promise<void> = work().finally(() => {
      this.#running.delete(running)
      const next = this.#queue.shift()
      if (next) this.#run(next)
    })
    this.#running.add(running)
  }
}

function hasNoBody({ method, response }: RequestArtifact): boolean {
  return (
    response === undefined ||
    method === 'HEAD' ||
    method === 'OPTIONS' ||
    response.status === 204 ||
    response.status === 304 ||
    (response.status >= 300 && response.status < 400)
  )
}

/**
 * What came over the network is kept outside the renderer and arrives as it was: text where it is UTF-8, base64 where not. A body from a
 * memory cache, a blob or a service worker comes out of the renderer, which may have transcoded it: then only an unchanged length proves it.
 */
function isTrue(bytes: Buffer, text: string, request: RequestArtifact, received: number): boolean {
  const { response } = request
  const ofRenderer = response?.fromCache || response?.fromServiceWorker || !/^https?:/.test(request.url)
  if (!ofRenderer) return true
  return bytes.length === (received > 0 ? received : lengthSaid(request)) && !text.includes('\uFFFD')
}

function lengthSaid(request: RequestArtifact): number {
  const value = request.response?.headers.find(({ name }) => name.toLowerCase() === 'content-length')?.value
  return value === undefined ? -1 : Number.parseInt(value, 10)
}

/** The octets of a `data:` URL (RFC 2397), or null. */
export function dataUrlBytes(url: string): Buffer | null {
  const match = /^data:([^,]*),/i.exec(url)
  if (!match) return null
  const rest = url.slice(match[0].length).replace(/#.*$/s, '')
  const octets = percentDecoded(rest)
  return /;\s*base64\s*$/i.test(match[1] ?? '') ? Buffer.from(octets.toString('latin1'), 'base64') : octets
}

function percentDecoded(text: string): Buffer {
  const octets = Buffer.from(text, 'utf8')
  let length = 0
  for (let i = 0; i < octets.length; i++) {
    const hex = octets[i] === 0x25 ? octets.toString('latin1', i + 1, i + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      octets[length++] = Number.parseInt(hex, 16)
      i += 2
    } else octets[length++] = octets[i]!
  }
  return octets.subarray(0, length)
}
