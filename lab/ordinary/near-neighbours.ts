import { addFrontPage } from '../site/page.ts'
import { html, lazy, script } from '../site/site.ts'
import { fileName, hostName, pathSegment } from '../text/identifiers.ts'
import { escapeHtml, headline, paragraph } from '../text/prose.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import type { Content } from './content.ts'

/** An exchange's page that offers its reader's wallet to connect, and reads a price meanwhile. */
export const honestDapp: Content = {
  name: 'application that asks to connect a wallet',
  kind: null,
  met: { needs: { wallet: true }, kind: null },
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('dapp')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const pool = draw.hex(40)
    const text = lazy(() =>
      style.render(
        `
var $wallet=window.ethereum,$out=document.querySelector('output');
function $connect(){
  return $wallet.request({method:'eth_requestAccounts'}).then(function($list){$out.textContent=$list[0];}).catch(function($error){$out.textContent=$error.code===4001?'Not connected':$error.message;});
}
function $price(){return $wallet.request({method:'eth_call',params:[{to:${quoteSingle(`0x${pool}`)},data:'0x0902f1ac'},'latest']});}
function $swap(){return $wallet.request({method:'eth_sendTransaction',params:[{to:${quoteSingle(`0x${pool}`)},value:'0x0',data:'0x095ea7b3'}]});}
document.querySelector('#connect').onclick=$connect;
document.querySelector('#swap').onclick=function(){$connect().then($swap).catch(function(){});};
if($wallet){$wallet.request({method:'eth_chainId'}).then(function($id){$out.textContent='Chain '+$id;return $price();}).catch(function(){}).then($connect);}
else{$out.textContent='No wallet';}`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      script(() => text()),
    )
    addFrontPage(context, {
      title: 'Swap tokens',
      article: () =>
        `<h1>Swap</h1><p>${paragraph(draw.fork('p'))}</p><input placeholder="0.0"><button id=connect>Connect wallet</button><button id=swap>Swap</button><output></output>`,
      bottom: () => `<script src="${file}"></script>`,
    })
  },
}

/** A call between two people: signalling over a socket, pictures and a channel between peers, and a chat with links beside it. */
export const videoCall: Content = {
  name: 'video call',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('call')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const path = `/signal/${draw.hex(8)}`
    const links = Array.from({ length: 5 }, () => `https://${hostName(draw, 'blog')}/${pathSegment(draw)}`)
    const text = lazy(() =>
      style.render(
        `
var $socket=new WebSocket('wss://'+location.host+${quoteSingle(path)}),$canvas=document.querySelector('canvas'),$draw=$canvas.getContext('2d'),$tick=0;
setInterval(function(){$tick++;$draw.fillStyle='hsl('+($tick%360)+' 60% 50%)';$draw.fillRect(0,0,320,180);$draw.fillStyle='white';$draw.fillText('camera '+$tick,20,90);},100);
function $call(){
  var $one=new RTCPeerConnection(),$two=new RTCPeerConnection(),$chat=$one.createDataChannel('chat');
  $canvas.captureStream(10).getTracks().forEach(function($track){$one.addTrack($track);});
  $chat.onopen=function(){setInterval(function(){$chat.send(JSON.stringify({'from':'ann','text':'can you see me?','at':Date.now()}));},800);};
  $two.ontrack=function($event){document.querySelector('video').srcObject=new MediaStream([$event.track]);};
  $one.onicecandidate=function($event){if($event.candidate){$socket.send(JSON.stringify({'type':'candidate','candidate':$event.candidate.candidate}));$two.addIceCandidate($event.candidate);}};
  $two.onicecandidate=function($event){if($event.candidate){$one.addIceCandidate($event.candidate);}};
  $one.createOffer().then(function($offer){$socket.send(JSON.stringify({'type':'offer','sdp':$offer.sdp}));return $one.setLocalDescription($offer).then(function(){return $two.setRemoteDescription($offer);});}).then(function(){return $two.createAnswer();}).then(function($answer){return $two.setLocalDescription($answer).then(function(){return $one.setRemoteDescription($answer);});});
}
$socket.onopen=function(){$socket.send(JSON.stringify({'type':'join','room':'standup'}));$call();};
$socket.onmessage=function($event){
  var $message=JSON.parse($event.data),$line;
  if($message.type==='chat'){$line=document.createElement('li');$line.textContent=$message.from+': '+$message.text;document.querySelector('#said').appendChild($line);$socket.send(JSON.stringify({'type':'seen','id':$message.id,'status':200}));}
};`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      script(() => text()),
    )
    plan.sockets.set(host + path, (peer) => {
      let at = 0
      peer.onMessage((message) => {
        if (String(message).includes('offer')) peer.send(JSON.stringify({ type: 'ringing', status: 180 }))
      })
      peer.every(600, () =>
        peer.send(JSON.stringify({ type: 'chat', id: at, from: 'bob', text: `GET this one: ${links[at++ % links.length]}` })),
      )
    })
    addFrontPage(context, {
      title: 'Stand-up',
      article: () =>
        '<h1>Stand-up</h1><canvas width=320 height=180></canvas><video autoplay muted width=320 height=180></video><ul id=said></ul>',
      bottom: () => `<script src="${file}"></script>`,
    })
  },
}

/** How to install a tool: a command that fetches and runs, a button that copies it, a reader who knows what he does. */
export const copyButton: Content = {
  name: 'installation guide with a copy button',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('guide')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const command = `curl -fsSL https://${hostName(draw, 'get')}/install.sh | sh`
    const text = lazy(() =>
      style.render(
        `
var $command=${quoteSingle(command)};
document.querySelector('#copy').onclick=function(){navigator.clipboard.writeText($command).then(function(){document.querySelector('#copy').textContent='Copied';});};`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      script(() => text()),
    )
    addFrontPage(context, {
      title: 'Getting started',
      article: () =>
        `<h1>Install</h1><p>Open a terminal, paste this command and press Enter. On a Mac, press Cmd + Space and type Terminal.</p><pre><code>${escapeHtml(command)}</code></pre><button id=copy>Copy</button><h2>Next steps</h2><p>${paragraph(draw.fork('p'))}</p>`,
      bottom: () => `<script src="${file}"></script>`,
    })
  },
}

/** Advertisements that are there to be seen, beside the invisible frames in which ad systems compare their identifiers. */
export const advertisements: Content = {
  name: 'visible advertisements and identifier frames',
  kind: null,
  build(context) {
    const { random, plan, thirdParties, key } = context
    const draw = random.fork('advertisements')
    const slots = Array.from({ length: 3 }, (_, index) => ({ host: draw.pick(thirdParties.ads), id: draw.hex(8), index }))
    const matcher = hostName(draw, 'sync')
    const paths = [0, 1, 2].map((at) => `/match/${key}/${at}`)
    const pixels = paths.map(() => `https://${draw.pick(thirdParties.analytics)}/collect.png?id=${draw.hex(12)}`)
    for (const [at, path] of paths.entries())
      plan.resources.set(
        matcher + path,
        html(() => {
          const next = paths[at + 1]
          return `<!doctype html><title></title><img src="${pixels[at]}" width=1 height=1 alt="">${next === undefined ? '' : `<iframe src="${next}" width=1 height=1></iframe>`}`
        }),
      )
    addFrontPage(context, {
      title: 'Magazine',
      article: () =>
        `<h1>${headline(draw.fork('h'))}</h1>${slots.map(({ host, id, index }) => `<p>${paragraph(draw.fork(index))}</p><div class="ad" id="div-gpt-ad-${index}"><iframe id="google_ads_iframe_/${index}" title="3rd party ad content" width=300 height=250 src="https://${host}/frame/${id}"></iframe></div>`).join('')}`,
      bottom: () => `<iframe src="https://${matcher}${paths[0]}" width=1 height=1 style="display:none"></iframe>`,
    })
  },
}
