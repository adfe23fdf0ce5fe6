import { drawAccount } from '../accounts.ts'
import { addFrontPage } from '../site/page.ts'
import { script } from '../site/site.ts'
import { fileName, hostName, pathSegment } from '../text/identifiers.ts'
import { escapeHtml, paragraph } from '../text/prose.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import type { Content } from './content.ts'

/** A chat over a socket whose members talk about Stratum. */
export const chat: Content = {
  name: 'chat about Stratum',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('chat')
    const style = new ScriptStyle(draw.fork('style'))
    const path = `/rooms/${draw.hex(6)}`
    const lines = [
      'how does mining.subscribe work? my client gets no answer',
      'you send {"id":1,"method":"mining.subscribe","params":[]} and then mining.authorize',
      'and coinhive sent {"type":"auth","params":{"site_key":"…"}} back in the day',
      'the pool answers with a job, then you submit shares',
      'JOB,username,LOW is what duino used',
      'ok thanks, will read about login / job / submit',
    ]
    plan.sockets.set(host + path, (peer) => {
      let at = 0
      peer.onMessage((message) => peer.send(JSON.stringify({ event: 'ack', of: String(message).length })))
      peer.every(700, () => peer.send(JSON.stringify({ event: 'message', user: `user${at % 3}`, text: lines[at++ % lines.length] })))
    })
    addFrontPage(context, {
      title: 'Chat room',
      article: () => '<h1>#pool-operators</h1><ul id=room></ul><input placeholder="Say something">',
      bottom: () =>
        `<script>${style.render(
          `
var $s=new WebSocket('wss://'+location.host+${quoteSingle(path)});
$s.onopen=function(){$s.send(JSON.stringify({'event':'join','room':'pool-operators'}));$s.send(JSON.stringify({'event':'message','text':'has anybody a working mining.subscribe example?'}));};
$s.onmessage=function($e){var $m=JSON.parse($e.data),$l;if($m.text){$l=document.createElement('li');$l.textContent=$m.user+': '+$m.text;document.querySelector('#room').appendChild($l);}};`,
          { isolate: true },
        )}</script>`,
    })
  },
}

const snippet = (account: string): string => `<script src="https://coin-hive.example/lib/miner.min.js"></script>
<script>
  var miner = new CoinHive.Anonymous('${account}', { throttle: 0.3 });
  miner.start();
</script>`

/** An article that shows a miner's code to its readers. */
export const article: Content = {
  name: 'article quoting a miner',
  kind: null,
  build(context) {
    const draw = context.random.fork('article')
    const account = drawAccount('site-key-32', draw)
    addFrontPage(context, {
      title: 'How browser mining worked',
      article: () =>
        `<h1>How browser mining worked</h1><p>${paragraph(draw.fork(1))}</p><p>Sites added two lines:</p><pre><code>${escapeHtml(snippet(account))}</code></pre><p>The client then sent <code>{"type":"auth","params":{"site_key":"${account}"}}</code> to a pool over WebSocket; CryptoNight needs a scratchpad of 2 MiB (mask <code>0x1FFFF0</code>).</p><p>${paragraph(draw.fork(2))}</p>`,
    })
  },
}

/** A miner that was commented out, in markup and in a script. */
export const commentedOut: Content = {
  name: 'miner commented out',
  kind: null,
  build(context) {
    const draw = context.random.fork('comment')
    const host = hostName(draw, 'minerjs')
    const account = drawAccount('site-key-32', draw)
    addFrontPage(context, {
      bottom: () =>
        `<!-- removed after complaints: <script src="https://${host}/lib/m.min.js"></script><script>new Client.Anonymous('${account}').start();</script> -->\n<script>\n// var miner = new Client.Anonymous('${account}');\n/* miner.start(); */\nvar features = { comments: true };\n</script>`,
    })
  },
}

/** A miner's file lies on the server and the page names it where nothing loads it. */
export const disabled: Content = {
  name: 'disabled miner',
  kind: null,
  build(context) {
    const { plan, host, random } = context
    const draw = random.fork('disabled')
    const file = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const account = drawAccount('hex-64', draw)
    plan.resources.set(
      host + file,
      script(() => `var _client=new Client.Anonymous("${account}");_client.start();`),
    )
    addFrontPage(context, {
      bottom: () =>
        `<script type="text/plain" data-src="${file}">new Client.Anonymous("${account}").start()</script><noscript><p>Mining was switched off.</p></noscript><template><script src="${file}"></script></template>`,
    })
  },
}

/** A list of hosts to block, as ad blockers and companies publish them; loaded and searched by the page. */
export const blockList: Content = {
  name: 'block list of miners',
  kind: null,
  build(context) {
    const { plan, host, random } = context
    const draw = random.fork('block-list')
    const style = new ScriptStyle(draw.fork('style'), { strings: 'plain' })
    const path = `/${pathSegment(draw)}/${fileName(draw, 'txt')}`
    const names = [
      'coinhive.example',
      'coin-hive.example',
      'crypto-loot.example',
      'coinimp.example',
      'webmine.example',
      'minero.example',
      'jsecoin.example',
      'authedmine.example',
    ]
    plan.resources.set(host + path, {
      type: 'text/plain; charset=utf-8',
      body: () =>
        `! Miners\n${names.map((name) => `||${name}^$third-party`).join('\n')}\n||*/cryptonight.wasm\n||*/coinhive.min.js\nwss://*/proxy?coin=xmr\n`,
    })
    addFrontPage(context, {
      title: 'Block list against miners',
      article: () => `<h1>Block list</h1><p>Is a host on the list?</p><input id=q><output></output><pre>${names.join('\n')}</pre>`,
      bottom: () =>
        `<script>${style.render(
          `
var $rules=[];
fetch(${quoteSingle(path)}).then(function($r){return $r.text();}).then(function($t){$rules=$t.split('\\n').filter(function($l){return $l.indexOf('||')===0;});document.querySelector('output').textContent=$rules.length+' rules';});
document.querySelector('#q').oninput=function($e){document.querySelector('output').textContent=$rules.some(function($l){return $l.indexOf($e.target.value)>0;})?'listed':'not listed';};`,
          { isolate: true },
        )}</script>`,
    })
  },
}
