import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete } from '#model/collection.ts'
import { sha256 } from '#model/digest.ts'
import { emptyContext } from '#derive/deriver.ts'
import { htmlDeriver } from '#derive/html/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { conditionsWith } from '../../../test/conditions.ts'
import type { Derived, DetectorInput } from '../contract.ts'
import { detector } from './miner-page.ts'

const page = 'https://shop.example/'

function artifactOf(id: string, kind: 'dom' | 'script', url: string): Derived['artifacts'] {
  return [{ id, kind, url, targetId: null, frameId: null }]
}

/** A document as it was saved, with the scripts that were saved beside it. */
function findingsOf(html: string, scripts: Record<string, string> = {}): ReturnType<typeof detector.detect> {
  const bytes = new TextEncoder().encode(html)
  const input: DetectorInput<'script', 'html' | 'javascript'> = {
    captureId: sha256(bytes),
    url: page,
    finalUrl: page,
    reached: 'content',
    conditions: conditionsWith({ lane: 'archive' }),
    artifacts: { script: complete([]) },
    features: {
      html: [
        {
          digest: sha256(bytes),
          size: bytes.length,
          artifacts: artifactOf('dom-1', 'dom', page),
          within: [],
          runs: true,
          features: htmlDeriver.derive(bytes, emptyContext).features,
        },
      ],
      javascript: Object.entries(scripts).map(([path, text], at) => ({
        digest: sha256(new TextEncoder().encode(text)),
        size: text.length,
        artifacts: artifactOf(`script-${at}`, 'script', new URL(path, page).href),
        within: [],
        runs: true,
        features: javascriptDeriver.derive(new TextEncoder().encode(text), emptyContext).features,
      })),
    },
    signatures: [],
    blockLists: null,
    findings: [],
  }
  return detector.detect(input)
}

const form = `<input id="poolUrl" placeholder="wss://pool.example/"><input name="walletAddress"><select id="threads"><option>1</option></select>`
const buttons = '<button id="go">▶ Start Mining</button><button id="halt">Stop Mining</button>'
const shown = '<p>Speed: <span id="hashrate">0</span> H/s</p>'
const head = '<title>My Web Miner</title>'

const fires: Record<string, [string, Record<string, string>?]> = {
  'a miner’s own page whose script was not saved': [
    `${head}<h1>Mine with me</h1>${form}${buttons}${shown}<script src="miner.js"></script>`,
  ],
  'the same with a script that starts workers': [
    `${head}${form}${buttons}${shown}<script src="app.js"></script>`,
    { 'app.js': 'document.querySelector("#go").onclick = function () { new Worker("work.js").postMessage(1) }' },
  ],
  'one that names no pool': [
    `<h1>Browser Miner</h1><input type="range" id="throttle"><button>Start</button><button>Stop</button><div>0 hashes/s</div><script src="/x.js"></script>`,
  ],
}
fires['one with a single button, a link to nowhere'] = [
  `${head}${form}<a href="#" class="btn">Start mining</a>${shown}<script src="/x.js"></script>`,
]
fires['one whose script is named after a miner, with threads to choose'] = [
  `<h1>Support us</h1><select id="numThreads"><option>4</option></select><button>Go</button><script src="lib/xmr-miner.min.js?v=3"></script>`,
]
fires['one that starts what its absent script defines'] = [
  `<p>Hashes computed: <b id="totalhashes">0</b></p><input id="wallet" placeholder="Monero address"><script src="a.js"></script>`,
  { 'in.js': 'startMining("pool.example", document.getElementById("wallet").value, "x", 2)' },
]
fires['one that makes frames of the miner’s own page'] = [
  `<title>Multi-Miner</title><input id="wallet"><input id="pool"><button onclick="startAll()">Start miners</button><button onclick="stopAll()">Stop miners</button>`,
  {
    'in.js':
      'function startAll() { var f = document.createElement("iframe"); f.src = `web-miner.html?wallet=${wallet.value}`; box.append(f) }',
  },
]
const silent: Record<string, [string, Record<string, string>?]> = {
  'a game whose script is named after its hero': [
    `<title>Gold Miner</title><canvas></canvas><button>Start</button><button>Stop</button><p>Gold: 0</p><script src="js/miner.js"></script>`,
  ],
  'a game of coins with a hash rate, which starts its own': [
    `<title>Idle Miner</title><button>Start mining</button><p>Hashrate: 0 H/s</p><script src="game.js"></script>`,
    { 'in.js': 'function startMining() { setInterval(tick, 1000) } startMining()' },
  ],
  'a calculator with a script that is named after mining': [
    `<title>Mining calculator</title><input id="hashrate" placeholder="Hash rate"><button>Calculate</button><script src="mining-calculator.js"></script>`,
  ],
  'an article about miners': [
    '<title>The best web miner of 2018</title><p>Press Start Mining, then Stop Mining. Threads, pool, wallet, hash rate.</p><a href="/start">Start mining</a><script src="a.js"></script>',
  ],
  'a pool’s board': [
    `<title>Coin Miner Pool</title><h1>Pool hashrate 4 GH/s</h1><input name="wallet" placeholder="Your wallet address"><button>Look up</button><a href="/how">Start mining</a><script src="board.js"></script>`,
  ],
  'a pool’s board with a link to its guide': [
    `<title>Coin Miner Pool</title><input name="wallet" placeholder="Your wallet address"><input id="pool"><a href="/how">Start mining</a>${shown}<script src="board.js"></script>`,
  ],
  'a calculator of what mining earns': [
    '<title>CPU mining calculator</title><input id="hashrate"><input id="pool_fee"><button>Calculate</button><script src="calc.js"></script>',
  ],
  'a recorder that starts and stops': [
    '<title>Voice recorder</title><input id="threads"><input id="pool"><button>Start</button><button>Stop</button><script src="a.js"></script>',
  ],
  'a board that steers machines elsewhere, all of its code at hand': [
    `${head}${form}${buttons}${shown}<script src="rigs.js"></script>`,
    { 'rigs.js': 'document.querySelector("#go").onclick = function () { fetch("/api/rigs/start", { method: "POST" }) }' },
  ],
  'a page that shows the code of one': [
    `<title>How to write a web miner</title><pre>&lt;input id="wallet"&gt;&lt;button&gt;Start Mining&lt;/button&gt;</pre><script src="a.js"></script>`,
  ],
}
for (const [name, [html, scripts]] of Object.entries(fires))
  test(`suspects: ${name}`, () => {
    const findings = findingsOf(html, scripts)
    assert.equal(findings.length, 1)
    assert.equal(findings[0]?.weight, 'suspicion')
    assert.ok(findings[0].evidence.length >= 2)
  })
for (const [name, [html, scripts]] of Object.entries(silent)) test(`silent: ${name}`, () => assert.deepEqual(findingsOf(html, scripts), []))

test('the algorithm is told where short texts name one, and only one', () => {
  const scripts = '<script src="m.js"></script>'
  const choose = (options: string): string => `${head}${form}${buttons}<select>${options}</select>${scripts}`
  assert.equal(findingsOf(choose('<option>yescryptR16</option>'))[0]?.family, 'yescrypt')
  assert.equal(findingsOf(choose('<option>yescrypt</option><option>randomx</option>'))[0]?.family, null)
})
