import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { WebSocket } from 'ws'
import { type Lab, serveWorld } from '../lab.ts'
import { completeSpec } from '../site/miner-spec.ts'
import { siteFactory } from '../worlds/table.ts'
import { Random } from '../random.ts'
import { endpointOf } from '../site/miner-site.ts'
import type { MinerSpec } from '../site/miner-spec.ts'
import { get, openSocket } from '../testing/client.ts'
import { codecOf, pack, unpack } from './encoding.ts'
import type { Dialect, Encoding, Endpoint } from './endpoint.ts'

async function pool(t: TestContext, partial: Partial<MinerSpec>): Promise<{ lab: Lab; endpoint: Endpoint; account: string }> {
  const spec = completeSpec(partial, new Random(JSON.stringify(partial)))
  const site = siteFactory(1, 'pool-test')(() => ({ type: 'miner', spec }))
  const dir = await mkdtemp(join(tmpdir(), 'assay-lab-'))
  const lab = await serveWorld({ dir, world: { seed: 1, weeks: 1, sites: [site] } })
  t.after(async () => {
    await lab.close()
    await rm(dir, { recursive: true })
  })
  const pooled = site.truth(1).pool ?? ''
  const endpoint = endpointOf({ key: site.key, host: site.host, seed: `pool-test/1/${site.host}` }, spec)
  assert.equal(endpoint.url, pooled)
  return { lab, endpoint, account: spec.account }
}

const open = (lab: Lab, endpoint: Endpoint): WebSocket => openSocket(lab, endpoint.url, 'https://page.lab')

interface Conversation {
  encoding: Encoding
  login(account: string): unknown[]
  isJob(message: never): boolean
  share(job: never): unknown
  isAccepted(message: never): boolean
}

type Fields = { [name: string]: Fields } & { [index: number]: string } & string
const conversations: Record<Dialect, Conversation> = {
  'stratum-login': {
    encoding: 'json',
    login: (login) => [{ id: 1, method: 'login', params: { login, pass: 'x' } }],
    isJob: (m: Fields) => m.result?.job?.blob !== undefined,
    share: (m: Fields) => ({
      id: 2,
      method: 'submit',
      params: { id: m.result?.id, job_id: m.result?.job?.job_id, nonce: '00000000', result: '00' },
    }),
    isAccepted: (m: Fields) => m.result?.status === 'OK' && m.result.job === undefined,
  },
  'stratum-subscribe': {
    encoding: 'json',
    login: (login) => [
      { id: 1, method: 'mining.subscribe', params: ['t'] },
      { id: 2, method: 'mining.authorize', params: [login, 'x'] },
    ],
    isJob: (m: Fields) => m.method === 'mining.notify',
    share: (m: Fields) => ({ id: 3, method: 'mining.submit', params: ['a', m.params?.[0], '00', '00', '00'] }),
    isAccepted: (m: Fields) => Number(m.id) === 3,
  },
  coinhive: {
    encoding: 'json',
    login: (key) => [{ type: 'auth', params: { site_key: key } }],
    isJob: (m: Fields) => m.type === 'job',
    share: (m: Fields) => ({ type: 'submit', params: { job_id: m.params?.job_id, nonce: '00', result: '00' } }),
    isAccepted: (m: Fields) => m.type === 'hash_accepted',
  },
  identifier: {
    encoding: 'json',
    login: (login) => [{ identifier: 'handshake', login }],
    isJob: (m: Fields) => m.identifier === 'job',
    share: (m: Fields) => ({ identifier: 'solved', job_id: m.job_id, nonce: '00', result: '00' }),
    isAccepted: (m: Fields) => m.identifier === 'hashsolved',
  },
  command: {
    encoding: 'json',
    login: (key) => [{ command: 'auth', key }],
    isJob: (m: Fields) => m.command === 'job',
    share: (m: Fields) => ({ command: 'submit', job_id: m.job_id, nonce: '00', result: '00' }),
    isAccepted: (m: Fields) => m.command === 'accepted',
  },
  duino: {
    encoding: 'text',
    login: (user) => [`JOB,${user},LOW,None`],
    isJob: (m: Fields) => m.split(',').length === 3,
    share: (m: Fields) => {
      const [last = '', expected = ''] = m.split(',')
      for (let n = 0; ; n++) if (createHash('sha1').update(`${last}${n}`).digest('hex') === expected) return `${n},1000,Test,web`
    },
    isAccepted: (m: Fields) => m === 'GOOD',
  },
  binary: {
    encoding: 'binary',
    login: (account) => [Uint8Array.of(1, account.length, ...Buffer.from(account))],
    isJob: (m: Uint8Array) => m[0] === 2,
    share: (m: Uint8Array) => Uint8Array.of(3, ...m.slice(1, 5), 0, 0, 0, 0, ...new Uint8Array(32)),
    isAccepted: (m: Uint8Array) => m[0] === 4,
  },
}

async function converse(t: TestContext, dialect: Dialect, encoding: Encoding): Promise<void> {
  const talk = conversations[dialect]
  const { lab, endpoint, account } = await pool(t, {
    dialect,
    encoding,
    family: dialect === 'duino' ? 'sha1' : dialect === 'stratum-subscribe' ? 'sha256' : 'cryptonight',
  })
  const codec = codecOf(encoding, endpoint.xorKey)
  const socket = open(lab, endpoint)
  await once(socket, 'open')
  const accepted = new Promise<void>((resolve, reject) => {
    let submitted = false
    socket.on('error', reject)
    socket.on('message', (data: Buffer) => {
      const message = codec.decode(data) as never
      if (!submitted && talk.isJob(message)) {
        submitted = true
        socket.send(codec.encode(talk.share(message)))
      } else if (submitted && talk.isAccepted(message)) resolve()
    })
  })
  for (const message of talk.login(account)) socket.send(codec.encode(message))
  await accepted
  socket.terminate()
  assert.deepEqual(
    [...new Set(lab.log.pool.map((event) => event.type))].filter((type) => type !== 'job'),
    ['connect', 'login', 'share'],
  )
  assert.ok(lab.log.pool.every((event) => event.origin === 'https://page.lab' && (event.type === 'connect' || event.account === account)))
}

for (const [dialect, { encoding }] of Object.entries(conversations) as [Dialect, Conversation][]) {
  test(`a ${dialect} client logs in, gets a job and has a share counted`, (t) => converse(t, dialect, encoding))
}
for (const encoding of ['base64', 'xor', 'msgpack'] as const) {
  test(`the same wrapped in ${encoding}`, (t) => converse(t, 'coinhive', encoding))
}

test('a dead pool takes the login and says nothing', async (t) => {
  const { lab, endpoint, account } = await pool(t, { dialect: 'coinhive', poolMode: 'dead' })
  const socket = open(lab, endpoint)
  await once(socket, 'open')
  socket.on('message', () => assert.fail('a dead pool spoke'))
  socket.send(JSON.stringify({ type: 'auth', params: { site_key: account } }))
  // The pong comes after whatever the pool would have said.
  socket.ping()
  await once(socket, 'pong')
  socket.terminate()
  assert.deepEqual(
    lab.log.pool.map(({ type, account: seen }) => [type, seen]),
    [
      ['connect', null],
      ['login', account],
    ],
  )
})

test('a pool behind a port that refuses is not reached', async (t) => {
  const { lab, endpoint } = await pool(t, { dialect: 'coinhive', poolMode: 'refuses' })
  const socket = open(lab, endpoint)
  const [error] = (await once(socket, 'error').catch((cause: unknown) => [cause])) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
  assert.equal(lab.log.pool.length, 0)
})

test('what is not of the dialect is counted as such', async (t) => {
  const { lab, endpoint } = await pool(t, { dialect: 'coinhive' })
  const socket = open(lab, endpoint)
  await once(socket, 'open')
  socket.send('not JSON')
  socket.send('{"type":"hello"}')
  socket.ping()
  await once(socket, 'pong')
  socket.terminate()
  assert.deepEqual(
    lab.log.pool.map((event) => event.type),
    ['connect', 'bad-message', 'bad-message'],
  )
})

test('a long poll waits for the job that a login brings', async (t) => {
  const { lab, endpoint, account } = await pool(t, { dialect: 'coinhive', transport: 'long-poll' })
  const waiting = get(lab, `${endpoint.url}?s=one`)
  const posted = await get(lab, `${endpoint.url}?s=one`, {
    method: 'POST',
    body: JSON.stringify({ type: 'auth', params: { site_key: account } }),
  })
  assert.equal(posted.status, 204)
  const first = await waiting
  const rest = first.text.includes('"job"') ? first : await get(lab, `${endpoint.url}?s=one`)
  assert.match(first.text + rest.text, /"type":"authed"[\s\S]*"type":"job"/)
})

test('MessagePack goes both ways', () => {
  for (const value of [
    null,
    true,
    false,
    0,
    127,
    128,
    4294967295,
    'short',
    'x'.repeat(40),
    'y'.repeat(300),
    [1, 'a', null],
    { a: { b: ['c'] } },
  ]) {
    assert.deepEqual(unpack(Uint8Array.from(pack(value))), value)
  }
  assert.throws(() => unpack(Uint8Array.of(0xa5, 65)))
})
