import { addFrontPage } from '../site/page.ts'
import { fileName, hostName, pathSegment } from '../text/identifiers.ts'
import { script } from '../site/site.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import type { Content } from './content.ts'

/**
 * A worker a core that mixes numbers without end, and a stranger's socket that hands out work in words of its own: nothing in it is known, and no
 * honest judge says more than that it points to mining. Not in the table of sites: how many cores it takes is what a second look asks.
 */
export const unknownWork: Content = {
  name: 'socket and a worker a core',
  kind: 'mining',
  expected: { status: 'suspected', placement: null, exit: 1 },
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('unknown-work')
    const style = new ScriptStyle(draw.fork('style'), { strings: 'plain' })
    const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const relay = hostName(draw, 'grid')
    const path = `/t/${draw.hex(6)}`
    const texts = {
      worker: style.render(`
var $a=${draw.int(1, 9999)},$b=${draw.int(1, 9999)},$left=0;
function $mix($rounds){for(var $i=0;$i<$rounds;$i++){$a=($a*${draw.int(3, 99) * 2 + 1}+$b)%2147483647;$b=($b+$a)%1000003;}}
(function $turn(){$mix(2000000);if(++$left%50===0){self.postMessage($a);}setTimeout($turn,0);})();`),
      main: style.render(
        `
var $s=new WebSocket(${quoteSingle(`wss://${relay}${path}`)}),$n=navigator.hardwareConcurrency,$i,$w;
$s.onopen=function(){$s.send('hi');};
$s.onmessage=function(){$s.send('ok');};
for($i=0;$i<$n;$i++){$w=new Worker(${quoteSingle(worker)});$w.onmessage=function($e){$s.send('v'+$e.data%97);};}`,
        { isolate: true },
      ),
    }
    plan.resources.set(
      host + worker,
      script(() => texts.worker),
    )
    plan.sockets.set(relay + path, (peer) => {
      peer.onMessage(() => undefined)
      peer.every(700, () => peer.send('next'))
    })
    addFrontPage(context, { bottom: () => `<script>${texts.main}</script>` })
  },
}
