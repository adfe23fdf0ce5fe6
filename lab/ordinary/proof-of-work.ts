import { createHash } from 'node:crypto'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { headline, paragraph } from '../text/prose.ts'
import { addFrontPage } from '../site/page.ts'
import { html, lazy, script } from '../site/site.ts'
import type { Content } from './content.ts'

/** A worker that finds the number whose SHA-256 under a salt is the challenge, or has leading zeros. It pays nobody. */
const workerTemplate = `
function $hex($b){return Array.from(new Uint8Array($b)).map(function($x){return ('0'+$x.toString(16)).slice(-2);}).join('');}
self.onmessage=function($e){
  var $d=$e.data;
  (function $step($n){
    crypto.subtle.digest('SHA-256',new TextEncoder().encode($d.salt+$n)).then(function($h){
      var $t=$hex($h);
      if($d.challenge?$t===$d.challenge:$t.slice(0,$d.difficulty)==='00000000'.slice(0,$d.difficulty)){self.postMessage({number:$n,hash:$t});}
      else if($n<$d.maxnumber){$step($n+1);}
    });
  })($d.start||0);
};`

export const captcha: Content = {
  name: 'proof-of-work captcha',
  kind: 'proof-of-work',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('captcha')
    const style = new ScriptStyle(draw.fork('style'))
    const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const widget = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const secret = draw.int(3000, 9000)
    const salt = `${draw.hex(24)}?expires=1999999999`
    const texts = lazy(() => ({
      worker: style.render(workerTemplate),
      widget: style.render(
        `
function $solve($box){
  fetch('/captcha/challenge').then(function($r){return $r.json();}).then(function($c){
    var $w=new Worker(${quoteSingle(worker)});
    $box.querySelector('label').textContent='Verifying…';
    $w.onmessage=function($e){
      fetch('/captcha/verify',{method:'POST',body:btoa(JSON.stringify({'algorithm':$c.algorithm,'challenge':$c.challenge,'number':$e.data.number,'salt':$c.salt,'signature':$c.signature}))}).then(function(){$box.querySelector('label').textContent='Verified';$w.terminate();});
    };
    $w.postMessage({salt:$c.salt,challenge:$c.challenge,maxnumber:$c.maxnumber});
  });
}
document.querySelectorAll('.captcha').forEach($solve);`,
        { isolate: true },
      ),
    }))
    plan.resources.set(
      host + worker,
      script(() => texts().worker),
    )
    plan.resources.set(
      host + widget,
      script(() => texts().widget),
    )
    plan.resources.set(`${host}/captcha/challenge`, {
      type: 'application/json',
      body: () =>
        JSON.stringify({
          algorithm: 'SHA-256',
          challenge: sha256Hex(`${salt}${secret}`),
          maxnumber: 20_000,
          salt,
          signature: draw.fork('signature').hex(64),
        }),
    })
    plan.resources.set(`${host}/captcha/verify`, { type: 'application/json', body: () => '{"verified":true}' })
    addFrontPage(context, {
      bottom: () =>
        `<form action="/contact" method="post"><input name="email" placeholder="E-mail"><textarea name="text"></textarea><div class="captcha" role="group"><input type="checkbox" id="c"><label for="c">I am not a robot</label></div><button>Send</button></form><script src="${widget}"></script>`,
    })
  },
}

/** A gate that lets through after some work: the cookie opens the page. `opens` false: it never does. */
function gateOf(name: string, opens: boolean): Content {
  return {
    name,
    kind: opens ? 'proof-of-work' : null,
    ...(opens
      ? {}
      : {
          expected: {
            reached: 'gate' as const,
            status: 'not-observed' as const,
            activity: null,
            consent: null,
            placement: null,
            exit: 2 as const,
          },
        }),
    build(context) {
      const { random, host, plan } = context
      const draw = random.fork('gate')
      const style = new ScriptStyle(draw.fork('style'))
      const worker = `/.within.website/x/${fileName(draw, 'js')}`
      const pass = draw.hex(32)
      const challenge = draw.hex(64)
      const texts = lazy(() => ({
        worker: style.render(workerTemplate),
        main: style.render(
          `
var $w=new Worker(${quoteSingle(worker)});
$w.onmessage=function($e){location.replace('/.within.website/pass?response='+$e.data.hash+'&nonce='+$e.data.number+'&redir='+encodeURIComponent(location.pathname));};
$w.postMessage({salt:${quoteSingle(challenge)},difficulty:${opens ? 3 : 8},maxnumber:1e9});`,
          { isolate: true },
        ),
      }))
      plan.resources.set(
        host + worker,
        script(() => texts().worker),
      )
      plan.resources.set(`${host}/.within.website/pass`, {
        status: 302,
        type: 'text/plain',
        headers: { location: '/', 'set-cookie': `pass=${pass}; Path=/; Secure; HttpOnly` },
        body: () => '',
      })
      addFrontPage(context, {})
      const content = plan.resources.get(`${host}/`)
      const gate = html(
        () =>
          `<!doctype html><html lang=en><head><meta charset=utf-8><title>Making sure you&#39;re not a bot!</title><meta name=robots content="noindex,nofollow"></head><body><main><h1>Making sure you&#39;re not a bot!</h1><p id=status>Calculating… Difficulty: ${opens ? 3 : 8}</p><details><summary>Why am I seeing this?</summary><p>You are seeing this because the administrator of this website has set up a proof-of-work check to protect the server against automated scraping. Please wait a moment while we ensure the security of your connection.</p></details></main><script>${texts().main}</script></body></html>`,
        { status: opens ? 200 : 403, headers: { 'cache-control': 'no-store' } },
      )
      plan.resources.set(`${host}/`, (request) => {
        if (opens && String(request.headers.cookie ?? '').includes(`pass=${pass}`) && content)
          return typeof content === 'function' ? content(request) : content
        return gate
      })
    },
  }
}

export const gate = gateOf('proof-of-work gate', true)
export const closedGate = gateOf('gate that stays closed', false)

export const loginWall: Content = {
  name: 'login wall',
  kind: null,
  expected: { reached: 'login', status: 'not-observed', activity: null, consent: null, placement: null, exit: 2 },
  build({ host, plan, random }) {
    const draw = random.fork('login')
    plan.resources.set(`${host}/`, { status: 302, type: 'text/plain', headers: { location: '/login?next=%2F' }, body: () => '' })
    plan.resources.set(
      `${host}/login`,
      html(
        () =>
          `<!doctype html><html lang=en><head><meta charset=utf-8><title>Sign in</title></head><body><main><h1>Sign in</h1><form method="post" action="/session"><label>E-mail <input type="email" name="email" autocomplete="username"></label><label>Password <input type="password" name="password" autocomplete="current-password"></label><input type="hidden" name="csrf" value="${draw.fork('csrf').hex(32)}"><button>Sign in</button></form><a href="/forgot">Forgot password?</a></main></body></html>`,
      ),
    )
  },
}

export const parked: Content = {
  name: 'parked name',
  kind: null,
  expected: { reached: 'parked' },
  build({ host, plan, random }) {
    const draw = random.fork('parked')
    plan.resources.set(
      `${host}/`,
      html(
        () =>
          `<!doctype html><html lang=en><head><meta charset=utf-8><title>${host} is for sale</title></head><body><h1>${host}</h1><p>This domain is parked. The domain ${host} is for sale! Buy this domain.</p><h2>Related searches</h2><ul>${['Car insurance', 'Cheap flights', 'Online degree', 'Web hosting'].map((text) => `<li><a href="/search?q=${encodeURIComponent(text)}&sid=${draw.fork(text).hex(8)}">${text}</a></li>`).join('')}</ul><footer>The sponsored listings displayed above are served automatically by a third party.</footer></body></html>`,
      ),
    )
  },
}

/** Nothing special: what most of the web is. */
export const plainPage: Content = { name: 'ordinary page', kind: null, build: (context) => addFrontPage(context, {}) }

export const bannerPage: Content = {
  name: 'ordinary page with a cookie banner',
  kind: null,
  build: (context) =>
    addFrontPage(context, { bottom: () => `<script src="https://${context.thirdParties.consent[0] ?? ''}/cmp.js"></script>` }),
}

/** A page in an old charset, sent slowly. */
export const oldCharset: Content = {
  name: 'old charset, slow body',
  kind: null,
  build({ host, plan, random }) {
    const prose = random.fork('old')
    plan.resources.set(`${host}/`, { status: 302, type: 'text/plain', headers: { location: `https://www.${host}/home` }, body: () => '' })
    plan.resources.set(`www.${host}/home`, {
      type: 'text/html; charset=windows-1251',
      pieces: { count: 6, pauseMs: 60 },
      encoding: 'none',
      // "Новости" and its like, as windows-1251 has them.
      body: () =>
        Buffer.concat([
          Buffer.from(`<html><head><title>`),
          Buffer.from([0xcd, 0xee, 0xe2, 0xee, 0xf1, 0xf2, 0xe8]),
          Buffer.from(`</title></head><body><h1>`),
          Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]),
          Buffer.from(
            `</h1><p>${headline(prose)} ${paragraph(prose)}</p><script charset="windows-1251" src="/js/a.js"></script></body></html>`,
          ),
        ]),
    })
    plan.resources.set(`www.${host}/js/a.js`, {
      type: 'application/javascript; charset=windows-1251',
      body: () => Buffer.concat([Buffer.from('document.title+=" | '), Buffer.from([0xec, 0xe8, 0xf0]), Buffer.from('";')]),
    })
  },
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
