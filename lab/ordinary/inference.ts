import type { Assembly, FunctionBody } from '../machine/program.ts'
import { i32, load32, load8 } from '../machine/program.ts'
import type { Random } from '../random.ts'
import { addFrontPage } from '../site/page.ts'
import { lazy, script } from '../site/site.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle } from '../text/script.ts'
import { moduleContent } from './computing.ts'
import type { Content } from './content.ts'

/** Layers of a quantised network: products of octets summed in 32 bits, a shift, a rectifier; weights of half a megabyte in the module. */
export const inference = moduleContent(
  'ML inference in wasm',
  'Background blur',
  'A small network runs on your device.',
  (assembly: Assembly, random: Random): FunctionBody => {
    const width = 256
    const layers = 8
    const weights = assembly.table(random.bytes(width * width * layers))
    const [from, to] = [assembly.reserve(width), assembly.reserve(width)]
    const shift = random.int(9, 12)
    return assembly.function('infer', { params: 1, result: true }, (f, seed) => {
      if (!seed) return
      f.times(0, width, 1, (i) => f.store8(i.add(from), i.mul(37).add(seed)))
      const w = f.let('i32', weights)
      f.times(0, layers, 1, () => {
        f.times(0, width, 1, (row) => {
          const sum = f.let('i32')
          f.times(0, width, 4, (column) => {
            for (let lane = 0; lane < 4; lane++) sum.set(sum.add(load8(column.add(from), lane).mul(load8(w.add(column), lane).sub(128))))
          })
          w.set(w.add(width))
          f.if(sum.gt(0x7fffffff), () => sum.set(0))
          const small = f.let('i32', sum.shr(shift))
          f.if(small.gt(255), () => small.set(255))
          f.store8(row.add(to), small)
        })
        f.times(0, width, 4, (i) => f.store32(i.add(from), load32(i.add(to))))
      })
      f.return(load8(i32(from), 7))
    })
  },
  { workers: 'cores' },
)

/** A network on the GPU: matrix products by tiles, a rectifier, a soft maximum, frame after frame. */
export const gpuInference: Content = {
  name: 'ML inference in WebGPU',
  kind: null,
  build(context) {
    const { random, host, plan } = context
    const draw = random.fork('gpu-inference')
    const style = new ScriptStyle(draw.fork('style'))
    const app = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
    const size = draw.pick([64, 96, 128])
    const shader = `struct Shape { rows: u32, inner: u32, columns: u32, bias: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= shape.columns || id.y >= shape.rows) { return; }
  var sum = shape.bias;
  for (var k = 0u; k < shape.inner; k++) { sum = sum + weights[id.y * shape.inner + k] * input[k * shape.columns + id.x]; }
  output[id.y * shape.columns + id.x] = max(sum, ${draw.pick(['0.0', '0.01 * sum'])});
}`
    const text = lazy(() =>
      style.render(
        `
if(navigator.gpu){navigator.gpu.requestAdapter().then(function($a){return $a?$a.requestDevice():null;}).then(function($d){
  if(!$d){return;}
  var $n=${size},$m=$d.createShaderModule({'code':@@0@@,'label':'dense'}),
    $p=$d.createComputePipeline({'layout':'auto','compute':{'module':$m,'entryPoint':'main'}}),
    $b=[16,$n*$n*4,$n*$n*4,$n*$n*4].map(function($s,$i){return $d.createBuffer({'size':$s,'usage':$i===0?72:140});}),
    $g=$d.createBindGroup({'layout':$p.getBindGroupLayout(0),'entries':$b.map(function($x,$i){return {'binding':$i,'resource':{'buffer':$x}};})}),
    $w=new Float32Array($n*$n),$i,$turns=0;
  for($i=0;$i<$w.length;$i++){$w[$i]=Math.sin($i)*0.1;}
  $d.queue.writeBuffer($b[0],0,new Uint32Array([$n,$n,$n,0]));
  $d.queue.writeBuffer($b[1],0,$w);
  (function $frame(){
    var $e=$d.createCommandEncoder(),$c,$l;
    for($l=0;$l<6;$l++){
      $c=$e.beginComputePass();
      $c.setPipeline($p);
      $c.setBindGroup(0,$g);
      $c.dispatchWorkgroups(Math.ceil($n/8),Math.ceil($n/8));
      $c.end();
      $e.copyBufferToBuffer($b[3],0,$b[2],0,$n*$n*4);
    }
    $d.queue.submit([$e.finish()]);
    $d.queue.onSubmittedWorkDone().then(function(){document.querySelector('output').textContent='Frame '+(++$turns);setTimeout($frame,30);});
  })();
});}`,
        { isolate: true, raw: [JSON.stringify(shader)] },
      ),
    )
    plan.resources.set(
      host + app,
      script(() => text()),
    )
    addFrontPage(context, {
      title: 'Portrait mode',
      article: () => '<h1>Portrait mode</h1><p>Runs on your graphics card.</p><canvas width=160 height=120></canvas><output></output>',
      bottom: () => `<script src="${app}"></script>`,
    })
  },
}
