import { type GpuCore, gpuInputSize, gpuOutputSize } from '../cores/wgsl.ts'
import type { Random } from '../random.ts'
import { quoteSingle } from '../text/script.ts'

/** Buffer usages of WebGPU (https://www.w3.org/TR/webgpu/#buffer-usage), as minified code has them: numbers. */
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 }

/** How the shader's text stands in the script: an expression. */
export function shaderLiteral(text: string, random: Random): string {
  switch (random.pick(['plain', 'lines', 'base64'] as const)) {
    case 'plain':
      return JSON.stringify(text)
    case 'lines':
      return `[${(text.includes('\n') ? text.split('\n') : text.split(/(?<=[;}]) /)).map((line) => JSON.stringify(line)).join(',')}].join("\\n")`
    case 'base64':
      return `atob("${btoa(text)}")`
  }
}

/**
 * Template of `$open($done)` for a core on the GPU: calls back with `$find(job, nonce, done)`, which tries one dispatch of nonces.
 * Where there is no adapter, nothing happens.
 */
export function gpuEngineTemplate(core: GpuCore, literal: string): string {
  return `
function $open($done){
  if(!navigator.gpu){return;}
  navigator.gpu.requestAdapter({'powerPreference':'high-performance'}).then(function($a){
    if(!$a){return null;}
    return $a.requestDevice();
  }).then(function($d){
    if(!$d){return;}
    var $text=${literal},$module=$d.createShaderModule({'code':$text}),
      $pipe=$d.createComputePipeline({'layout':'auto','compute':{'module':$module,'entryPoint':${quoteSingle(core.entryPoint)}}}),
      $in=$d.createBuffer({'size':${gpuInputSize},'usage':${usage.storage + usage.copyTarget}}),
      $out=$d.createBuffer({'size':${gpuOutputSize},'usage':${usage.storage + usage.copySource + usage.copyTarget}}),
      $back=$d.createBuffer({'size':${gpuOutputSize},'usage':${usage.mapRead + usage.copyTarget}}),
      $group=$d.createBindGroup({'layout':$pipe.getBindGroupLayout(0),'entries':[{'binding':0,'resource':{'buffer':$in}},{'binding':1,'resource':{'buffer':$out}}]});
    $done({$find:function($job,$nonce,$then){
      var $words=new Uint32Array(${gpuInputSize / 4}),$view=new DataView(new ArrayBuffer(80)),$i,$e,$c;
      new Uint8Array($view.buffer).set($job.$bytes.subarray?$job.$bytes.subarray(0,80):$job.$bytes);
      for($i=0;$i<20;$i++){$words[$i]=$view.getUint32($i*4);}
      $words[20]=$nonce;
      $words[21]=$job.$target>>>0;
      $d.queue.writeBuffer($in,0,$words);
      $d.queue.writeBuffer($out,0,new Uint32Array(${gpuOutputSize / 4}));
      $e=$d.createCommandEncoder();
      $c=$e.beginComputePass();
      $c.setPipeline($pipe);
      $c.setBindGroup(0,$group);
      $c.dispatchWorkgroups(${core.workgroups});
      $c.end();
      $e.copyBufferToBuffer($out,0,$back,0,${gpuOutputSize});
      $d.queue.submit([$e.finish()]);
      $back.mapAsync(1).then(function(){
        var $r=new Uint32Array($back.getMappedRange().slice(0)),$s='',$n;
        $back.unmap();
        for($n=2;$n<10;$n++){$s+=$hexOf($r[$n]);}
        $then($r[0]===1?$r[1]:-1,$s);
      });
    }});
  }).catch(function(){});
}
function $hexOf($n){return ('0000000'+$n.toString(16)).slice(-8).match(new RegExp('..','g')).reverse().join('');}`
}

/** Template of `$grind($engine, $found)` for a core on the GPU: one dispatch after the other, at the given share of the time. */
export function gpuGrindTemplate(core: GpuCore, busy: number): string {
  const rest = busy >= 1 ? '0' : `$spent*${((1 - busy) / busy).toFixed(3)}`
  return `
function $grind($engine,$found){
  var $job=null,$nonce=0,$running=false;
  function $slice(){
    var $now=$job,$from=performance.now();
    $engine.$find($now,$nonce,function($hit,$result){
      var $spent=performance.now()-$from;
      if($hit!==-1&&$now===$job){$found($now.$id,$hit,$result);}
      $nonce=$nonce+${core.workgroupSize * core.workgroups}>>>0;
      setTimeout($slice,${rest});
    });
  }
  return function($next,$start){
    $job=$next;
    $nonce=$start;
    if(!$running){$running=true;$slice();}
  };
}`
}
