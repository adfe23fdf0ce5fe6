import { aes } from '../cores/aes.ts'
import { blake256, skein } from '../cores/finalists.ts'
import { keccakAbsorb, keccakPermutation } from '../cores/keccak.ts'
import { romix } from '../cores/scrypt.ts'
import { sha256 } from '../cores/sha256.ts'
import { Assembly, load64, i32 } from '../machine/program.ts'
import { addFrontPage } from '../site/page.ts'
import { lazy, script, wasm } from '../site/site.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { type Content, smallModule } from './content.ts'

/** A wallet's library: Keccak, AES, BLAKE and Skein for keys and checksums, products modulo 2^255 − 19; no scratchpad, no nonce, no loop over hashes. */
export const wallet: Content = {
  name: 'wallet',
  kind: 'wallet',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('wallet')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
    const app = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const exportName = draw.text(6, 'abcdefghij')
    const built = lazy(() => {
      const assembly = new Assembly()
      const cipher = aes(assembly, draw.fork('aes'))
      const permutation = keccakPermutation(assembly, draw.fork('keccak'))
      const absorb = keccakAbsorb(assembly, permutation)
      const finalist = draw.chance(0.5) ? blake256(assembly) : skein(assembly)
      const state = assembly.reserve(208)
      const input = assembly.reserve(256)
      const field = assembly.function('fieldMultiply', { params: 3 }, (f, to, a, b) => {
        if (!to || !a || !b) return
        // Five limbs of 51 bits, schoolbook, folded by 19.
        f.times(0, 40, 8, (i) => {
          const sum = f.let('i64')
          f.times(0, 40, 8, (j) =>
            sum.set(
              sum.add(
                load64(a.add(i))
                  .mul(load64(b.add(j)))
                  .mul(19),
              ),
            ),
          )
          f.store64(to.add(i), sum.and(0x7ffffffffffffn))
        })
      })
      const address = assembly.function('address', { params: 1 }, (f, length) => {
        if (!length) return
        f.do(cipher.fill)
        f.do(absorb, state, input, length)
        f.do(field, state + 64, state, state + 32)
        f.do(finalist.hash, input, state)
        f.do(cipher.round, input + 64, input, input + 16)
        f.do(permutation, state)
      })
      return { module: smallModule(assembly, address, exportName, draw.fork('module')), input }
    })
    const text = lazy(() =>
      style.render(
        `
fetch(${quoteSingle(file)}).then(function($r){return $r.arrayBuffer();}).then(function($b){return WebAssembly.instantiate($b,{});}).then(function($m){
  var $x=$m.instance.exports,$octets=new Uint8Array($x.memory.buffer),$seed=crypto.getRandomValues(new Uint8Array(32)),$s='',$i;
  $octets.set($seed,${built().input});
  $x[${quoteSingle(exportName)}](32);
  for($i=0;$i<32;$i++){$s+=('0'+$octets[${built().input}+$i].toString(16)).slice(-2);}
  document.querySelector('#address').textContent='4'+$s;
  document.querySelector('#balance').textContent='0.000000000000 XMR';
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
    addFrontPage(context, {
      title: 'Web wallet',
      article: () =>
        '<h1>Your wallet</h1><p>Address: <code id=address>…</code></p><p>Balance: <b id=balance>…</b></p><button type=button>Send XMR</button> <button type=button>Receive</button><p>Keys never leave this device.</p>',
      bottom: () => `<script src="${app}"></script>`,
    })
  },
}

/** Hashes a file in a worker: here a buffer of its own at once, and whatever the visitor chooses. */
export const fileHash: Content = {
  name: 'hashing a file',
  kind: 'crypto-library',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('file-hash')
    const style = new ScriptStyle(draw.fork('style'))
    const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
    const exportName = draw.text(5, 'klmnopqr')
    const built = lazy(() => {
      const assembly = new Assembly()
      const digest = sha256(assembly, draw.fork('sha256'))
      const output = assembly.reserve(32)
      const input = assembly.reserve(1 << 20, 64)
      const run = assembly.function('digest', { params: 1 }, (f, length) => {
        if (length) f.do(digest.hash, output, input, length)
      })
      return { module: smallModule(assembly, run, exportName, draw.fork('module')), input, output }
    })
    const texts = lazy(() => ({
      worker: style.render(`
var $ready=fetch(${quoteSingle(file)}).then(function($r){return WebAssembly.instantiateStreaming($r,{});});
self.onmessage=function($e){
  $ready.then(function($m){
    var $x=$m.instance.exports,$octets=new Uint8Array($x.memory.buffer),$s='',$i;
    $octets.set(new Uint8Array($e.data),${built().input});
    $x[${quoteSingle(exportName)}]($e.data.byteLength);
    for($i=0;$i<32;$i++){$s+=('0'+$octets[${built().output}+$i].toString(16)).slice(-2);}
    self.postMessage($s);
  });
};`),
      main: style.render(
        `
var $w=new Worker(${quoteSingle(worker)});
$w.onmessage=function($e){document.querySelector('output').textContent='SHA-256: '+$e.data;};
document.querySelector('input[type=file]').onchange=function($e){$e.target.files[0].slice(0,1048576).arrayBuffer().then(function($b){$w.postMessage($b);});};
$w.postMessage(new Uint8Array(900000).buffer);`,
        { isolate: true },
      ),
    }))
    plan.resources.set(
      host + worker,
      script(() => texts().worker),
    )
    plan.resources.set(
      host + file,
      wasm(() => built().module),
    )
    addFrontPage(context, {
      title: 'Checksum tool',
      article: () => '<h1>Checksum of a file</h1><p>Choose a file; it is hashed on your machine.</p><input type=file><output></output>',
      bottom: () => `<script>${texts().main}</script>`,
    })
  },
}

/** Stretches a password by PBKDF2 and by a memory-hard mix, once, as a login form does. */
export const passwordHash: Content = {
  name: 'password hashing',
  kind: 'crypto-library',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('password')
    const style = new ScriptStyle(draw.fork('style'))
    const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
    const app = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const exportName = draw.text(5, 'stuvwx')
    const built = lazy(() => {
      const assembly = new Assembly()
      const digest = sha256(assembly, draw.fork('sha256'))
      const mixer = romix(assembly, 8192)
      const input = assembly.reserve(256)
      const derive = assembly.function('derive', { params: 1 }, (f, length) => {
        if (!length) return
        f.do(digest.hash, mixer.block, input, length)
        f.times(32, 128, 32, (at) => f.do(digest.hash, at.add(mixer.block), at.add(mixer.block - 32), 32))
        f.do(mixer.mix)
        f.do(digest.hash, i32(input), mixer.block, 128)
      })
      return { module: smallModule(assembly, derive, exportName, draw.fork('module')), input }
    })
    const text = lazy(() =>
      style.render(
        `
function $stretch($word){
  var $salt=new TextEncoder().encode('login'+location.host);
  return crypto.subtle.importKey('raw',new TextEncoder().encode($word),'PBKDF2',false,['deriveBits']).then(function($k){return crypto.subtle.deriveBits({'name':'PBKDF2','hash':'SHA-256','salt':$salt,'iterations':100000},$k,256);}).then(function($bits){
    return fetch(${quoteSingle(file)}).then(function($r){return WebAssembly.instantiateStreaming($r,{});}).then(function($m){
      new Uint8Array($m.instance.exports.memory.buffer).set(new Uint8Array($bits),${built().input});
      $m.instance.exports[${quoteSingle(exportName)}](32);
      document.querySelector('output').textContent='Ready';
    });
  });
}
document.querySelector('form').onsubmit=function($e){$e.preventDefault();$stretch(document.querySelector('input[type=text]').value);};
$stretch('warm-up');`,
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
    addFrontPage(context, {
      title: 'Vault',
      article: () =>
        '<h1>Secret notes</h1><form><label>Passphrase <input type=text name=phrase></label><button>Unlock</button></form><output></output>',
      bottom: () => `<script src="${app}"></script>`,
    })
  },
}
