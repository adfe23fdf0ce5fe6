import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type TLSSocket, connect } from 'node:tls'
import { type Lab, serveWorld } from '../lab.ts'
import { get } from '../testing/client.ts'
import { calmUrl, hostileWorld, urlOfAttack } from '../worlds/hostile.ts'
import { attacks } from './all.ts'
import { attackKinds, type Crash } from './attack.ts'

/** The octets that hostile sites answer with, without a browser: see src/capture/hostile.long.test.ts for one that visits them. */
let dir: string
let lab: Lab
const crashed: Crash[] = []

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-lab-hostile-'))
  lab = await serveWorld({ dir, world: hostileWorld(1, (what) => crashed.push(what)) })
})
after(async () => {
  await lab.close()
  await rm(dir, { recursive: true })
})

function ask(path: string): TLSSocket {
  const host = 'bad.lab'
  const socket = connect({
    host: lab.names.hosts[host]?.[0],
    port: lab.names.ports['443'],
    servername: host,
    ca: lab.names.authorityPem ?? '',
  })
  socket.on('error', () => undefined)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: gzip\r\n\r\n`)
  return socket
}

/** What came first. */
async function beginningOf(path: string): Promise<string> {
  const socket = ask(path)
  const [octets] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return octets.toString('latin1')
}

describe('the lab of hostile pages', () => {
  it('does all that a hostile page can do, under one name each', () => {
    assert.deepEqual(new Set<string>(attacks.map(({ kind }) => kind)), new Set<string>(attackKinds))
    assert.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length)
  })

  for (const attack of attacks.filter(({ fault }) => fault === undefined))
    it(`serves ${attack.name}`, async () => {
      for (const path of [`/${attack.name}`, ...Object.keys(attack.more ?? {})]) {
        const socket = ask(path)
        const noted = () => lab.log.requests.find(({ url }) => url === `https://bad.lab${path}`)
        while (noted() === undefined) await setTimeout(1)
        socket.destroy()
        assert.notEqual(noted()?.status, 404, path)
      }
    })

  const beginnings: Record<string, RegExp> = {
    '/redirect-local': /^HTTP\/1\.1 302 .*location: file:\/\/\/etc\/passwd/is,
    '/redirects-on': /location: \/redirects-on\?0\./i,
    '/no-http': /^SSH-2\.0/,
    '/drip': /^H+$/,
    '/chunks': /transfer-encoding: chunked.*ZZZ/is,
    '/two-lengths': /content-length: 5\r\ncontent-length: 50/i,
    '/codings': /content-encoding: gzip, br, zstd, gzip/i,
    '/charset': /charset=x-no-such/,
    '/download': /content-disposition: attachment/i,
    '/bomb': /content-encoding: gzip/i,
  }
  for (const [path, beginning] of Object.entries(beginnings))
    it(`answers ${path} as it says`, async () => assert.match(await beginningOf(path), beginning))

  it('resets a connection, and shows a certificate that is for somebody else', async () => {
    await assert.rejects(get(lab, 'https://reset.lab/'), { code: 'ECONNRESET' })
    await assert.rejects(get(lab, 'https://tls.lab/'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it('crashes what a page asks it to crash', async () => {
    for (const { name, crashes } of attacks) if (crashes !== undefined) await get(lab, `https://bad.lab/crash-now/${name}`)
    assert.deepEqual(crashed, ['page', 'gpu-process', 'browser'])
    assert.ok(hostileWorld(1).sites.every(({ url }) => !url.includes('crash-')))
  })

  it('has a calm page beside them', async () => assert.match((await get(lab, calmUrl)).text, /<h1>/))
  it('asks for its crashes by name', () => {
    for (const attack of attacks)
      if (attack.crashes !== undefined && typeof attack.page !== 'function')
        assert.ok(String(attack.page.body()).includes(`/crash-now/${attack.name}"`), urlOfAttack(attack))
  })
})
