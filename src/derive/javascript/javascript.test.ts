import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deriveTree } from '#judge/derive-tree.ts'
import type { Derivation, DeriveContext } from '../deriver.ts'
import { emptyContext } from '../deriver.ts'
import { keccakRoundConstants } from '../known-constants.ts'
import { LiteralAutomaton } from './automaton.ts'
import { javascriptDeriver } from './deriver.ts'
import { emulate } from './emulator.ts'
import type { CallFeature, JavaScriptFeatures } from './features.ts'

const context: DeriveContext = { version: 'test', literals: ['Miner'], elements: [] }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const featuresOf = (text: string): JavaScriptFeatures => javascriptDeriver.derive(bytes(text), context).features

/** Calls of a derivation and of everything inside it. */
function callsIn(derivation: Derivation): CallFeature[] {
  const own = derivation.kind === 'javascript' && derivation.result.status === 'derived' ? derivation.result.features.calls : []
  return [...own, ...derivation.inner.flatMap(callsIn)]
}
const callsOf = (text: string): CallFeature[] => callsIn(deriveTree('javascript', bytes(text), context))

const packed = `eval(function(p,a,c,k,e,d){e=function(c){return c};if(!''.replace(/^/,String)){while(c--){d[c]=k[c]||c}k=[function(e){return d[e]}];e=function(){return'\\\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}return p}('1 0=2 3.4(\\'5\\');0.6();',7,7,'m|var|new|Miner|Anonymous|KEY|start'.split('|'),0,{}))`
const rotated = `const _0x1a=_0x3c;(function(_0x5,_0x6){const _0x7=_0x3c,_0x8=_0x5();while(!![]){try{const _0x9=parseInt(_0x7(0x1))/0x1+parseInt(_0x7(0x2))/0x2;if(_0x9===_0x6)break;else _0x8['push'](_0x8['shift']());}catch(_0xa){_0x8['push'](_0x8['shift']());}}}(_0x0,0xc));function _0x0(){const _0xb=['start','10abc','4x','Anonymous','KEY'];_0x0=function(){return _0xb;};return _0x0();}function _0x3c(a,b){const arr=_0x0();_0x3c=function(x,y){x=x-0x0;let r=arr[x];return r;};return _0x3c(a,b);}
document.addEventListener('DOMContentLoaded',function(){const m=new Miner[_0x1a(3)](_0x1a(4));m[_0x1a(0)]();});`

/** A function that nothing in the script calls, with a wrapper of its own around the decoder, and a condition that nobody knows. */
const uncalled = `${rotated.slice(0, rotated.indexOf('document.'))}
window.onOpen=function(_0xc){function _0xd(p,q){return _0x1a(q- -0x20,p);}const _0xe={k:-0x1d};if(_0xc.busy){_0xc[_0xd(0x9,-0x20)]();}else{const m=new Miner[_0xd(0x1,_0xe.k)](_0xd(0x3,-0x1c));m[_0xd(0x0,-0x20)]();}};`

const hidden = `${rotated.slice(0, rotated.indexOf('document.'))}
`
/** A function that silences the console by way of Function.prototype, and goes on. */
const silenced = `${hidden}(function(){function f(){}function d(p,q){return _0x1a(q- -0x20,p)}const o=f.constructor.prototype.bind(f);o.toString=console.log;window.onOpen=function(q){if(q.on){const m=new Miner[d(0x1,-0x1d)](d(0x3,-0x1c));m[d(0x0,-0x20)]()}else q.stop()}})()`
/** A wrapper makes two functions each time, thousands of times, before the function stands that nothing calls. */
const late = `${hidden}(function(){function dec(a){function pad(x){return x-2}function half(x){return pad(x)}return _0x1a(half(a))}
for(var i=0;i<2500;i++)dec(2);
window.onOpen=function(q){if(q.busy){q.stop()}else{const m=new Miner[dec(5)](dec(6));m[dec(2)]()}}})()`

const starts: Record<string, string> = {
  'behind a console that is silenced': silenced,
  'in a function that nothing calls, after a decoder that ran often': late,
  plainly: 'var m = new Miner.Anonymous("KEY"); m.start()',
  'under an alias': 'var w = window, M = w.Miner, x = new M.Anonymous("KEY"); x.start()',
  'in brackets': 'var m = new window["Mi" + "ner"]["Anony" + "mous"]("K" + "EY"); m["st" + "art"]()',
  'with escapes': 'var m = new window["\\x4d\\x69\\x6e\\x65\\x72"]["\\u0041nonymous"]("\\x4bEY"); m["\\x73tart"]()',
  'from char codes': 'var m = new window[String.fromCharCode(77,105,110,101,114)].Anonymous(String.fromCharCode(75,69,89)); m.start()',
  'in eval of base64': `eval(atob("${Buffer.from('var m = new Miner.Anonymous("KEY"); m.start()').toString('base64')}"))`,
  'in octets that TextDecoder reads': `eval(new TextDecoder().decode(new Uint8Array([${[...'var m = new Miner.Anonymous("KEY"); m.start()'].map((c) => c.charCodeAt(0)).join(',')}])))`,
  'in one long text, run by a function of a function': `[]["fil"+"ter"]["constructor"](window["at"+"ob"]("${Buffer.from('var m = new Miner.Anonymous("KEY"); m.start();' + 'void 0;'.repeat(600)).toString('base64')}"))()`,
  'in one long text, run by eval without its name': `(function(t){for(var r="",i=0,d=atob(t);i<d.length;i++)r+=d[i];(0,eval)(r)})("${Buffer.from('var m = new Miner.Anonymous("KEY"); m.start();' + 'void 0;'.repeat(600)).toString('base64')}")`,
  'in Function of a reversed string': `new Function("${[...'var m=new Miner.Anonymous(String.fromCharCode(75,69,89));m.start()'].reverse().join('')}".split("").reverse().join(""))()`,
  'in a packer': packed,
  'behind a rotated string array': rotated,
  'behind a wrapper, in a function that nothing calls': uncalled,
  'in a timer’s text': 'setTimeout("var m = new Miner.Anonymous(\'KEY\'); m.start()", 5000)',
  'in a script element’s text':
    'var s = document.createElement("script"); s.text = "var m = new Miner.Anonymous(\'KEY\'); m.start()"; document.body.appendChild(s)',
  'as a member': 'app.miner = new Miner.Anonymous("KEY"); app.miner.start()',
  'in a class': 'class A { constructor() { this.m = new Miner.Anonymous("KEY") } go() { this.m.start() } } new A().go()',
  chained: 'new Miner.Anonymous("KEY").start()',
}
for (const [name, text] of Object.entries(starts)) {
  test(`a start is seen ${name}`, () => {
    const calls = callsOf(text)
    const made = calls.find((call) => call.name === 'Miner.Anonymous')
    assert.equal(made?.arguments[0], 'KEY', JSON.stringify(calls))
    assert.ok(
      calls.some((call) => call.name === 'Miner.Anonymous().start'),
      JSON.stringify(calls),
    )
  })
}

const moments: Record<string, [string, string]> = {
  'at load': ['new Miner.Anonymous("K").start()', 'load'],
  'in an immediate function': ['(function () { new Miner.Anonymous("K").start() })()', 'load'],
  'when the document is ready': ['$(document).ready(function () { new Miner.Anonymous("K").start() })', 'load'],
  'in a click listener': [
    'document.getElementById("b").addEventListener("click", function () { new Miner.Anonymous("K").start() })',
    'event',
  ],
  'in a listener of any click': ['document.body.addEventListener("click", function () { new Miner.Anonymous("K").start() })', 'function'],
  'in jQuery’s listener of any click': ['$(document).on("click", function () { new Miner.Anonymous("K").start() })', 'function'],
  'in jQuery’s listener of an element’s': ['$(document).on("click", "#b", function () { new Miner.Anonymous("K").start() })', 'event'],
  'in a button of a framework': ['h("button", { onClick: () => { new Miner.Anonymous("K").start() } })', 'event'],
  'in jQuery’s click': ['$("#b").click(function () { new Miner.Anonymous("K").start() })', 'event'],
  'in onclick': ['b.onclick = function () { new Miner.Anonymous("K").start() }', 'event'],
  'behind a question of mining': ['if (confirm("May we mine Monero with your CPU?")) { new Miner.Anonymous("K").start() }', 'event'],
}
for (const [name, [text, moment]] of Object.entries(moments)) {
  test(`the moment of a start ${name}`, () =>
    assert.equal(callsOf(text).find((call) => call.name === 'Miner.Anonymous().start')?.moment, moment))
}

test('where functions are called or handed on is told, what only names them is not', () => {
  const { uses } = featuresOf(
    'function go() { new Miner.Anonymous("K").start() } var stop = function () {}; b.onclick = go; setTimeout(go, 9); function all() { stop() } x.go = 1',
  )
  assert.deepEqual(uses, [
    { name: 'go', moment: 'event', inside: null },
    { name: 'setTimeout', moment: 'load', inside: null },
    { name: 'go', moment: 'load', inside: null },
    { name: 'stop', moment: 'function', inside: 'all' },
  ])
})

const silent: Record<string, string> = {
  'a comment': '/* new Miner.Anonymous("KEY").start() */ var x = 1',
  'a string that is shown': 'document.title = "new Miner.Anonymous(1).start()"',
  'a regular expression': 'var r = /new Miner.Anonymous\\("KEY"\\).start\\(\\)/',
  'a local of the same name': 'var text = "Miner"; console.log(text)',
}
for (const [name, text] of Object.entries(silent)) {
  test(`no call in ${name}`, () =>
    assert.deepEqual(
      callsOf(text).filter((call) => call.name.startsWith('Miner.')),
      [],
    ))
}

test('a module in base64, hex and a list of octets comes out as an inner blob', () => {
  const module = Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), Buffer.alloc(120, 1)])
  for (const text of [
    `WebAssembly.instantiate(b("${module.toString('base64')}"))`,
    `var h = "${module.toString('hex')}"; WebAssembly`,
    `WebAssembly.compile(new Uint8Array([${[...module].join(', ')}]))`,
  ]) {
    const inner = javascriptDeriver.derive(bytes(text), context).inner
    assert.deepEqual(
      inner.map((blob) => [blob.kind, Buffer.from(blob.bytes).equals(module)]),
      [['wasm', true]],
      text.slice(0, 60),
    )
  }
})

test('a search for a nonce is seen, a plain loop is not', () => {
  assert.ok(
    featuresOf(
      'function work(job) { for (var nonce = 0; nonce < 1e9; nonce++) { var h = sha256(job.job_id + nonce); if (h < job.target) return nonce } }',
    ).nonceLoop,
  )
  assert.equal(featuresOf('for (var i = 0; i < list.length; i++) { if (list[i].nonce === x) show(list[i]) }').nonceLoop, null)
})

test('the emulator ends what never ends', () => {
  for (const text of [
    'while (true) {}',
    'function f() { f() } f()',
    'var s = "x"; for (;;) s += s',
    'var a = []; for (;;) a.push(a)',
    '(function g(x) { return g([x]) })(1)',
  ]) {
    const started = performance.now()
    emulate(text, 300_000)
    assert.ok(performance.now() - started < 10_000, text)
  }
})

/** The decoder that obfuscators write for RC4 over base64: some 6,000 steps for a word. */
const rc4Decoder = `function _0xb(t){var a='abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=',o='',p='';for(var c=0,v,h,i=0;h=t.charAt(i++);~h&&(v=c%4?v*64+h:h,c++%4)?o+=String.fromCharCode(255&v>>(-2*c&6)):0){h=a.indexOf(h)}for(var k=0;k<o.length;k++){p+='%'+('00'+o.charCodeAt(k).toString(16)).slice(-2)}return decodeURIComponent(p)}
function _0xd(t,key){var s=[],j=0,x,out='';t=_0xb(t);for(var i=0;i<256;i++){s[i]=i}for(i=0;i<256;i++){j=(j+s[i]+key.charCodeAt(i%key.length))%256;x=s[i];s[i]=s[j];s[j]=x}i=0;j=0;for(var y=0;y<t.length;y++){i=(i+1)%256;j=(j+s[i])%256;x=s[i];s[i]=s[j];s[j]=x;out+=String.fromCharCode(t.charCodeAt(y)^s[(s[i]+s[j])%256])}return out}`

test('a decoder that gives what RC4 gives is not run step by step for each word', () => {
  const words = 'W43cJ0RdOa,WQr4WPZdRSk2,WRNcHmk4W6O'
  const text = `${rc4Decoder};var out=[];for(var n=0;n<400;n++){'${words}'.split(',').forEach(function(w){out.push(_0xd(w,'k'+n))})}take(out.length,_0xd('${words.slice(0, 10)}','k1'))`
  const slow = emulate(text.replace('function _0xd(t,key){', 'function _0xd(t,key,more){if(n%2)return _0xb(t);'), 1_500_000)
  const quick = emulate(text, 1_500_000)
  assert.equal(slow.exhausted, true)
  assert.equal(quick.exhausted, false)
  // The first words are decoded by the script itself: the last one again by the shortcut has to agree with them.
  const [first] = emulate(`${rc4Decoder};take(_0xd('${words.slice(0, 10)}','k1'))`, 1_500_000).calls
  assert.equal(quick.calls.at(-1)?.values[1], first?.values[0])
})

test('a function that gives other texts than a known decoder is run each time', () => {
  const { calls } = emulate(
    `function _0xd(t){return t.split('').reverse().join('')};_0xd('abcdefgh');_0xd('bcdefghi');_0xd('cdefghij');take(_0xd('defghijk'))`,
  )
  assert.equal(calls.at(-1)?.values[0], 'kjihgfed')
})

/** What scripts in six characters take their letters from: the texts that every browser gives. */
const texts: Record<string, [expression: string, value: string | number]> = {
  'a list of one, as a number': ['[+[false]] + ""', 'NaN'],
  'a number in a base that is a text': ['(1130144)["to" + String["name"]]("34") + "t"', 'split'],
  'a function of the language': ['"" + String', 'function String() { [native code] }'],
  'a method': ['[]["flat"] + ""', 'function flat() { [native code] }'],
  'what Function makes': ['Function("a", "return 1") + ""', 'function anonymous(a\n) {\nreturn 1\n}'],
  'a function inside of what Function makes': ['Function("return function b ( ) { }")() + ""', 'function b ( ) { }'],
  'a function of the script': ['(function c ( ) { }) + ""', 'function c ( ) { }'],
}
for (const [name, [expression, value]] of Object.entries(texts))
  test(`the emulator has the text of ${name}`, () => assert.equal(emulate(`take(${expression})`).calls.at(-1)?.values[0], value))

test('a long sum is read in one pass', () => {
  const terms = Array.from({ length: 6_000 }, (_, at) => `f${at % 7}[${at}]`).join('+')
  const started = performance.now()
  featuresOf(`var job_id, nonce; send(${terms})`)
  assert.ok(performance.now() - started < 5_000)
})

test('the emulator reaches nothing of the host', () => {
  const { calls, code } = emulate(
    'var p = this.constructor.constructor("return process")(); p.exit(7); [].constructor.constructor("return globalThis.process.exit(8)")(); ({}).__proto__.polluted = 1',
  )
  assert.ok(calls.some((call) => call.name.endsWith('exit')) || code.length >= 0)
  assert.equal(({} as { polluted?: number }).polluted, undefined)
})

test('the automaton counts literals as a plain search does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 200 }),
      (literals, text) => {
        const unique = [...new Set(literals)]
        const found = new LiteralAutomaton(unique).scan(bytes(text))
        for (const literal of unique) {
          let count = 0
          for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) count++
          assert.equal(found.get(literal) ?? 0, count)
        }
      },
    ),
  )
})

test('any text is read without a fault, in bounded time', () => {
  const fragment = fc.constantFrom(
    'eval(',
    'atob("AAAA")',
    'function f(){',
    '}',
    'while(1){',
    'for(;;)',
    '"\\x41"',
    '`${',
    'new Worker',
    '[',
    ']',
    '(',
    ')',
    'try{',
    'catch(e){',
    'throw 1;',
    'a=>a',
    'class A{',
    'x.y',
    '=',
    '+',
    ';',
    '/',
    'return',
    'await',
    '_0x',
    'String.fromCharCode(',
    '99,',
    "'.split('|')",
    'Function(',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 400 }),
        fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(' ')),
      ),
      (text) => ['derived', 'failed'].includes(deriveTree('javascript', bytes(text), context).result.status),
    ),
    { numRuns: 400 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => (javascriptDeriver.derive(octets, emptyContext), true)),
    { numRuns: 200 },
  )
})

test('deep nesting is a typed failure, or no JavaScript', () => {
  for (const text of [
    `cryptonight(${'['.repeat(200_000)}`,
    `cryptonight(${'['.repeat(50_000)}${']'.repeat(50_000)})`,
    `cryptonight(${'x => '.repeat(50_000)}1)`,
  ]) {
    const derivation = deriveTree('javascript', bytes(text), context)
    if (derivation.result.status === 'failed') assert.equal(derivation.result.error.code, 'DERIVATION_FAILED')
    else assert.ok(derivation.kind === 'javascript' && derivation.result.features.level !== 'triaged')
  }
})

test('a list that is joined to itself again and again runs out of steps, not of memory', () => {
  const before = process.memoryUsage().heapUsed
  for (const text of [
    'var a=["x"];for(var i=0;i<60;i++)a=a.concat(a);eval(a.join(""))',
    'var a=[];for(;;){a.push(a.concat(a))}',
    'var a=[1];for(;;){a=[a,a,a].flat()}',
  ])
    assert.equal(javascriptDeriver.derive(bytes(`${text};var m=new Miner("k")`), context).features.literals.includes('Miner'), true)
  assert.ok(process.memoryUsage().heapUsed - before < 400e6)
})

const round = 'x[4] ^= u << 7 | u >>> 25; x[8] ^= v << 9 | v >>> 23; x[12] ^= w << 13 | w >>> 19; x[0] ^= z << 18 | z >>> 14; '
const sha256Start = '[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c]'
const walk = 'p = q[1048560 & a] ^ q[b & 1048560]; var pad = new Uint8Array(1048576); '
const halves = 'm = (a & 65535) * (b >>> 16) + (a >>> 16) * (b & 65535); '
const familiesIn: Record<string, [text: string, families: string[]]> = {
  'Salsa20/8 in place, a walk over 1,024 rows': [`${round.repeat(4)} j = x[16] & 1023`, ['scrypt']],
  'Salsa20/8 by a function that turns, and SHA-256': [
    `${'x4 ^= R(x0, 7); x8 ^= R(x4, 9); x12 ^= R(x8, 13); x0 ^= R(x12, 18); '.repeat(4)} var k = ${sha256Start}; nonce`,
    ['scrypt'],
  ],
  'Salsa20 as a cipher': [`${round.repeat(4)} j = x[16] & 1023; s = 0x61707865`, []],
  'turns of other words': [
    `${'x ^= u << 7 | v >>> 25; x ^= u << 9 | v >>> 23; x ^= u << 13 | v >>> 19; x ^= u << 18 | v >>> 14;'.repeat(4)} x & 1023`,
    [],
  ],
  'CryptoNight whose tables are made at run time': [`${walk + halves} s = s ^ 99; t = t & 128 ? t << 1 ^ 283 : t << 1`, ['cryptonight']],
  'a machine with a megabyte': [`${walk + halves} s = t & 7`, []],
}
for (const [name, [text, families]] of Object.entries(familiesIn)) {
  test(`families in ${name}: ${families.join(', ') || 'none of a coin'}`, () => {
    const { cores } = featuresOf(`var job_id, nonce; function f(x, q, a, b) { ${text} }`)
    assert.deepEqual(
      cores.map(({ family }) => family).filter((family) => /scrypt|cryptonight/.test(family)),
      families,
    )
    assert.ok(cores.every(({ purpose }) => purpose === 'hash-function'))
  })
}

const hashesNamed: Record<string, [text: string, families: string[]]> = {
  'the round constants of Keccak in halves': [
    `var rounds = [${keccakRoundConstants.flatMap((constant) => [Number(constant & 0xffffffffn), Number(constant >> 32n)]).join(', ')}]; exports.keccak256 = f`,
    ['keccak'],
  ],
  'the same as whole numbers': [
    `const rounds = [${keccakRoundConstants.map((constant) => `${constant}n`).join(', ')}]; export const keccak256 = f`,
    ['keccak'],
  ],
  'masks and powers of two': [`var masks = [32768, 65535, 2147483648, 4294967295, 32771, 32906]; exports.sha256 = f`, []],
  'a shader that holds its start': [
    `var shader = "#version 300 es\\nprecision highp float; uint k[16] = uint[](0xF3BCC908u, 0x6A09E667u, 0x84CAA73Bu, 0xBB67AE85u, 0xFE94F82Bu, 0x3C6EF372u, 0x5F1D36F1u, 0xA54FF53Au, 0xADE682D1u, 0x510E527Fu, 0x2B3E6C1Fu, 0x9B05688Cu, 0xFB41BD6Bu, 0x1F83D9ABu); out vec4 o; void main() { o = vec4(0); }"; gl.shaderSource(s, shader)`,
    // Its upper halves are SHA-256's start.
    ['sha256', 'blake2b'],
  ],
}
for (const [name, [text, families]] of Object.entries(hashesNamed))
  test(`a hash library is named by ${name}: ${families.join(', ') || 'none'}`, () =>
    assert.deepEqual(
      featuresOf(text).cores.map(({ family, purpose }) => (purpose === 'hash-function' ? family : purpose)),
      families,
    ))

test('a constant that is split is read as what comes out of it', () => {
  const words = [0x6a09e667, 0x3b67ae85, 0x3c6ef372, 0x254ff53a, 0x510e527f, 0x1b05688c, 0x1f83d9ab, 0x5be0cd19]
  const split = featuresOf(`var job_id = [${words.map((word) => `${word ^ 0x5a5a5a5a} ^ 0x5a5a5a5a`).join(', ')}]`).cores
  assert.deepEqual(
    split.map(({ family }) => family),
    ['sha256'],
  )
})

const lists: Record<string, [text: string, roles: string[]]> = {
  'fields from a list of strings, whose name is a scalar’s elsewhere': [
    'var e=["job_id","nonce","result"];function w(){var e=1;e=2;return e}function s(a,b,c){send({[e[0]]:a,[e[1]]:b,[e[2]]:c})}',
    ['submit'],
  ],
  'a list of the same name in two functions says nothing': [
    'function a(){var e=["job_id","nonce","result"];return e}function b(){var e=["x","y","z"];send({[e[0]]:1,[e[1]]:2,[e[2]]:3})}',
    [],
  ],
  'an index outside the list': ['var e=["job_id","nonce"];send({[e[0]]:1,[e[1]]:2,[e[2]]:3})', []],
}
for (const [name, [text, roles]] of Object.entries(lists))
  test(`a dialogue: ${name}`, () =>
    assert.deepEqual(
      featuresOf(text).dialogue.map(({ role }) => role),
      roles,
    ))

const wasteful: Record<string, string> = {
  'a long text that is searched again and again': "var s = 'ab'.repeat(4e6); for (var i = 0; i < 2e5; i++) s.indexOf('zz')",
  'the same made large': "var s = 'ab'.repeat(4e6); for (var i = 0; i < 2e5; i++) s.toUpperCase()",
  'the same encoded': "var s = 'ab'.repeat(4e6); for (var i = 0; i < 2e5; i++) btoa(s)",
  'long lists that are made': 'for (var i = 0; i < 2e5; i++) new Array(4e5)',
  'names of a long list': 'var a = new Array(4e5); for (var i = 0; i < 2e5; i++) Object.keys(a)',
}
for (const [name, source] of Object.entries(wasteful))
  test(`a function of the host costs what it reads: ${name}`, () => assert.equal(emulate(source).exhausted, true))
