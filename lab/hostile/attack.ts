import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault, Handler, Peer, Resource } from '../site/site.ts'

/** What a page can do to whoever visits it: the list that the tool is held against. */
export const attackKinds = [
  'endless redirect',
  'endless loop in the main thread',
  'endless loop in workers',
  'large script',
  'many requests',
  'many sockets',
  'many workers',
  'much memory',
  'long body',
  'zip bomb',
  'dialogs in a loop',
  'beforeunload',
  'download',
  'popups',
  'print',
  'crash of the tab',
  'crash of the GPU process',
  'crash of the browser',
  'invalid TLS',
  'broken HTTP',
  'weird encoding',
  'huge document',
  'addresses of the machine',
  'debugger in a loop',
  'finds and floods DevTools',
  'no answer',
  'many frames',
  'many programs',
  'much storage',
  'never settles',
  'lies about the language',
  'asks for permissions',
] as const
export type AttackKind = (typeof attackKinds)[number]

/** A part of the browser that a test ends while the page is open: no page can be relied on to crash it. */
export type Crash = 'page' | 'gpu-process' | 'browser'

export interface Attack {
  kind: AttackKind
  /** Its page is https://bad.lab/NAME, or https://NAME.lab/ where it has a fault. */
  name: string
  page: Resource | Handler
  /** What else it serves, by path. */
  more?: Record<string, Resource | Handler>
  /** WebSockets, by path. */
  sockets?: Record<string, (peer: Peer) => void>
  fault?: Fault
  /** Its page asks for `/crash-now/NAME` when it is there. */
  crashes?: Crash
}

export const attackHost = 'bad.lab'
/** Stands in each page that comes whole: a visit that could read it has read the document. */
export const attackText = 'A page that has something to say to whoever reads it'

export const page = (body: string): Resource => ({
  type: 'text/html; charset=utf-8',
  body: () => `<!doctype html><meta charset=utf-8><title>A page</title><h1>${attackText}</h1>${body}`,
})
export const script = (text: string): Resource => page(`<script>${text}</script>`)
export const text = (body: string, type = 'text/plain'): Resource => ({ type, body: () => body })

/** Octets as they are, instead of an answer; then the connection is closed. */
export const raw =
  (octets: () => string | Buffer): Handler =>
  (message) => {
    message.socket.end(octets())
  }

/** So many pieces, no faster than the reader takes them, until he has gone. */
export const stream =
  (headers: Record<string, string>, piece: () => Buffer, count: number): Handler =>
  (_message: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, headers)
    const octets = piece()
    let left = count
    const more = (): void => {
      while (left-- > 0) if (!response.write(octets)) return void response.once('drain', more)
      response.end()
    }
    more()
  }
