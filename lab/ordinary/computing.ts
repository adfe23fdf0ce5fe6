import { Assembly, i32, load32, load8 } from '../machine/program.ts'
import { addFrontPage } from '../site/page.ts'
import { lazy, script, wasm } from '../site/site.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { type Content, smallModule } from './content.ts'
import type { Random } from '../random.ts'

/** A page with a worker that computes all the time for its visitor: `work` is the template of the worker's `$step()`. */
function workerContent(name: string, title: string, article: string, work: (random: Random) => string): Content {
  return {
    name,
    kind: null,
    build(context) {
      const { random, host, plan } = context
      const draw = random.fork(name)
      const style = new ScriptStyle(draw.fork('style'))
      const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
      const texts = lazy(() => ({
        worker: style.render(`${work(draw.fork('work'))}
(function $again(){
  var $from=performance.now(),$r;
  do{$r=$step();}while(performance.now()-$from<30);
  self.postMessage($r);
  setTimeout($again,2);
})();`),
        main: style.render(
          `var $w=new Worker(${quoteSingle(worker)}),$out=document.querySelector('output');$w.onmessage=function($e){$out.textContent=String($e.data);};`,
          { isolate: true },
        ),
      }))
      plan.resources.set(
        host + worker,
        script(() => texts().worker),
      )
      addFrontPage(context, {
        title,
        article: () => `<h1>${title}</h1><p>${article}</p><output></output>`,
        bottom: () => `<script>${texts().main}</script>`,
      })
    },
  }
}

/** The same with the work in a module; `cores`: in as many workers as the machine has cores, at most four. */
export function moduleContent(
  name: string,
  title: string,
  article: string,
  assemble: (assembly: Assembly, random: Random) => ReturnType<Assembly['function']>,
  o: { workers: 1 | 'cores' } = { workers: 1 },
): Content {
  return {
    name,
    kind: null,
    build(context) {
      const { random, host, plan } = context
      const draw = random.fork(name)
      const style = new ScriptStyle(draw.fork('style'))
      const worker = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
      const file = `/${pathSegment(draw)}/${fileName(draw, 'wasm')}`
      const exportName = draw.text(4, 'abcdefgh')
      const module = lazy(() => {
        const assembly = new Assembly()
        return smallModule(assembly, assemble(assembly, draw.fork('work')), exportName, draw.fork('module'))
      })
      const texts = lazy(() => ({
        worker: style.render(`
WebAssembly.instantiateStreaming(fetch(${quoteSingle(file)}),{}).then(function($m){
  var $x=$m.instance.exports,$n=0;
  (function $again(){
    var $from=performance.now(),$r;
    do{$r=$x[${quoteSingle(exportName)}]($n++);}while(performance.now()-$from<14);
    self.postMessage($r);
    setTimeout($again,2);
  })();
});`),
        main: style.render(
          o.workers === 1
            ? `var $w=new Worker(${quoteSingle(worker)}),$out=document.querySelector('output');$w.onmessage=function($e){$out.textContent=String($e.data);};`
            : `var $out=document.querySelector('output'),$i,$w;for($i=0;$i<Math.min(navigator.hardwareConcurrency||2,4);$i++){$w=new Worker(${quoteSingle(worker)});$w.onmessage=function($e){$out.textContent=String($e.data);};}`,
          { isolate: true },
        ),
      }))
      plan.resources.set(
        host + worker,
        script(() => texts().worker),
      )
      plan.resources.set(
        host + file,
        wasm(() => module()),
      )
      addFrontPage(context, {
        title,
        article: () => `<h1>${title}</h1><p>${article}</p><canvas width=160 height=144></canvas><output></output>`,
        bottom: () => `<script>${texts().main}</script>`,
      })
    },
  }
}

/** Alpha-beta over four in a row on bit boards with a transposition table. */
export const boardGame = workerContent(
  'board-game engine',
  'Play against the engine',
  'The engine thinks while you do.',
  (random) => `
var $table=new Map(),$turns=0;
function $mask($m){return $m&($m>>>1)&($m>>>2)&($m>>>3)||$m&($m>>>7)&($m>>>14)&($m>>>21);}
function $seek($me,$you,$depth,$alpha,$beta){
  var $key=$me*268435456+$you,$known=$table.get($key),$c,$bit,$score,$best=-100;
  if($known&&$known[0]>=$depth){return $known[1];}
  if($mask($you)){return -50-$depth;}
  if($depth===0){return ($me%${random.int(5, 13)})-($you%${random.int(5, 13)});}
  for($c=0;$c<7;$c++){
    $bit=1<<(($c*4+$depth)%28);
    if(($me|$you)&$bit){continue;}
    $score=-$seek($you,$me|$bit,$depth-1,-$beta,-$alpha);
    if($score>$best){$best=$score;}
    if($score>$alpha){$alpha=$score;}
    if($alpha>=$beta){break;}
  }
  $table.set($key,[$depth,$best]);
  return $best;
}
function $step(){
  $turns++;
  if($table.size>20000){$table.clear();}
  return 'depth 6, score '+$seek($turns*2654435761&268435455,$turns*40503&268435455,6,-100,100);
}`,
)

export const physics = workerContent(
  'physics in a worker',
  'Marbles',
  'A hundred marbles in a box.',
  (random) => `
var $n=100,$x=new Float64Array($n*4),$i;
for($i=0;$i<$n*4;$i++){$x[$i]=Math.sin($i*${random.int(3, 40)})*50;}
function $step(){
  var $a,$b,$dx,$dy,$d,$e=0;
  for($a=0;$a<$n*4;$a+=4){
    for($b=0;$b<$n*4;$b+=4){
      if($a!==$b){$dx=$x[$b]-$x[$a];$dy=$x[$b+1]-$x[$a+1];$d=$dx*$dx+$dy*$dy+0.5;if($d<9){$x[$a+2]-=$dx/$d*0.1;$x[$a+3]-=$dy/$d*0.1;}}
    }
    $x[$a+3]+=0.01;
    $x[$a]+=$x[$a+2]*0.016;$x[$a+1]+=$x[$a+3]*0.016;
    if(Math.abs($x[$a])>60){$x[$a+2]*=-0.9;}
    if(Math.abs($x[$a+1])>60){$x[$a+3]*=-0.9;}
    $e+=$x[$a+2]*$x[$a+2]+$x[$a+3]*$x[$a+3];
  }
  return 'energy '+$e.toFixed(2);
}`,
)

/** An interpreter of eight-bit instructions: fetch, decode by comparisons, execute, in a loop. */
export const emulator = moduleContent('emulator', 'Handheld emulator', 'Runs its demo cartridge.', (assembly, random) => {
  const rom = assembly.table(random.bytes(4096))
  const ram = assembly.reserve(8192)
  const screen = assembly.reserve(160 * 144)
  return assembly.function('frame', { params: 1, result: true }, (f, seed) => {
    if (!seed) return
    const [pc, a, b, h, flags] = [f.let('i32', seed.and(4095)), f.let('i32'), f.let('i32'), f.let('i32', 256), f.let('i32')]
    f.times(0, 17_556, 1, (cycle) => {
      const code = f.let('i32', load8(pc.add(rom)))
      pc.set(pc.add(1).and(4095))
      const group = f.let('i32', code.shr(5))
      f.if(group.eq(0), () => a.set(a.add(load8(h.and(8191).add(ram))).and(255)))
      f.if(group.eq(1), () => b.set(code.and(31)))
      f.if(group.eq(2), () => f.store8(h.and(8191).add(ram), a))
      f.if(group.eq(3), () => h.set(h.add(b).and(8191)))
      f.if(group.eq(4), () => flags.set(a.eq(b)))
      f.if(group.eq(5), () => f.if(flags.eq(0), () => pc.set(pc.add(code.and(31)).and(4095))))
      f.if(group.eq(6), () => a.set(a.sub(b).and(255)))
      f.if(group.eq(7), () => f.store8(cycle.rem(160 * 144).add(screen), a.and(3)))
    })
    f.return(a.add(load8(i32(screen), 77)))
  })
})

/** A video codec's inner loops: transform of 8 × 8 blocks, quantisation, sums of absolute differences. */
export const codec = moduleContent('video codec', 'Video player', 'Decodes in software.', (assembly, random) => {
  const frame = assembly.table(random.bytes(16_384))
  const block = assembly.reserve(256)
  const quantiser = random.int(5, 30)
  return assembly.function('decode', { params: 1, result: true }, (f, number) => {
    if (!number) return
    const sum = f.let('i32')
    f.times(0, 16_384, 64, (at) => {
      f.times(0, 64, 4, (i) => f.store32(i.shl(2).add(block), load8(at.add(i).add(frame)).sub(128).mul(16)))
      f.times(0, 256, 32, (row) => {
        const x = [0, 4, 8, 12].map((offset) => f.let('i32', load32(row.add(block), offset)))
        const [p, q, r, s] = x
        if (!p || !q || !r || !s) return
        f.store32(row.add(block), p.add(s).mul(181), 0)
        f.store32(row.add(block), q.add(r).mul(236), 4)
        f.store32(row.add(block), p.sub(s).mul(97).add(q.sub(r).mul(236)), 8)
        f.store32(row.add(block), q.sub(r).mul(49), 12)
      })
      f.times(0, 256, 4, (i) => sum.set(sum.add(load32(i.add(block)).div(quantiser).and(0xffff))))
      f.store8(at.add(number.and(63)).add(frame), sum)
    })
    f.return(sum)
  })
})
