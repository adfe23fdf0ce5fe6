import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyContext } from '#derive/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { type ClientMarks, clientMarks } from './miner-code.ts'

const marksOf = (script: string): ClientMarks | null =>
  clientMarks(javascriptDeriver.derive(new TextEncoder().encode(script), emptyContext).features)

const decided: Record<string, [script: string, part: ClientMarks['part']]> = {
  'work of getwork, handed to a thread': [
    `function onWork(w) { var t = new Worker("/t.js"); t.postMessage({ midstate: hex(w.midstate), data: hex(w.data), hash1: hex(w.hash1), target: hex(w.target), nonce: 0 }); t.onmessage = function (e) { shown.hashrate = e.data.rate } }`,
    'client',
  ],
  'work of getwork, asked for in a text': [
    `function ask() { post("/", '{ "method": "getwork", "params": [], "id": 1 }', function (a) { job = { m: a.result.midstate, h: a.result.hash1, t: a.result.target, nonce: 0 } }) }`,
    'client',
  ],
  'a thread that searches the work of getwork': [
    `onmessage = function (e) { var w = e.data; for (var nonce = w.nonce; nonce < 4294967295; nonce++) { var h = sha256(w.hash1, sha256(w.midstate, nonce)); if (h[7] < w.target[7]) postMessage({ nonce: nonce }) } }`,
    'worker',
  ],
}
const pointed: Record<string, [script: string, part: ClientMarks['part']]> = {
  'threads that get ranges of counters': [
    `class Pool { startMiningOnBlock(block) { for (const t of this.threads) t.postMessage({ block, minNonce: t.from, maxNonce: t.to }) } grow() { this.threads.push(new Worker("/t.js")) } }`,
    'client',
  ],
  'a hash of coins, imported into a thread': [
    `import { randomx_create_vm } from "./lib.js"; self.onmessage = (e) => { const vm = randomx_create_vm(e.data); while (true) self.postMessage(vm.calculate("x")) }`,
    'binding',
  ],
  'glue of a module that is named after a hash of coins': [
    `var file = "randomx.wasm"; fetch(file).then(function (r) { return WebAssembly.instantiateStreaming(r, imports) })`,
    'binding',
  ],
  'a widget that steers whichever miner it is given': [
    `function Widget(m, box) { box.go.onclick = function () { m.start() }; box.more.onclick = function () { m.setNumThreads(m.getNumThreads() + 1) }; setInterval(function () { box.rate.textContent = m.getHashesPerSecond().toFixed(1); box.sum.textContent = m.getTotalHashes() }, 500) }`,
    'controls',
  ],
  'a socket, threads, a hash rate and who is paid': [
    `var s = new WebSocket(u); for (var i = 0; i < navigator.hardwareConcurrency; i++) pool.push(new Worker("w.js")); s.onopen = function () { s.send(JSON.stringify({ wallet: w })) }; setInterval(function () { box.hashrate = rate() }, 1000)`,
    'client',
  ],
}
const silent: Record<string, string> = {
  'a pool’s server in JavaScript': `const net = require("net"); net.createServer(function (c) { c.write(JSON.stringify({ job_id: id, blob: blob, target: target, seed_hash: s, result: r, nonce: n, extranonce: x, hashrate: h, shares: 1 })) }).listen(3333); var cn = cryptonight(blob)`,
  'a board of a pool': `fetch("/api/stats").then((r) => r.json()).then((s) => { box.hashrate = s.hashrate; box.miners = s.miners; box.pool = s.pool; box.difficulty = s.difficulty; var algos = ["cryptonight", "randomx", "equihash", "kawpow"] })`,
  'a board of a pool with live figures': `var s = new WebSocket("wss://pool.example/live"); s.onmessage = function (e) { var d = JSON.parse(e.data); box.hashrate = d.hashrate; box.shares = d.shares; box.wallet = d.wallet; box.workers = d.workers; box.algo = "randomx" }`,
  'a page of algorithms that also loads a module': `var coins = [{ algo: "RandomX" }, { algo: "yescryptR16" }, { algo: "Equihash 144,5" }]; WebAssembly.instantiateStreaming(fetch("chart.wasm"))`,
  'a captcha that shares out counters': `for (var i = 0; i < 4; i++) { var t = new Worker("/t.js"); t.postMessage({ challenge: c, salt: s, startNonce: i, difficulty: d, jobId: 1 }) }`,
  'a lesson on chains of blocks': `class Block { mineBlock(difficulty) { while (this.hash.substring(0, difficulty) !== "0".repeat(difficulty)) { this.nonce++; this.hash = this.calculateHash() } } } chain.startMining(); chain.difficulty = 4`,
  'a game of mining': `var game = { hashrate: 0, miners: 0, wallet: 0, startMining() { this.timer = setInterval(() => { this.wallet += this.hashrate }, 1000) } }; game.startMining()`,
  'what looks for miners': `if (typeof w.getHashesPerSecond === "function" && typeof w.getTotalHashes === "function" && w._siteKey) { w.stop(); tell("a miner") }`,
  'a form’s nonce and a job of a queue': `var job = { id: 1, nonce: csp, target: event.target, result: null }; queue.push(job); new Worker("q.js").postMessage(job)`,
  'a wallet that restores by blocks': `export class Wallet { sync(from) { this.daemon.getBlocks({ seed_hash: s, difficulty: d }).then((b) => this.scan(b)) } }`,
}

for (const [name, [script, part]] of Object.entries(decided))
  test(`decides: ${name}`, () => {
    const marks = marksOf(script)
    assert.deepEqual([marks?.part, marks?.decided], [part, true])
  })
for (const [name, [script, part]] of Object.entries(pointed))
  test(`points to it: ${name}`, () => {
    const marks = marksOf(script)
    assert.deepEqual([marks?.part, marks?.decided], [part, false])
  })
for (const [name, script] of Object.entries(silent)) test(`silent: ${name}`, () => assert.equal(marksOf(script), null))
