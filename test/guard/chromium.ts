import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { ProtocolMapping } from 'devtools-protocol/types/protocol-mapping.d.ts'
import { proxyBypassList } from '#egress/browser-flags.ts'

type Commands = ProtocolMapping.Commands

/** A browser for the guard's tests only: it must not rest on the code of capture. */
export interface ThrowawayChromium {
  pid: number
  /** A page in a context of its own behind a proxy (null: behind the browser's). */
  openPage(proxyUrl: string | null): Promise<ThrowawayPage>
  close(): Promise<void>
}

export interface ThrowawayPage {
  /** Resolves when the navigation has begun or failed. */
  navigate(url: string): Promise<void>
  /** The value of an expression, promises awaited. */
  evaluate(expression: string): Promise<unknown>
}

export const chromiumPath =
  [process.env['ASSAY_CHROMIUM'] ?? '', '/usr/lib/chromium/chromium', '/usr/bin/chromium', '/opt/google/chrome/chrome'].find(
    (path) => path !== '' && existsSync(path),
  ) ?? null

export async function startThrowawayChromium(flags: readonly string[]): Promise<ThrowawayChromium> {
  if (chromiumPath === null) throw new Error('no Chromium')
  const home = await mkdtemp(join(tmpdir(), 'assay-guard-'))
  const isRoot = process.getuid?.() === 0
  // Root's Chromium has no sandbox; dropped to nobody it has.
  if (isRoot) await chown(home, 65_534, 65_534)
  const child = spawn(
    chromiumPath,
    ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${join(home, 'profile')}`, '--disable-gpu', ...flags, 'about:blank'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: home },
      cwd: home,
      detached: true,
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    },
  )
  const toBrowser = child.stdio[3] as Writable
  const fromBrowser = child.stdio[4] as Readable | Duplex
  toBrowser.on('error', () => {})
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let lastId = 0
  let rest = Buffer.alloc(0)
  fromBrowser.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.toString('utf8', 0, end)) as { id?: number; result?: unknown; error?: { message: string } }
      rest = rest.subarray(end + 1)
      const call = message.id === undefined ? undefined : waiting.get(message.id)
      if (!call || message.id === undefined) continue
      waiting.delete(message.id)
      if (message.error) call.reject(new Error(message.error.message))
      else call.resolve(message.result)
    }
  })
  const exited = once(child, 'exit')
  void exited.then(() => {
    for (const call of waiting.values()) call.reject(new Error('the browser is gone'))
  })

  function send<M extends keyof Commands>(
    method: M,
    params: Commands[M]['paramsType'][0],
    sessionId?: string,
  ): Promise<Commands[M]['returnType']> {
    const id = ++lastId
    toBrowser.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    return new Promise((resolve, reject) => waiting.set(id, { resolve: (value) => resolve(value as Commands[M]['returnType']), reject }))
  }

  return {
    pid: child.pid ?? 0,
    async openPage(proxyUrl) {
      const { browserContextId } = await send(
        'Target.createBrowserContext',
        proxyUrl === null ? {} : { proxyServer: proxyUrl, proxyBypassList },
      )
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      return {
        async navigate(url) {
          await send('Page.navigate', { url }, sessionId)
        },
        async evaluate(expression) {
          const { result, exceptionDetails } = await send(
            'Runtime.evaluate',
            { expression, awaitPromise: true, returnByValue: true },
            sessionId,
          )
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
          return result.value as unknown
        },
      }
    },
    async close() {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        // It is gone already.
      }
      await exited
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
