import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete } from '#model/collection.ts'
import { sha256 } from '#model/digest.ts'
import { emptyContext } from '#derive/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { conditionsWith } from '../../../test/conditions.ts'
import type { DetectorInput } from '../contract.ts'
import { detector } from './miner-start.ts'

const page = 'https://shop.example/'
const key = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'
const address = '888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H'

function accountsOf(text: string): (string | null)[] {
  const bytes = new TextEncoder().encode(text)
  const input: DetectorInput<'script' | 'request' | 'frame' | 'websocket', 'javascript' | 'html'> = {
    captureId: sha256(bytes),
    url: page,
    finalUrl: page,
    reached: 'content',
    conditions: conditionsWith({ lane: 'archive' }),
    artifacts: { script: complete([]), request: complete([]), frame: complete([]), websocket: complete([]) },
    features: {
      html: [],
      javascript: [
        {
          digest: sha256(bytes),
          size: bytes.length,
          artifacts: [{ id: 'script-0', kind: 'script', url: `${page}a.js`, targetId: null, frameId: null }],
          within: [],
          runs: true,
          features: javascriptDeriver.derive(bytes, emptyContext).features,
        },
      ],
    },
    signatures: [],
    blockLists: null,
    findings: [],
  }
  return detector.detect(input).map(({ account }) => account)
}

const fires: Record<string, [script: string, account: string]> = {
  'Coinhive’s interface under another name': [`var c = new Zephyr.Anonymous("${key}", { throttle: 0.5 }); c.start()`, key],
  'the same for a user': [`new a.b.User("${key}", "john").start()`, key],
  'the same where it is started by another name': [
    `window.c = new Zephyr.Anonymous("${key}"); setTimeout(function () { top.c.start() }, 1000)`,
    key,
  ],
  'a function named after mining, with an address': [`Net.startMining("pool.example:3333", "${address}", "x")`, address],
}
const silent: Record<string, string> = {
  'a key that starts nothing': `var c = new Zephyr.Anonymous("${key}"); console.log(c)`,
  'a user of a chat, and another thing that starts': `var u = new Chat.User("${key}"); server.start()`,
  'a name for a key': 'var c = new Log.Anonymous("guest"); c.start()',
  'a game in which gold is mined': 'startMining("gold", "dwarf")',
  'an address with a letter changed': `Net.startMining("pool.example:3333", "${address.replace('8t', '8u')}", "x")`,
  'an address that is shown': `show("${address}")`,
}
for (const [name, [script, account]] of Object.entries(fires))
  test(`suspects: ${name}`, () => assert.deepEqual(accountsOf(script), [account]))
for (const [name, script] of Object.entries(silent)) test(`silent: ${name}`, () => assert.deepEqual(accountsOf(script), []))
