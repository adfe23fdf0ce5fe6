import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyContext } from './deriver.ts'
import { javascriptDeriver } from './javascript/deriver.ts'
import { scriptSimilarity } from './javascript/similarity.ts'
import { parseJavaScript } from './javascript/tree.ts'
import { wasmDeriver } from './wasm/deriver.ts'
import { assemble } from './wasm/testing/text.ts'

const script = (source: string): string | null => {
  const parsed = parseJavaScript(source)
  assert.ok(parsed !== null, source)
  return scriptSimilarity(parsed)
}

const miner = `(function (w) {
  var threads = 4, account = '48abc', pools = ['wss://a.example/proxy'];
  function connect(at) {
    var socket = new WebSocket(pools[at % pools.length]);
    socket.onopen = function () { socket.send(JSON.stringify({ method: 'login', params: { login: account, pass: 'x' } })) };
    socket.onmessage = function (event) { w.work(JSON.parse(event.data).job, threads) };
    socket.onclose = function () { setTimeout(function () { connect(at + 1) }, 5000) };
  }
  connect(0);
})(window);`

const renamed = `(function(n){var t=9,o="49xyz",e=["wss://b.test/x","wss://c.test/y"];/* m */function i(r){var c=new WebSocket(e[r%e.length]);c.onopen=function(){c.send(JSON.stringify({m:"auth",p:{a:o,b:""}}))};c.onmessage=function(f){n.go(JSON.parse(f.data).j,t)};c.onclose=function(){setTimeout(function(){i(r+2)},-1)}}i(7)})(self)`

const other = `(function (w) {
  var worker = new Worker('w.js'), key = 'abc';
  worker.onmessage = function (event) {
    if (event.data.type === 'share') { fetch('/submit?key=' + key, { method: 'POST', body: event.data.nonce }) }
    else if (event.data.type === 'idle') { worker.postMessage({ job: w.jobs.shift() || null, threads: 2 * w.cores }) }
  };
  for (var i = 0; i < 3; i++) worker.postMessage({ job: null });
})(window);`

const scripts: Record<string, [a: string, b: string, equal: boolean]> = {
  'a copy with other names, another account, other hosts and no blanks': [miner, renamed, true],
  'one more in a list': [miner, miner.replace("['wss://a.example/proxy']", "['wss://a.example/proxy', 'wss://d.example/']"), true],
  'another miner': [miner, other, false],
  'a statement more': [miner, miner.replace('connect(0);', 'connect(0); w.started = true;'), false],
  'another operator': [miner, miner.replace('at + 1', 'at - 1'), false],
}
for (const [name, [a, b, equal]] of Object.entries(scripts))
  test(`scripts, ${equal ? 'equal' : 'different'}: ${name}`, () => {
    const [first, second] = [script(a), script(b)]
    assert.match(first ?? '', /^s1:[0-9a-f]{32}$/)
    assert.equal(first === second, equal)
  })

test('what anybody writes, and what is mostly text, has none', () => {
  assert.equal(script('var miner = new CoinHive.Anonymous("abc"); miner.start();'), null)
  const packed = (text: string) =>
    `eval(function(p,a,c,k){while(c--)if(k[c])p=p.replace(new RegExp('\\\\b'+c+'\\\\b','g'),k[c]);return p}('${text}',62,9,'${text}'.split('|')));var a=[b(c,d(e,f(g))),h(i,j(k,l(m)))]`
  assert.equal(script(packed('abc|'.repeat(200))), null)
  assert.notEqual(script(packed('abc|')), null)
})

test('the deriver has it for code with traits of a miner and for no other', () => {
  const of = (source: string) => javascriptDeriver.derive(new TextEncoder().encode(source), emptyContext).features.similarity
  assert.notEqual(of(`${miner} var hashesPerSecond = 1; w.job_id = 2`), null)
  const menu = `function open(a){var b=document.createElement("div");b.onclick=function(){if(a.open){a.close()}else{a.show(b,a.items.map(function(c){return c.name}))}};document.body.appendChild(b)}open({});`
  assert.equal(of(menu.repeat(3)), null)
})

const module = (o: { mask: string; data: string; name?: string; more?: string; imports?: string }): Promise<string | null> =>
  assemble(`(module ${o.imports ?? ''} (memory (export "${o.name ?? 'm'}") 2) (data (i32.const 8) "${o.data}")
    (func $turn (export "${o.name ?? 'm'}2") (param $a i64) (result i64) (local $n i32)
      (loop $again
        ${'(local.set $a (i64.xor (i64.rotl (local.get $a) (i64.const 7)) (i64.load offset=16 (i32.and (local.get $n) (i32.const MASK)))))'.replace('MASK', o.mask).repeat(6)}
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 524288))))
      ${o.more ?? ''} (local.get $a))
    (func (export "x") (result i64) (call $turn (i64.const 1))))`).then(
    (bytes) => wasmDeriver.derive(bytes, emptyContext).features.similarity,
  )

test('modules: equal with other constants, data, names and imports, different with another instruction', async () => {
  const first = await module({ mask: '2097136', data: 'abc' })
  assert.match(first ?? '', /^s1:[0-9a-f]{32}$/)
  assert.equal(await module({ mask: '16', data: 'another text', name: 'hash', imports: '(import "e" "f" (func))' }), first)
  assert.notEqual(await module({ mask: '2097136', data: 'abc', more: '(drop (i32.const 1))' }), first)
})

test('a module that breaks off has none', async () => {
  const bytes = await assemble(`(module (func ${'(drop (i32.const 1))'.repeat(100)}) (func (drop (i32.const 1))))`)
  assert.notEqual(wasmDeriver.derive(bytes, emptyContext).features.similarity, null)
  assert.equal(wasmDeriver.derive(bytes.subarray(0, bytes.length - 3), emptyContext).features.similarity, null)
})
