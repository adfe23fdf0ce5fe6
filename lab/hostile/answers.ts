import { type Attack, page, raw, script, stream } from './attack.ts'

const octets = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, i) => (i * 31) % 256))
const html = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n'

/** What a server can answer with instead of a page. */
export const answerAttacks: readonly Attack[] = [
  { kind: 'endless redirect', name: 'redirects', page: (_, response) => void response.writeHead(302, { location: '/redirects' }).end() },
  {
    kind: 'endless redirect',
    name: 'redirects-on',
    page: (_, response) => void response.writeHead(302, { location: `/redirects-on?${Math.random()}` }).end(),
  },
  { kind: 'no answer', name: 'silent', page: () => undefined },
  {
    kind: 'no answer',
    name: 'drip',
    page: (message, response) => {
      const timer = setInterval(() => message.socket.write('H'), 200)
      response.on('close', () => clearInterval(timer))
    },
  },
  {
    kind: 'download',
    name: 'download',
    page: { type: 'application/octet-stream', headers: { 'content-disposition': 'attachment; filename=x.bin' }, body: () => 'x' },
  },
  {
    kind: 'download',
    name: 'downloads',
    page: script(
      'const more = () => { for (let i = 0; i < 50; i++) { const a = document.createElement("a"); a.href = "/file?" + i; a.download = "x" + i; a.click() } }; setInterval(more, 100)',
    ),
    more: {
      '/file': stream(
        { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' },
        () => Buffer.alloc(1 << 20),
        1024,
      ),
    },
  },
  { kind: 'invalid TLS', name: 'tls', page: page(''), fault: 'bad-certificate' },
  { kind: 'broken HTTP', name: 'reset', page: page(''), fault: 'connection-reset' },
  { kind: 'broken HTTP', name: 'no-http', page: raw(() => 'SSH-2.0-OpenSSH_9.6\r\n') },
  { kind: 'broken HTTP', name: 'headers', page: raw(() => `HTTP/1.1 200 OK\r\n${'X-Much: more\r\n'.repeat(200_000)}\r\nhello`) },
  {
    kind: 'broken HTTP',
    name: 'short',
    page: raw(() => `${html}Content-Length: 1000000\r\n\r\n<h1>A page that is cut off before the length that it promised</h1>`),
  },
  {
    kind: 'broken HTTP',
    name: 'chunks',
    page: raw(
      () => `${html}Transfer-Encoding: chunked\r\n\r\n33\r\n<h1>A page in pieces of which the second is none</h1>\r\nZZZ\r\nrubbish`,
    ),
  },
  {
    kind: 'broken HTTP',
    name: 'two-lengths',
    page: raw(() => `${html}Content-Length: 5\r\nContent-Length: 50\r\n\r\n<h1>A page with two lengths of which none is right</h1>`),
  },
  {
    kind: 'weird encoding',
    name: 'codings',
    page: raw(() => `${html}Content-Encoding: gzip, br, zstd, gzip\r\n\r\nnot any of them`),
  },
  {
    kind: 'weird encoding',
    name: 'charset',
    page: { type: 'text/html; charset=x-no-such', encoding: 'none', body: () => octets(200_000) },
  },
  {
    kind: 'weird encoding',
    name: 'utf16',
    page: {
      type: 'text/html; charset=utf-16',
      encoding: 'none',
      body: () => Buffer.from('\ufeff<h1>A page in two octets a letter \ud800 with half a pair in it</h1>', 'utf16le'),
    },
  },
  {
    kind: 'weird encoding',
    name: 'utf7',
    page: {
      type: 'text/html; charset=utf-7',
      body: () =>
        '<h1>A page in a charset that browsers no longer read: +ADw-script+AD4-document.title=+ACI-read as utf-7+ACI-+ADw-/script+AD4-</h1>',
    },
  },
]
