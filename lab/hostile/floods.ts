import { gzipSync } from 'node:zlib'
import { lazy } from '../site/site.ts'
import { type Attack, page, script, stream, text } from './attack.ts'

const megabyte = lazy(() => Buffer.alloc(1 << 20, 'x'))
/** 16 MiB of zeros in a member; decoders read members in a row as one. */
const bombMember = lazy(() => gzipSync(Buffer.alloc(16 << 20), { level: 9 }))
const bomb = stream({ 'content-type': 'text/html', 'content-encoding': 'gzip' }, bombMember, 640)
const codeLine = `${'var a=[1,2,3].map(function(x){return x^13});//padding'.padEnd(1023, '.')}\n`

/** What comes in numbers or sizes that no page needs. */
export const floodAttacks: readonly Attack[] = [
  {
    kind: 'large script',
    name: 'script50',
    page: page('<script src="/big.js"></script>'),
    more: { '/big.js': stream({ 'content-type': 'text/javascript' }, () => Buffer.from(codeLine), 50 * 1024) },
  },
  {
    kind: 'many requests',
    name: 'requests',
    page: script('for (let i = 0; i < 100000; i++) fetch("/r?" + i).catch(() => 0)'),
    more: { '/r': text('r') },
  },
  {
    kind: 'many sockets',
    name: 'sockets',
    page: script('self.all = []; for (let i = 0; i < 10000; i++) all.push(new WebSocket("wss://bad.lab/quiet?" + i))'),
    sockets: { '/quiet': () => undefined },
  },
  {
    kind: 'many sockets',
    name: 'frames-flood',
    page: script(
      'const ws = new WebSocket("wss://bad.lab/flood"); ws.onopen = () => { const say = () => { for (let i = 0; i < 20000; i++) ws.send("{\\"method\\":\\"mining\\"}" + i); setTimeout(say, 1) }; say() }',
    ),
    sockets: {
      '/flood': (peer) => {
        let left = 1_000_000
        peer.every(20, () => {
          for (let i = 0; i < 2_000 && left > 0; i++) peer.send(`{"id":${left--},"job":"flood"}`)
        })
      },
    },
  },
  {
    kind: 'many sockets',
    name: 'frame-huge',
    page: script('const ws = new WebSocket("wss://bad.lab/huge"); ws.onopen = () => ws.send("a".repeat(50000000))'),
    sockets: { '/huge': (peer) => peer.send(Buffer.alloc(50e6)) },
  },
  {
    kind: 'long body',
    name: 'body',
    page: script('fetch("/gigabyte").then((r) => r.arrayBuffer()).catch(() => 0)'),
    more: { '/gigabyte': stream({ 'content-type': 'application/octet-stream' }, megabyte, 1024) },
  },
  {
    kind: 'long body',
    name: 'endless',
    page: (message, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .write('<!doctype html><h1>A page that never comes to its end, however long one waits</h1>')
      const timer = setInterval(() => response.write('and more '), 100)
      message.on('close', () => clearInterval(timer))
      response.on('close', () => clearInterval(timer))
    },
  },
  {
    kind: 'long body',
    name: 'data50',
    page: script(
      'const f = document.createElement("iframe"); f.src = "data:text/html," + "x".repeat(50000000); document.body.append(f); fetch("data:text/plain," + "x".repeat(50000000)); const s = document.createElement("script"); s.src = "data:text/javascript,1//" + "x".repeat(20000000); document.body.append(s)',
    ),
  },
  { kind: 'zip bomb', name: 'bomb', page: bomb },
  {
    kind: 'zip bomb',
    name: 'bombs',
    page: script('fetch("/bomb-part").then((r) => r.text()).catch(() => 0)'),
    more: { '/bomb-part': bomb },
  },
  {
    kind: 'many programs',
    name: 'evals',
    page: script('let i = 0; setInterval(() => { for (let n = 0; n < 3000; n++) (0, eval)("var a" + i++ + "=1") }, 1)'),
  },
  {
    kind: 'many programs',
    name: 'evals-big',
    page: script('let i = 0; setInterval(() => { (0, eval)("var a" + i++ + "=\'" + "x".repeat(5000000) + "\'") }, 1)'),
  },
  {
    kind: 'many programs',
    name: 'modules',
    page: script(
      'let i = 0; setInterval(() => { for (let n = 0; n < 200; n++) { const b = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 0, 6, 1, 120, ...[24, 16, 8, 0].map((s) => (i >>> s) & 255)]); i++; new WebAssembly.Module(b) } }, 1)',
    ),
  },
  {
    kind: 'much storage',
    name: 'storage',
    page: script(
      'const put = (area, n) => { try { for (let i = 0; i < n; i++) area.setItem("k" + i, "v".repeat(10000)) } catch {} }; put(localStorage, 2000); put(sessionStorage, 2000); for (let i = 0; i < 3000; i++) document.cookie = "c" + i + "=" + "v".repeat(3900); const base = indexedDB; for (let i = 0; i < 500; i++) base.open("db" + i)',
    ),
  },
]
