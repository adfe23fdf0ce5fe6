import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete } from '#model/collection.ts'
import { sha256 } from '#model/digest.ts'
import { emptyContext } from '#derive/deriver.ts'
import { htmlDeriver } from '#derive/html/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { conditionsWith } from '../../../test/conditions.ts'
import type { DetectorInput } from '../contract.ts'
import { detector } from './miner-start.ts'

const page = 'https://shop.example/'
const key = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'
const address = '888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H'

function accountsOf(text: string, html = '<p>A shop.</p>'): (string | null)[] {
  const bytes = new TextEncoder().encode(text)
  const markup = new TextEncoder().encode(html)
  const input: DetectorInput<'script' | 'request' | 'frame' | 'websocket', 'javascript' | 'html'> = {
    captureId: sha256(bytes),
    url: page,
    finalUrl: page,
    reached: 'content',
    conditions: conditionsWith({ lane: 'archive' }),
    artifacts: { script: complete([]), request: complete([]), frame: complete([]), websocket: complete([]) },
    features: {
      html: [
        {
          digest: sha256(markup),
          size: markup.length,
          artifacts: [{ id: 'dom-1', kind: 'dom', url: page, targetId: null, frameId: null }],
          within: [],
          runs: true,
          features: htmlDeriver.derive(markup, emptyContext).features,
        },
      ],
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

const markupFires: Record<string, [html: string, account: string]> = {
  'a widget with a key and a miner’s parameters': [
    `<div class="zeph-ui" data-key="${key}" data-autostart="true" data-throttle="0.3"></div>`,
    key,
  ],
  'a widget that is named after a miner': [`<span class="zeph-miner" site="${key}" data-threads="2"></span>`, key],
  'a frame of a miner with a key': [`<iframe src="https://zeph.example/media/miner.html?key=${key}&autostart=1" width="0"></iframe>`, key],
  'a script of a miner with an address': [`<script src="//zeph.example/webminer.js?threads=2&wallet=${address}"></script>`, address],
}
const markupSilent: Record<string, string> = {
  'a captcha with a key': `<div class="h-captcha" data-sitekey="${key}" data-theme="dark"></div>`,
  'a thing of a shop with a digest': `<div class="card" data-key="${key}" data-hashes="2"></div>`,
  'a class after mining, and a digest': `<div id="mining-news" data-id="${key}">News</div>`,
  'a page about an account at a pool': `<a href="https://pool.example/miner?wallet=${address}">My miner</a>`,
  'a script that is given a key': `<script src="https://maps.example/api.js?key=${key}"></script>`,
  'a place named after its mine': `<iframe src="https://maps.example/mine?place=ChIJ"></iframe>`,
}
for (const [name, [html, account]] of Object.entries(markupFires))
  test(`suspects in markup: ${name}`, () => assert.deepEqual(accountsOf('', html), [account]))
for (const [name, html] of Object.entries(markupSilent)) test(`silent in markup: ${name}`, () => assert.deepEqual(accountsOf('', html), []))
test('a frame that a script makes for an account is suspected', () =>
  assert.deepEqual(
    accountsOf(`var f = document.createElement("iframe"); f.src = "https://zeph.example/mine?key=${key}"; document.body.append(f)`),
    [key],
  ))
