import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'
import type { NameMap } from '#model/names.ts'

export interface TestBrowser {
  browser: Browser
  close(): Promise<void>
}

/** A real Chromium that resolves by a lab's names and looks like a visitor's: for the lab's own tests, apart from capture. */
export async function openChromium(
  lab: { names: NameMap },
  executable = process.env.CHROMIUM ?? '/usr/lib/chromium/chromium',
): Promise<TestBrowser> {
  const proxy = await startProxy(lab)
  const home = await mkdtemp(join(tmpdir(), 'assay-lab-chromium-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(home, 65534, 65534)
  const child = spawn(
    executable,
    [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${join(home, 'profile')}`,
      `--proxy-server=127.0.0.1:${proxy.port}`,
      '--proxy-bypass-list=<-loopback>',
      `--ignore-certificate-errors-spki-list=${lab.names.spki ?? ''}`,
      '--disable-blink-features=AutomationControlled',
      '--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
      '--window-size=1280,900',
      // Its software adapter does for a machine without a graphics card.
      '--enable-unsafe-webgpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      'about:blank',
    ],
    {
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
      env: { HOME: home, PATH: '/usr/bin:/bin', LANG: 'en_US.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const browser = await puppeteer.connect({ browserWSEndpoint: await endpointOf(child), defaultViewport: null, protocolTimeout: 120_000 })
  return {
    browser,
    async close() {
      const gone = once(child, 'exit')
      await browser.close().catch(() => child.kill('SIGKILL'))
      await gone
      proxy.close()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${text.slice(-500)}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const [, endpoint] = /DevTools listening on (ws:\S+)/.exec(text) ?? []
      if (endpoint !== undefined) resolve(endpoint)
    })
  })
}

async function startProxy(lab: { names: NameMap }): Promise<{ port: number; close(): void }> {
  const server = createServer((_, response) => response.writeHead(502).end())
  server.on('connect', (request: { url?: string }, socket: Socket) => {
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const [address] = lab.names.hosts[host] ?? lab.names.hosts[`*.${host.split('.').slice(1).join('.')}`] ?? []
    const to = lab.names.ports[port]
    socket.on('error', () => socket.destroy())
    if (address === undefined || to === undefined) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      return
    }
    const upstream = connect(to, address, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
