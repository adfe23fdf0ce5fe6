import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { artifacts, type Capture } from '#model/capture.ts'
import { seedOf } from '#model/seed.ts'
import type { VisitOptions } from './visit-options.ts'
import { openWorld, page, type World } from './testing/world.ts'

/** Runs a program in the page and leaves its answer in the title. */
const asks = (program: string): ReturnType<typeof page> =>
  page(`<script>
const code = (promise) => promise.then((value) => value, (error) => error.code)
;(async () => { ${program} })().then((value) => { document.title = JSON.stringify(value) }, (error) => { document.title = 'threw ' + error })
</script>`)

const cases: Record<string, { program: string; answer: unknown; asked: string[] }> = {
  'shows no account and one chain': {
    program: `return [await ethereum.request({ method: 'eth_accounts' }), await ethereum.request({ method: 'eth_chainId' })]`,
    answer: [[], '0x1'],
    asked: ['ethereum: eth_accounts', 'ethereum: eth_chainId'],
  },
  'declines to connect and to sign, as a person does': {
    program: `return Promise.all([
      code(ethereum.request({ method: 'eth_requestAccounts' })),
      code(ethereum.request({ method: 'eth_signTypedData_v4', params: ['0x0', '{"primaryType":"Permit"}'] })),
      code(ethereum.request({ method: 'eth_sendTransaction', params: [{ to: '0xdead' }] })),
      code(ethereum.enable())])`,
    answer: [4001, 4001, 4001, 4001],
    asked: [
      'ethereum: eth_requestAccounts',
      'ethereum: eth_signTypedData_v4',
      'ethereum: eth_sendTransaction',
      'ethereum: eth_requestAccounts',
    ],
  },
  'reaches no node, and knows no method that does not exist': {
    program: `return Promise.all([code(ethereum.request({ method: 'eth_blockNumber' })), code(ethereum.request({ method: 'no_such' })), code(ethereum.request('eth_accounts'))])`,
    answer: [-32603, -32601, -32600],
    asked: ['ethereum: eth_blockNumber', 'ethereum: no_such'],
  },
  'answers callbacks of old pages': {
    program: `return new Promise((resolve) => ethereum.sendAsync({ id: 7, method: 'personal_sign', params: [] }, (error, reply) => resolve([error.code, reply.id])))`,
    answer: [4001, 7],
    asked: ['ethereum: personal_sign'],
  },
  'announces itself to pages that ask who is there (EIP-6963)': {
    program: `return new Promise((resolve) => { addEventListener('eip6963:announceProvider', (event) => resolve([event.detail.info.rdns, event.detail.provider === ethereum])); dispatchEvent(new Event('eip6963:requestProvider')) })`,
    answer: ['io.metamask', true],
    asked: [],
  },
  'declines for Solana and Tron': {
    program: `return Promise.all([code(solana.connect()), code(solana.signTransaction({ a: 1 })), tronLink.request({ method: 'tron_requestAccounts' }).then(({ code }) => code), tronWeb.defaultAddress.base58])`,
    answer: [4001, 4001, 4001, false],
    asked: ['solana: connect', 'solana: signTransaction', 'tron: tron_requestAccounts'],
  },
}

describe('the wallet of a visit', () => {
  let world: World
  before(async () => {
    const entries = Object.values(cases).map(({ program }, i) => [`wallet.lab/${i}`, asks(program)] as const)
    world = await openWorld({
      routes: {
        ...Object.fromEntries(entries),
        'wallet.lab/none': asks('return [typeof ethereum, typeof solana, typeof tronWeb]'),
        'wallet.lab/tells': asks(
          'return [navigator.webdriver, ethereum.request.toString().includes("assay"), Object.keys(globalThis).filter((name) => name.startsWith("__"))]',
        ),
      },
    })
  })
  after(() => world[Symbol.asyncDispose]())
  const capture = (path: string, options: VisitOptions = {}): Promise<Capture> =>
    world.capturer.capture(seedOf(`https://wallet.lab/${path}`), {
      profile: 'thorough',
      dwellMs: 3_000,
      screenshot: false,
      interact: false,
      ...options,
    })
  const answerOf = (captured: Capture): unknown => JSON.parse(artifacts(captured, 'dom').items[0]?.title ?? 'null')

  for (const [i, [name, { answer, asked }]] of Object.entries(cases).entries()) {
    it(name, async () => {
      const captured = await capture(String(i))
      const wallet = artifacts(captured, 'wallet')
      assert.deepEqual(answerOf(captured), answer)
      assert.equal(wallet.status, 'complete')
      assert.deepEqual(
        wallet.items.map(({ method }) => method),
        asked,
      )
      for (const { initiator } of wallet.items) assert.equal(initiator?.url, `https://wallet.lab/${i}`)
      assert.equal(captured.manifest.conditions.wallet, true)
      assert.deepEqual(
        artifacts(captured, 'patch').items.filter(({ name: global }) => /ethereum|solana|tronWeb/.test(global)),
        [],
      )
    })
  }

  it('has what a page wants signed', async () => {
    const wallet = artifacts(await capture('1'), 'wallet').items
    assert.equal(
      wallet.find(({ method }) => method.endsWith('signTypedData_v4'))?.params,
      JSON.stringify(['0x0', '{"primaryType":"Permit"}']),
    )
  })

  it('is not there in other profiles, whose captures say so', async () => {
    const captured = await capture('none', { profile: 'standard', dwellMs: 1_000 })
    assert.deepEqual(answerOf(captured), ['undefined', 'undefined', 'undefined'])
    assert.deepEqual([artifacts(captured, 'wallet').status, captured.manifest.conditions.wallet], ['not-collected', false])
  })

  it('says nothing of automation', async () => {
    assert.deepEqual(answerOf(await capture('tells', { dwellMs: 1_000 })), [false, false, []])
  })
})
