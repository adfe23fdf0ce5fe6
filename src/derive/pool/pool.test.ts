import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type DialogueFrame, dialogueOf, parsePoolFrame, readFrame } from '../pool-protocol.ts'
import { addressesIn, addressOf } from './account.ts'
import { keccak256 } from './keccak.ts'
import { decodeMsgpack } from './msgpack.ts'

// The address of the Monero project's donation fund, as published on getmonero.org.
const monero = '888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H'
const blob =
  '0707f7a4f0d605b303260816ba3f10902e1a145ac5fad3aa3af6ea44c11869dc4f853f002b2eea0000000077b206a02ca5b1d4ce6bbfdf0acac38bded34d2dcdeef95cd20cefc12f61d56109'
const target = 'b88d0600'
const digest = 'cf5c3a6e8a1b0f2d9e4c7b6a5f4e3d2c1b0a9f8e7d6c5b4a39281706f5e4d3c2'
const nonce = '4fd2a001'
const key = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'

const messages: Record<string, { payload: unknown; role: string; dialect: string; account?: string }> = {
  'Stratum login with an address': {
    payload: { id: 1, jsonrpc: '2.0', method: 'login', params: { login: monero, pass: 'x', agent: 'web/1.0' } },
    role: 'login',
    dialect: 'stratum',
    account: monero,
  },
  'Stratum login with a worker behind the address': {
    payload: { id: 1, method: 'login', params: { login: `${monero}.rig7`, pass: 'x' } },
    role: 'login',
    dialect: 'stratum',
    account: monero,
  },
  'answer to a Stratum login': {
    payload: { id: 1, result: { id: 'a1', status: 'OK', job: { blob, job_id: 'Q1', target } }, error: null },
    role: 'logged-in',
    dialect: 'stratum',
  },
  'Stratum job': { payload: { jsonrpc: '2.0', method: 'job', params: { blob, job_id: 'Q1', target } }, role: 'job', dialect: 'stratum' },
  'Stratum share': {
    payload: { id: 4, method: 'submit', params: { id: 'a1', job_id: 'Q1', nonce, result: digest } },
    role: 'submit',
    dialect: 'stratum',
  },
  'mining.subscribe': { payload: { id: 1, method: 'mining.subscribe', params: [] }, role: 'login', dialect: 'stratum-v1' },
  'mining.authorize': {
    payload: { id: 2, method: 'mining.authorize', params: ['webuser.1', 'x'] },
    role: 'login',
    dialect: 'stratum-v1',
    account: 'webuser.1',
  },
  'mining.notify': {
    payload: { id: null, method: 'mining.notify', params: ['bf', digest, '01', '02', [], '20000000', '1a00', '5a', true] },
    role: 'job',
    dialect: 'stratum-v1',
  },
  'mining.submit': {
    payload: { id: 5, method: 'mining.submit', params: ['webuser.1', 'bf', '00000001', '504e86ed', nonce] },
    role: 'submit',
    dialect: 'stratum-v1',
  },
  'two Stratum lines in one frame': {
    payload: '{"id":1,"method":"mining.subscribe","params":[]}\n{"id":2,"method":"mining.authorize","params":["u.1","x"]}\n',
    role: 'login',
    dialect: 'stratum-v1',
  },
  eth_submitLogin: {
    payload: { id: 1, method: 'eth_submitLogin', params: ['0xb794f5ea0ba39494ce839613fffba74279579268', 'x'] },
    role: 'login',
    dialect: 'ethash',
    account: '0xb794f5ea0ba39494ce839613fffba74279579268',
  },
  getwork: { payload: { id: 1, method: 'getwork', params: [] }, role: 'login', dialect: 'getwork' },
  'Coinhive auth': {
    payload: { type: 'auth', params: { version: 7, site_key: key, type: 'anonymous', user: null, goal: 0 } },
    role: 'login',
    dialect: 'coinhive',
    account: key,
  },
  'Coinhive authed': { payload: { type: 'authed', params: { token: '', hashes: 0 } }, role: 'logged-in', dialect: 'coinhive' },
  'Coinhive job': {
    payload: { type: 'job', params: { job_id: '164698158344253', blob, target: 'ffffff00' } },
    role: 'job',
    dialect: 'coinhive',
  },
  'Coinhive share': {
    payload: { type: 'submit', params: { version: 7, job_id: '164698158344253', nonce, result: digest } },
    role: 'submit',
    dialect: 'coinhive',
  },
  'Coinhive share accepted': { payload: { type: 'hash_accepted', params: { hashes: 256 } }, role: 'accepted', dialect: 'coinhive' },
  'Coinhive verify': {
    payload: { type: 'verify', params: { verify_id: 'x1', nonce, result: digest, blob } },
    role: 'job',
    dialect: 'coinhive',
  },
  'Coinhive refuses the key': { payload: { type: 'error', params: { error: 'invalid_site_key' } }, role: 'error', dialect: 'coinhive' },
  'Coinhive over Socket.IO': {
    payload: `42${JSON.stringify(['auth', { site_key: key, type: 'anonymous' }])}`,
    role: 'login',
    dialect: 'coinhive',
    account: key,
  },
  'webminerpool handshake': {
    payload: { identifier: 'handshake', pool: 'moneroocean.stream', login: monero, password: '', userid: '', version: 7 },
    role: 'login',
    dialect: 'handshake',
    account: monero,
  },
  'webminerpool job': { payload: { identifier: 'job', job_id: 'Q1', target, blob, variant: 2 }, role: 'job', dialect: 'handshake' },
  'webminerpool share': { payload: { identifier: 'solved', job_id: 'Q1', nonce, result: digest }, role: 'submit', dialect: 'handshake' },
  'a command dialect logs in': {
    payload: { command: 'connect', wallet: monero, algo: 'cn/r' },
    role: 'login',
    dialect: 'command',
    account: monero,
  },
  'a command dialect hands out work': { payload: { cmd: 'work', data: { job_id: 'a', blob, target } }, role: 'job', dialect: 'command' },
  'a command dialect hands in a share': {
    payload: { cmd: 'found', data: { job_id: 'a', nonce, result: digest } },
    role: 'submit',
    dialect: 'command',
  },
  'Duino-Coin asks for a job': { payload: 'JOB,revox,LOW', role: 'login', dialect: 'duino', account: 'revox' },
  'Duino-Coin asks with a rig key': { payload: 'JOB,some_user,ESP8266,mykey', role: 'login', dialect: 'duino', account: 'some_user' },
  'Duino-Coin hands out a job': { payload: `${'ab12'.repeat(10)},${'cd34'.repeat(10)},2500`, role: 'job', dialect: 'duino' },
  'JSEcoin asks for work': { payload: '42["requestFirstPreHash","1"]', role: 'login', dialect: 'jsecoin' },
  'JSEcoin logs a publisher in': {
    payload: `421["optInAuthKey",{"pubID":"12345","siteID":"shop.example","subID":"0"},null]`,
    role: 'login',
    dialect: 'jsecoin',
    account: '12345',
  },
  'JSEcoin hands out the hash of a block': { payload: `42["blockPreHash","${digest}"]`, role: 'job', dialect: 'jsecoin' },
  'JSEcoin is handed a share': {
    payload: `42["submitHash","${digest},000000${digest.slice(6)},48213377123,12345,u1,shop.example,0"]`,
    role: 'submit',
    dialect: 'jsecoin',
    account: '12345',
  },
}

const asText = (payload: unknown): string => (typeof payload === 'string' ? payload : JSON.stringify(payload))
const xored = (octets: Uint8Array, ...keys: number[]): Uint8Array => octets.map((octet, at) => octet ^ keys[at % keys.length]!)

for (const [name, { payload, role, dialect, account }] of Object.entries(messages)) {
  test(`reads ${name}`, () => {
    const message = parsePoolFrame({ text: asText(payload) })
    assert.equal(message?.role, role)
    assert.equal(message?.dialect, dialect)
    if (account !== undefined) assert.equal(message?.account, account)
  })
}

const wraps: Record<string, (octets: Buffer) => { text?: string; base64?: string }> = {
  'base64 text': (octets) => ({ text: octets.toString('base64') }),
  'base64 twice': (octets) => ({ text: Buffer.from(octets.toString('base64')).toString('base64') }),
  'hex text': (octets) => ({ text: octets.toString('hex') }),
  'URI encoding': (octets) => ({ text: encodeURIComponent(octets.toString()) }),
  'a form field': (octets) => ({ text: `data=${encodeURIComponent(octets.toString())}` }),
  'reversed text': (octets) => ({ text: [...octets.toString()].reverse().join('') }),
  'reversed base64': (octets) => ({ text: [...octets.toString('base64')].reverse().join('') }),
  'an envelope with base64': (octets) => ({ text: JSON.stringify({ d: octets.toString('base64') }) }),
  SockJS: (octets) => ({ text: `a${JSON.stringify([octets.toString()])}` }),
  'xor with one octet': (octets) => ({ base64: Buffer.from(xored(octets, 0x5a)).toString('base64') }),
  'xor with one octet, as hex': (octets) => ({ text: Buffer.from(xored(octets, 0xc3)).toString('hex') }),
  'xor with a key of five octets': (octets) => ({ base64: Buffer.from(xored(octets, 7, 99, 201, 45, 130)).toString('base64') }),
  'xor with a key, as base64 text': (octets) => ({ text: Buffer.from(xored(octets, 17, 34, 51)).toString('base64') }),
  gzip: (octets) => ({ base64: gzipSync(octets).toString('base64') }),
  'deflate as base64 text': (octets) => ({ text: deflateSync(octets).toString('base64') }),
  'a length before it': (octets) => ({
    base64: Buffer.concat([Buffer.from([0, 0, octets.length >> 8, octets.length & 255]), octets]).toString('base64'),
  }),
  'a length and a type before it': (octets) => ({
    base64: Buffer.concat([Buffer.from([octets.length & 255, octets.length >> 8, 1]), octets]).toString('base64'),
  }),
}
for (const [name, wrap] of Object.entries(wraps)) {
  test(`reads a login in ${name}`, () => {
    for (const login of [messages['Coinhive auth']!, messages['webminerpool handshake']!]) {
      const message = parsePoolFrame(wrap(Buffer.from(asText(login.payload))))
      assert.equal(message?.role, 'login')
      assert.equal(message?.account, login.account)
      assert.ok(message !== null && (message.layers.length > 0 || name === 'SockJS'))
    }
  })
}

test('reads a login in msgpack', () => {
  // {"type":"auth","params":{"site_key":"k1","type":"user"}} as in the specification's own notation.
  const octets = Buffer.concat([
    Buffer.from([0x82, 0xa4]),
    Buffer.from('type'),
    Buffer.from([0xa4]),
    Buffer.from('auth'),
    Buffer.from([0xa6]),
    Buffer.from('params'),
    Buffer.from([0x82, 0xa8]),
    Buffer.from('site_key'),
    Buffer.from([0xa2]),
    Buffer.from('k1'),
    Buffer.from([0xa4]),
    Buffer.from('type'),
    Buffer.from([0xa4]),
    Buffer.from('user'),
  ])
  const message = parsePoolFrame({ base64: octets.toString('base64') })
  assert.deepEqual([message?.role, message?.account, message?.layers], ['login', 'k1', ['msgpack']])
})

const silent: Record<string, unknown> = {
  'an upload that hands in a hash': `42["submitHash",{"file":"${digest}"}]`,
  'a hash that is named before a block is': `42["blockPreHash","not yet"]`,
  'a chat message that names the method': { type: 'message', text: 'how does mining.subscribe work?' },
  'a chat message that quotes a login': { user: 'bob', text: JSON.stringify(messages['Stratum login with an address']!.payload) },
  'a chat event that quotes a login': `42${JSON.stringify(['chat message', JSON.stringify(messages['Stratum login with an address']!.payload)])}`,
  'a login to something else over JSON-RPC': { id: 1, jsonrpc: '2.0', method: 'login', params: { login: 'bob', pass: 'secret' } },
  'a login by mail': { type: 'auth', params: { email: 'bob@example.com', password: 'x' } },
  'an auth with a token': { type: 'auth', params: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.x' } },
  'a GraphQL subscription': { type: 'connection_init', payload: { authorization: 'Bearer x' } },
  'a job of a print queue': { type: 'job', params: { id: 12, printer: 'lobby' } },
  'a submitted form': { type: 'submit', params: { form: 'contact', nonce: 'a1b2' } },
  'a list of jobs': 'JOB,Title,Company',
  'a CSV line': 'JOB, software engineer, Berlin',
  'a wallet that asks for a balance': {
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_getBalance',
    params: ['0xb794f5ea0ba39494ce839613fffba74279579268', 'latest'],
  },
  'a captcha answer': { algorithm: 'SHA-256', challenge: digest, number: 48213, salt: 'ab12cd34', signature: digest },
  'a captcha answer under a command': { action: 'verify', id: '7', nonce: 48213, hash: digest, challenge: digest },
  'a Phoenix heartbeat': '[null,"4","phoenix","heartbeat",{}]',
  'an empty text': '',
  words: 'hello world',
}
for (const [name, payload] of Object.entries(silent)) {
  test(`stays silent on ${name}`, () => assert.equal(parsePoolFrame({ text: asText(payload) }), null))
}

type Said = ['sent' | 'received', unknown]
function talk(...said: Said[]): ReturnType<typeof dialogueOf> {
  return dialogueOf(
    said.map(([direction, payload], at): DialogueFrame => ({
      direction,
      atMs: at,
      place: `frame ${at}`,
      ...readFrame(payload instanceof Uint8Array ? { base64: Buffer.from(payload).toString('base64') } : { text: asText(payload) }),
    })),
  )
}

test('a login without an answer is a dialogue with a dead pool', () => {
  assert.deepEqual(
    [talk(['sent', messages['Coinhive auth']!.payload])?.strength, talk(['sent', messages['Coinhive auth']!.payload])?.accounts],
    ['named', [key]],
  )
})
test('a login that was received is somebody showing one', () => {
  assert.equal(talk(['received', messages['Coinhive auth']!.payload]), null)
})
test('jobs that nobody answers are one-sided', () => {
  assert.equal(talk(['received', messages['mining.notify']!.payload])?.strength, 'one-sided')
})
test('the roles are counted with their first place', () => {
  const dialogue = talk(
    ['sent', messages['Coinhive auth']!.payload],
    ['received', messages['Coinhive job']!.payload],
    ['sent', messages['Coinhive share']!.payload],
    ['sent', messages['Coinhive share']!.payload],
  )
  assert.deepEqual(dialogue?.roles.submit, { count: 2, place: 'frame 2', atMs: 2 })
})

const renamed: Record<string, Said[]> = {
  'short keys': [
    ['sent', { a: 'hi', k: monero }],
    ['received', { z: { q: blob, w: target, i: 'x77' } }],
    ['sent', { i: 'x77', n: nonce, r: digest }],
  ],
  'no login seen': [
    ['received', { z: [blob, 'j-81', target] }],
    ['sent', ['j-81', nonce, digest]],
  ],
  'a numeric target and nonce': [
    ['received', { w: blob, d: 120000, no: 'job44' }],
    ['sent', { no: 'job44', n: 81818181, h: digest }],
  ],
  'blobs in base64': [
    ['received', { a: Buffer.from(blob, 'hex').toString('base64'), b: target, c: 'job-9' }],
    ['sent', { c: 'job-9', d: nonce, e: Buffer.from(digest, 'hex').toString('base64') }],
  ],
  'behind a xor': [
    ['received', xored(Buffer.from(JSON.stringify({ a: blob, b: target, c: 'job-9' })), 0x33)],
    ['sent', xored(Buffer.from(JSON.stringify({ c: 'job-9', d: nonce, e: digest })), 0x33)],
  ],
}
for (const [name, said] of Object.entries(renamed)) {
  test(`a dialogue under unknown names is told by shape: ${name}`, () => {
    const dialogue = talk(...said)
    assert.deepEqual([dialogue?.dialect, dialogue?.strength], ['renamed', 'shape'])
  })
}

const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
const rawLogin = (address: string): Uint8Array => Uint8Array.from([1, address.length, ...Buffer.from(address)])
const rawJob = (id: number, type = 2): Uint8Array => Uint8Array.from([type, ...u32(id), ...u32(0x0fffffff), ...Buffer.from(blob, 'hex')])
const rawShare = (id: number): Uint8Array => Uint8Array.from([3, ...u32(id), ...Buffer.from(nonce, 'hex'), ...Buffer.from(digest, 'hex')])
const octets: Record<string, { said: Said[]; strength: string | null; account?: string; shares?: number }> = {
  'login, job, share': {
    said: [
      ['sent', rawLogin(monero)],
      ['received', rawJob(0x12345678)],
      ['sent', rawShare(0x12345678)],
    ],
    strength: 'shape',
    account: monero,
    shares: 1,
  },
  'jobs of one size, no share yet': {
    said: [
      ['sent', rawLogin(monero)],
      ['received', rawJob(0x12345678)],
      ['received', rawJob(0x52345679)],
    ],
    strength: 'shape',
    account: monero,
  },
  'a wallet that asks for its balance': {
    said: [
      ['sent', rawLogin(monero)],
      ['received', Uint8Array.of(4, 0)],
    ],
    strength: 'one-sided',
  },
  'a game without any address': {
    said: [
      ['received', rawJob(0x12345678)],
      ['sent', rawShare(0x12345678)],
      ['received', rawJob(0x22345678)],
    ],
    strength: null,
  },
  'what is sent does not answer what came': {
    said: [
      ['sent', rawLogin(monero)],
      ['received', rawJob(0x12345678)],
      ['sent', rawShare(0x99aabbcc)],
    ],
    strength: 'one-sided',
  },
}
for (const [name, { said, strength, account, shares }] of Object.entries(octets)) {
  test(`octets without members: ${name}`, () => {
    const dialogue = talk(...said)
    assert.equal(dialogue?.strength ?? null, strength)
    if (account !== undefined) assert.deepEqual(dialogue?.accounts, [account])
    assert.equal(dialogue?.roles.submit?.count ?? 0, shares ?? 0)
  })
}
test('a line that answers a job in a line is a share', () => {
  const said: Said[] = [
    ['sent', 'JOB,ducofan,LOW'],
    ['received', `${digest.slice(0, 40)},${digest.slice(0, 40)},75`],
    ['sent', '5127,812.5,miner 3.1,web'],
  ]
  assert.deepEqual([talk(...said)?.roles.submit?.count, talk(...said)?.dialect, talk(...said)?.accounts], [1, 'duino', ['ducofan']])
  assert.equal(talk(['sent', '5127,812.5,miner 3.1,web'], ['received', '17,4,a,b']), null)
})
test('who greets in words of its own and then is sent jobs is paid', () => {
  const said: Said[] = [
    ['sent', { command: 'auth', key: 'SK_8aYcPq02Lkx91mQz', version: 2 }],
    ['received', { command: 'job', job_id: 'j1', blob, target }],
  ]
  assert.deepEqual(talk(...said, ['sent', { command: 'submit', job_id: 'j1', nonce, result: digest }])?.accounts, ['SK_8aYcPq02Lkx91mQz'])
  assert.deepEqual(talk(['sent', { command: 'auth', key: 'SK_8aYcPq02Lkx91mQz', version: 2 }]), null)
})

const harmlessTalk: Record<string, Said[]> = {
  'a build system with digests': [
    ['received', { id: 'j1', commit: digest, branch: 'main' }],
    ['sent', { id: 'j1', ack: 1, sha: digest }],
  ],
  'a block explorer': [
    ['received', { block: digest, height: 881212, txs: 12 }],
    ['sent', { subscribe: 'blocks' }],
  ],
  'a signed session': [
    ['received', { token: `${digest}${digest}ab12cd`, exp: 1700000000 }],
    ['sent', { ping: 1 }],
  ],
  'an encrypted chat': [
    ['received', { from: 'a', body: Buffer.from(blob, 'hex').toString('base64') }],
    ['sent', { to: 'a', body: Buffer.from(blob, 'hex').toString('base64') }],
  ],
  'a challenge of a gate': [
    ['received', { challenge: digest, difficulty: 5 }],
    ['sent', { challenge: digest, nonce: 99213, response: digest }],
  ],
}
for (const [name, said] of Object.entries(harmlessTalk)) {
  test(`no dialogue: ${name}`, () => assert.ok(!['named', 'shape'].includes(talk(...said)?.strength ?? 'none')))
}

test('addresses are verified, not matched', () => {
  assert.deepEqual(addressOf(monero), { address: monero, coin: 'monero' })
  assert.equal(addressOf(`${monero.slice(0, -1)}J`), null)
  assert.equal(addressOf(monero.replace('Z', 'z')), null)
  assert.deepEqual(addressesIn(`pay to "${monero}", please`), [{ address: monero, coin: 'monero' }])
  assert.deepEqual(addressOf('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'), { address: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', coin: 'bitcoin' })
  assert.equal(addressOf('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb'), null)
})

test('Keccak-256 of nothing and of "abc"', () => {
  assert.equal(
    Buffer.from(keccak256(new Uint8Array(0))).toString('hex'),
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  )
  assert.equal(
    Buffer.from(keccak256(Buffer.from('abc'))).toString('hex'),
    '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
  )
})

test('any octets and any text are read without a fault, in bounded time', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2_000 }),
      (octets) => (readFrame({ base64: Buffer.from(octets).toString('base64') }), decodeMsgpack(octets), true),
    ),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), (text) => (readFrame({ text }), true)),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => parsePoolFrame({ text }) === null),
    { numRuns: 500 },
  )
})
test('a login survives any single-octet key and any key of two to eight octets', () => {
  const plain = Buffer.from(asText(messages['Coinhive auth']!.payload))
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      (keys) => parsePoolFrame({ base64: Buffer.from(xored(plain, ...keys)).toString('base64') })?.account === key,
    ),
  )
})
