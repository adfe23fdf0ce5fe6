import { aes } from '../cores/aes.ts'
import { sha256 } from '../cores/sha256.ts'
import { Assembly, load32 } from '../machine/program.ts'
import { addFrontPage } from '../site/page.ts'
import { lazy, script, wasm } from '../site/site.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { type Content, smallModule } from './content.ts'

/** A messenger that encrypts from end to end: short binary messages both ways over a socket, a cipher and a hash in a module of its own. */
export const encryptedChat: Content = {
  name: 'encrypted chat over a socket',
  kind: 'crypto-library',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('encrypted-chat')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
    const app = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const path = `/relay/${draw.hex(8)}`
    const exportName = draw.text(5, 'abcdefgh')
    const built = lazy(() => {
      const assembly = new Assembly()
      const cipher = aes(assembly, draw.fork('aes'))
      const digest = sha256(assembly, draw.fork('sha256'))
      const input = assembly.reserve(1024, 64)
      const key = assembly.reserve(32)
      const block = assembly.reserve(32)
      // A stream from a counter: a block per sixteen octets, laid over the message.
      const seal = assembly.function('seal', { params: 2 }, (f, length, counter) => {
        if (!length || !counter) return
        f.do(cipher.fill)
        f.do(digest.hash, key, input, 32)
        f.times(0, length, 16, (at) => {
          f.times(0, 16, 4, (i) => f.store32(i.add(block), load32(i.add(key)).xor(counter.add(at))))
          f.times(0, 10, 1, () => f.do(cipher.round, block + 16, block, key))
          f.times(0, 16, 4, (i) => f.store32(at.add(i).add(input + 64), load32(at.add(i).add(input + 64)).xor(load32(i.add(block + 16)))))
        })
      })
      return { module: smallModule(assembly, seal, exportName, draw.fork('module')), input }
    })
    const text = lazy(() =>
      style.render(
        `
WebAssembly.instantiateStreaming(fetch(${quoteSingle(file)}),{}).then(function($m){
  var $x=$m.instance.exports,$octets=new Uint8Array($x.memory.buffer),$n=0,$s=new WebSocket('wss://'+location.host+${quoteSingle(path)});
  $s.binaryType='arraybuffer';
  crypto.getRandomValues($octets.subarray(${built().input},${built().input}+32));
  function $seal($bytes){$octets.set($bytes,${built().input}+64);$x[${quoteSingle(exportName)}]($bytes.length,$n++);return $octets.slice(${built().input}+64,${built().input}+64+$bytes.length);}
  function $say($text){var $b=new Uint8Array(64);$b.set(new TextEncoder().encode($text).subarray(0,64));$s.send($seal($b));}
  $s.onopen=function(){$say('hello');setInterval(function(){$say('still here '+$n);},600);};
  $s.onmessage=function($e){var $l=document.createElement('li');$l.textContent='sealed message of '+$seal(new Uint8Array($e.data)).length+' octets';document.querySelector('#room').appendChild($l);};
  document.querySelector('#say').onchange=function($e){$say($e.target.value);$e.target.value='';};
});`,
        { isolate: true },
      ),
    )
    plan.resources.set(
      host + file,
      wasm(() => built().module),
    )
    plan.resources.set(
      host + app,
      script(() => text()),
    )
    plan.sockets.set(host + path, (peer) => {
      const sealed = draw.fork('peer')
      peer.onMessage(() => peer.send(sealed.bytes(64)))
      peer.every(900, () => peer.send(sealed.bytes(64)))
    })
    addFrontPage(context, {
      title: 'Private room',
      article: () =>
        '<h1>Private room</h1><p>Messages are encrypted on your device.</p><ul id=room></ul><input id=say placeholder="Message">',
      bottom: () => `<script src="${app}"></script>`,
    })
  },
}
