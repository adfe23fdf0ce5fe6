import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the way to the store does to one request. */
export type Fault =
  | 'slow-down'
  | 'error'
  | 'denied'
  /** The connection ends before an answer. */
  | 'cut'
  /** Half of the request's body gets there. */
  | 'half-asked'
  /** Half of the answer's body comes back. */
  | 'half-answered'
  /** The store does it, and the answer gets lost. */
  | 'unheard'
  /** No answer, ever. */
  | 'silence'
  /** Half of the answer, and whoever sits between says that this is all. */
  | 'shortened'

export interface TestStore {
  /** Of a store below a prefix of its own. */
  address(prefix: string): string
  /** What is done to each request from now on; null lets it through. */
  faultOf: (method: string, path: string) => Fault | null
  readonly asked: string[]
  readonly keys: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string }
  /** Where the server keeps the object: to damage it behind everybody's back. */
  fileOf(prefix: string, name: string): string
  close(): Promise<void>
}

const bucket = 'assay-test'

/** An S3 server on loopback (s3rver, which checks signatures), with a way to it that can be made bad. */
export async function startObjectStore(): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-s3-'))
  const script = join(import.meta.dirname, 'object-store-child.ts')
  const server = spawn(process.execPath, ['--openssl-legacy-provider', script, dir, bucket], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(server, 'close')
  const port = Number(await Promise.race([once(server.stdout, 'data'), ended.then(() => Promise.reject(new Error('the S3 server ended')))]))
  const store: TestStore = {
    address: (prefix) => `s3://${bucket}/${prefix}?endpoint=http://127.0.0.1:${way()}`,
    faultOf: () => null,
    asked: [],
    keys: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    fileOf: (prefix, name) => join(dir, bucket, prefix, `${name}._S3rver_object`),
    async close() {
      proxy.close()
      proxy.closeAllConnections()
      server.stdin.end()
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
  const proxy = createServer((asked, answer) => {
    const [method, path] = [asked.method ?? '', decodeURIComponent(asked.url ?? '').replace(`/${bucket}/`, '')]
    store.asked.push(`${method} ${path}`)
    pass(asked, answer, port, store.faultOf(method, path))
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const way = (): number => (proxy.address() as AddressInfo).port
  return store
}

const refusals = {
  'slow-down': [503, 'SlowDown'],
  error: [500, 'InternalError'],
  denied: [403, 'AccessDenied'],
} as const

function pass(asked: IncomingMessage, answer: ServerResponse, port: number, fault: Fault | null): void {
  if (fault === 'silence') return void asked.resume()
  if (fault === 'cut') return void asked.socket.destroy()
  if (fault === 'slow-down' || fault === 'error' || fault === 'denied') {
    const [status, code] = refusals[fault]
    asked.resume()
    answer.writeHead(status, { 'content-type': 'application/xml' })
    answer.end(asked.method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`)
    return
  }
  const onward = request({ host: '127.0.0.1', port, method: asked.method, path: asked.url, headers: asked.headers }, (got) => {
    if (fault === 'unheard') {
      got.resume().on('end', () => asked.socket.destroy())
      return
    }
    const half = Math.floor(Number(got.headers['content-length'] ?? 0) / 2)
    if (fault === 'half-answered' || fault === 'shortened') {
      answer.writeHead(got.statusCode ?? 502, fault === 'shortened' ? { ...got.headers, 'content-length': half } : got.headers)
      let left = half
      got.on('data', (chunk: Buffer) => {
        answer.write(chunk.subarray(0, left))
        left -= Math.min(left, chunk.length)
      })
      got.on('end', () => (fault === 'shortened' ? answer.end() : answer.write('', () => asked.socket.destroySoon())))
      return
    }
    answer.writeHead(got.statusCode ?? 502, got.headers)
    got.pipe(answer)
  })
  onward.on('error', () => asked.socket.destroy())
  answer.on('close', () => onward.destroy())
  if (fault !== 'half-asked') return void asked.pipe(onward)
  const half = Math.floor(Number(asked.headers['content-length'] ?? 0) / 2)
  let sent = 0
  asked.on('data', (chunk: Buffer) => {
    if (sent < half) onward.write(chunk.subarray(0, half - sent))
    sent += chunk.length
  })
  asked.on('end', () => {
    onward.destroy()
    asked.socket.destroy()
  })
}
