import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { createEgress, nameMapResolver, reachPolicy } from '#egress/egress.ts'

// What the forwarding proxy costs: CPU-seconds of the process that holds it, per 100 MB and per 1,000 small requests, plain and
// tunnelled, with the client's and the origin's work in processes of their own. Direct and through the proxy in one run.
// node bench/proxy.ts

const small = 8_192
const large = 100 * 1024 * 1024
const requests = 1_000
const parallel = 6

type Job = { via: 'direct' | 'plain' | 'tunnel' | 'new tunnels'; proxyPort: number; originPort: number; path: string; count: number }

if (process.argv[2] === 'origin') await origin()
else if (process.argv[2] === 'client') client()
else await main()

async function main(): Promise<void> {
  const originProcess = fork(new URL(import.meta.url), ['origin'])
  const [originPort] = (await once(originProcess, 'message')) as [number]
  const clientProcess = fork(new URL(import.meta.url), ['client'])
  const egress = createEgress({
    resolver: nameMapResolver({
      hosts: { 'bench.test': ['127.0.0.1'] },
      ports: {},
      allow: ['127.0.0.0/8'],
      spki: null,
      authorityPem: null,
      networks: [],
    }),
    policy: reachPolicy(),
  })
  const lane = await egress.openLane({ visitId: 'bench' })
  const proxyPort = Number(new URL(lane.proxyUrl).port)

  async function run(via: Job['via'], path: string, count: number): Promise<{ proxyCpu: number; clientCpu: number; wall: number }> {
    const before = process.cpuUsage()
    const started = performance.now()
    clientProcess.send({ via, proxyPort, originPort, path, count } satisfies Job)
    const [clientCpu] = (await once(clientProcess, 'message')) as [number]
    const used = process.cpuUsage(before)
    return { proxyCpu: (used.user + used.system) / 1e6, clientCpu, wall: (performance.now() - started) / 1000 }
  }

  const rows: string[] = ['| | proxy CPU-s | client CPU-s | wall s |', '| --- | ---: | ---: | ---: |']
  for (const [name, path, count] of [
    ['1,000 requests of 8 KB', '/small', requests],
    ['one body of 100 MB', '/large', 1],
  ] as const) {
    for (const via of ['direct', 'plain', 'tunnel', 'new tunnels'] as const) {
      if (via === 'new tunnels' && count === 1) continue
      await run(via, path, Math.min(count, 50))
      const runs = [await run(via, path, count), await run(via, path, count), await run(via, path, count)]
      const best = runs.sort((one, two) => one.proxyCpu - two.proxyCpu)[1]
      if (best) rows.push(`| ${name}, ${via} | ${best.proxyCpu.toFixed(3)} | ${best.clientCpu.toFixed(3)} | ${best.wall.toFixed(2)} |`)
    }
  }
  process.stdout.write(`Node ${process.version}, ${parallel} requests at a time, median of three\n\n${rows.join('\n')}\n`)
  clientProcess.disconnect()
  originProcess.disconnect()
  await egress.close()
}

async function origin(): Promise<void> {
  const body = Buffer.alloc(small, 'x')
  const chunk = Buffer.alloc(65_536, 'x')
  const server = http.createServer((request, answer) => {
    if (request.url === '/small') return void answer.writeHead(200, { 'content-length': small }).end(body)
    answer.writeHead(200, { 'content-length': large })
    let left = large
    const pump = (): void => {
      while (left > 0) {
        left -= chunk.length
        if (!answer.write(chunk)) return void answer.once('drain', pump)
      }
      answer.end()
    }
    pump()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.((server.address() as net.AddressInfo).port)
  process.once('disconnect', () => process.exit())
}

function client(): void {
  process.on('message', async (job: Job) => {
    const before = process.cpuUsage()
    const agent = new http.Agent({ keepAlive: true })
    const createTunnel: http.ClientRequestArgs['createConnection'] = (_options, callback) => {
      const socket = net.connect(job.proxyPort, '127.0.0.1')
      socket.write(`CONNECT bench.test:${job.originPort} HTTP/1.1\r\n\r\n`)
      socket.once('data', () => callback(null, socket))
      return undefined
    }
    if (job.via === 'tunnel')
      agent.createConnection = (options, callback) => createTunnel(options, (error, socket) => callback?.(error, socket)) ?? undefined
    const perRequest = job.via === 'new tunnels' ? { createConnection: createTunnel } : { agent }
    let left = job.count
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const request =
          job.via === 'plain'
            ? http.get({ ...perRequest, port: job.proxyPort, path: `http://bench.test:${job.originPort}${job.path}` })
            : http.get({ ...perRequest, port: job.originPort, path: job.path })
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
        response.resume()
        await once(response, 'end')
      }
    }
    await Promise.all(Array.from({ length: parallel }, worker))
    agent.destroy()
    const used = process.cpuUsage(before)
    process.send?.((used.user + used.system) / 1e6)
  })
  process.once('disconnect', () => process.exit())
}
