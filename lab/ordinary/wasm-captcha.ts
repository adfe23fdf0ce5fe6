import { searchLoop } from '../cores/core.ts'
import { sha256 } from '../cores/sha256.ts'
import { Assembly, i32, load32 } from '../machine/program.ts'
import { addFrontPage } from '../site/page.ts'
import { lazy, script, wasm } from '../site/site.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { type Content, smallModule } from './content.ts'

/** A captcha that searches its number in WebAssembly on every core, as a miner would: for its own site, a few times, paying nobody. */
export const wasmCaptcha: Content = {
  name: 'proof-of-work captcha in wasm',
  kind: 'proof-of-work',
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('wasm-captcha')
    const style = new ScriptStyle(draw.fork('style'))
    const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const widget = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
    const exportName = draw.text(6, 'mnopqrst')
    const built = lazy(() => {
      const assembly = new Assembly()
      const digest = sha256(assembly, draw.fork('sha256'))
      const input = assembly.reserve(128)
      const output = assembly.reserve(32)
      const once = assembly.function('once', { params: 1 }, (f, length) => {
        if (length) f.do(digest.hash, output, input, length)
      })
      const search = searchLoop(assembly, { input, output, nonceAt: 32, word: 0, hash: (length) => [once, length] }, { i32, load32 })
      return { module: smallModule(assembly, search, exportName, draw.fork('module')), input }
    })
    const texts = lazy(() => ({
      worker: style.render(`
self.onmessage=function($e){
  var $d=$e.data;
  WebAssembly.instantiateStreaming(fetch(${quoteSingle(file)}),{}).then(function($m){
    var $x=$m.instance.exports,$from=$d.start,$hit;
    new Uint8Array($x.memory.buffer).set(new TextEncoder().encode($d.salt).subarray(0,32),${built().input});
    do{$hit=$x[${quoteSingle(exportName)}](36,$from,20000,$d.threshold|0);$from+=20000*$d.step;}while($hit===-1);
    self.postMessage({solution:$hit,index:$d.index});
  });
};`),
      widget: style.render(
        `
function $solve($box){
  fetch('/captcha/challenge').then(function($r){return $r.json();}).then(function($c){
    var $crew=[],$count=Math.max(1,Math.min(navigator.hardwareConcurrency||2,4)),$i,$left=$c.puzzles.length,$solutions=[];
    function $next($w,$k){$w.postMessage({salt:$c.puzzles[$left-1],threshold:$c.threshold,start:$k*20000,step:$count,index:$left-1});}
    function $done($e){
      if($solutions[$e.data.index]===undefined){$solutions[$e.data.index]=$e.data.solution;$left--;}
      if($left>0){$next($e.target,$crew.indexOf($e.target));return;}
      $crew.splice(0).forEach(function($w){$w.terminate();});
      fetch('/captcha/redeem',{method:'POST',body:JSON.stringify({'token':$c.token,'solutions':$solutions})}).then(function(){$box.querySelector('label').textContent='Verified';});
    }
    $box.querySelector('label').textContent='Verifying…';
    for($i=0;$i<$count;$i++){$crew.push(new Worker(${quoteSingle(worker)}));$crew[$i].onmessage=$done;$next($crew[$i],$i);}
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
    plan.resources.set(
      host + file,
      wasm(() => built().module),
    )
    plan.resources.set(`${host}/captcha/challenge`, {
      type: 'application/json',
      body: () => {
        const puzzles = draw.fork('puzzles')
        return JSON.stringify({ token: puzzles.hex(32), threshold: 0x00003fff, puzzles: Array.from({ length: 4 }, () => puzzles.hex(32)) })
      },
    })
    plan.resources.set(`${host}/captcha/redeem`, { type: 'application/json', body: () => '{"success":true}' })
    addFrontPage(context, {
      bottom: () =>
        `<form action="/comment" method="post"><textarea name="text"></textarea><div class="captcha" role="group"><input type="checkbox" id="c"><label for="c">I am human</label></div><button>Send</button></form><script src="${widget}"></script>`,
    })
  },
}
