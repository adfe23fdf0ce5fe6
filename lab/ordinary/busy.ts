import { addFrontPage } from '../site/page.ts'
import { html, lazy, script } from '../site/site.ts'
import { fillerScript } from '../text/filler.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { headline, paragraph } from '../text/prose.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import type { Content } from './content.ts'

/** A single-page application that renders, fetches and streams prices over a socket, with a worker that sorts. */
export const busyApplication: Content = {
  name: 'busy application',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('spa')
    const style = new ScriptStyle(draw.fork('style'))
    const bundle = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const socket = `/stream/${draw.hex(5)}`
    const texts = lazy(() => ({
      worker: style.render(
        `self.onmessage=function($e){var $r=$e.data.slice().sort(function($a,$b){return $b.price-$a.price;});self.postMessage($r.slice(0,20));};`,
      ),
      main: style.render(
        `
var $w=new Worker(${quoteSingle(worker)}),$rows=[],$s=new WebSocket('wss://'+location.host+${quoteSingle(socket)});
$s.onopen=function(){$s.send(JSON.stringify({'op':'subscribe','args':['ticker.all']}));};
$s.onmessage=function($e){var $m=JSON.parse($e.data);$rows=$rows.concat($m.data||[]).slice(-400);$w.postMessage($rows);};
$w.onmessage=function($e){document.querySelector('tbody').innerHTML=$e.data.map(function($r){return '<tr><td>'+$r.symbol+'</td><td>'+$r.price+'</td></tr>';}).join('');};
setInterval(function(){fetch('/api/news?'+Date.now()).then(function($r){return $r.json();}).then(function($j){document.querySelector('aside').textContent=$j.title;});},900);
history.pushState({},'','/');`,
        { isolate: true },
      ),
    }))
    plan.resources.set(
      host + bundle,
      script(() => fillerScript(draw.fork('bundle'), 400_000) + texts().main),
    )
    plan.resources.set(
      host + worker,
      script(() => texts().worker),
    )
    plan.resources.set(`${host}/api/news`, { type: 'application/json', body: () => JSON.stringify({ title: headline(draw.fork('news')) }) })
    plan.sockets.set(host + socket, (peer) => {
      let tick = 0
      peer.onMessage(() => peer.send(JSON.stringify({ op: 'subscribed', channel: 'ticker.all' })))
      peer.every(150, () =>
        peer.send(
          JSON.stringify({
            channel: 'ticker.all',
            data: Array.from({ length: 8 }, (_, i) => ({ symbol: `S${i}`, price: 100 + ((tick++ * 37) % 50) })),
          }),
        ),
      )
    })
    addFrontPage(context, {
      title: 'Markets',
      article: () => '<h1>Markets</h1><table><tbody></tbody></table><aside></aside>',
      bottom: () => `<script src="${bundle}"></script>`,
    })
  },
}

/** A news page with many ads, frames, trackers and pictures. */
export const newsPage: Content = {
  name: 'ad-heavy news page',
  kind: null,
  build(context) {
    const { random, thirdParties } = context
    const draw = random.fork('news')
    const slots = Array.from({ length: 5 }, (_, index) => ({ host: draw.pick(thirdParties.ads), id: draw.hex(8), index }))
    const trackers = Array.from(
      { length: 6 },
      () => `https://${draw.pick([...thirdParties.tags, ...thirdParties.cdn, ...thirdParties.analytics])}/t/${fileName(draw, 'js')}`,
    )
    addFrontPage(context, {
      title: 'Daily news',
      head: () => trackers.map((url) => `<script async src="${url}"></script>`).join(''),
      article: () =>
        `<h1>${headline(draw.fork('h'))}</h1>${slots.map(({ host, id, index }) => `<p>${paragraph(draw.fork(index))}</p><div class="ad" id="div-gpt-ad-${index}"><iframe id="google_ads_iframe_/${index}" title="3rd party ad content" width=300 height=250 src="https://${host}/frame/${id}"></iframe></div>`).join('')}`,
      bottom: () => `<script src="https://${thirdParties.consent[0] ?? ''}/cmp.js"></script>`,
    })
  },
}

/** An editor: a socket that stays open and a worker that waits. */
export const collaboration: Content = {
  name: 'socket and idle worker',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('editor')
    const style = new ScriptStyle(draw.fork('style'))
    const socket = `/doc/${draw.hex(8)}`
    plan.resources.set(
      `${host}/preview`,
      html(() => `<!doctype html><title>Preview</title><p>${paragraph(draw.fork('preview'))}</p>`),
    )
    plan.sockets.set(host + socket, (peer) => {
      peer.onMessage((message) => peer.send(message))
      peer.every(500, () => peer.send(JSON.stringify({ t: 'presence', users: 2 })))
    })
    addFrontPage(context, {
      title: 'Shared document',
      article: () => '<h1>Minutes</h1><textarea rows=10 cols=60></textarea><iframe src="/preview" width=400 height=120></iframe>',
      bottom: () =>
        `<script>${style.render(
          `
var $w=new Worker(URL.createObjectURL(new Blob(['onmessage=function(e){postMessage(e.data.length)}']))),$s=new WebSocket('wss://'+location.host+${quoteSingle(socket)});
$s.onopen=function(){$s.send(JSON.stringify({'t':'open','doc':'minutes'}));};
document.querySelector('textarea').oninput=function($e){$w.postMessage($e.target.value);$s.send(JSON.stringify({'t':'edit','text':$e.target.value}));};
$w.postMessage('ready');`,
          { isolate: true },
        )}</script>`,
    })
  },
}
