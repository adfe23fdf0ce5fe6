import type { BuiltCore } from '../cores/build.ts'
import type { Random } from '../random.ts'
import { quoteSingle } from '../text/script.ts'

/** How the bytes of a core come to the thread that runs it. */
export type ModuleDelivery = 'streaming' | 'fetched' | 'buffer' | 'small-modules' | 'built' | 'asm.js' | 'javascript' | 'wgsl'

/**
 * Template of `$open($done)`: makes the core and calls back with `{$put(bytes), $search(length, nonce, count, target), $result()}`.
 * `wasmUrl` is where the module is served, for the deliveries that fetch it.
 */
export function engineTemplate(built: BuiltCore, delivery: ModuleDelivery, wasmUrl: string, random: Random): string {
  const { core, names } = built
  const surface = `
function $surface($octets,$find,$done){
  $done({
    $put:function($bytes){$octets.set($bytes,${core.input});},
    $search:$find,
    $result:function(){var $s='',$i;for($i=0;$i<${core.outputSize};$i++){$s+=(256+$octets[${core.output}+$i]).toString(16).slice(1);}return $s;}
  });
}`
  if (built.form !== 'wasm') {
    const data = core.assembly.data.map(({ at, bytes }) => `$load($heap,${at},'${Buffer.from(bytes).toString('base64')}');`).join('\n  ')
    const made = built.form === 'asm.js' ? `(${built.text})(self,{},$heap.buffer)` : `(${built.text})($heap.buffer)`
    return `${surface}
function $load($heap,$at,$text){var $raw=atob($text),$i;for($i=0;$i<$raw.length;$i++){$heap[$at+$i]=$raw.charCodeAt($i);}}
function $open($done){
  var $heap=new Uint8Array(${built.heapSize});
  ${data}
  var $made=${made};
  $made[${quoteSingle(names.prepare)}]();
  $surface($heap,$made[${quoteSingle(names.search)}],$done);
}`
  }
  const imports = 'module' in names.memory
  const memory = imports ? `var $memory=new WebAssembly.Memory({initial:${built.pages}});` : ''
  const importObject = 'module' in names.memory ? `{${quoteSingle(names.memory.module)}:{${quoteSingle(names.memory.name)}:$memory}}` : '{}'
  const buffer = 'export' in names.memory ? `$x[${quoteSingle(names.memory.export)}].buffer` : '$memory.buffer'
  const search = built.layout ? jitTemplate(built) : `$x[${quoteSingle(names.search)}]`
  const ready = `function $ready($instance){
    var $x=$instance.exports;
    $x[${quoteSingle(names.prepare)}]();
    var $octets=new Uint8Array(${buffer});
    $surface($octets,${search},$done);
  }`
  return `${surface}
${built.layout ? smallModuleTemplate(built) : ''}
function $open($done){
  ${memory}
  var $imports=${importObject};
  ${ready}
  ${sourceTemplate(delivery, built.bytes, wasmUrl, random)}
}`
}

function sourceTemplate(delivery: ModuleDelivery, bytes: Uint8Array, wasmUrl: string, random: Random): string {
  const decode = `function $octetsOf($text){var $raw=atob($text),$to=new Uint8Array($raw.length),$i;for($i=0;$i<$raw.length;$i++){$to[$i]=$raw.charCodeAt($i);}return $to;}`
  const base64 = Buffer.from(bytes).toString('base64')
  switch (delivery) {
    case 'streaming':
      return `WebAssembly.instantiateStreaming(fetch(${quoteSingle(wasmUrl)}),$imports).then(function($r){$ready($r.instance);});`
    case 'fetched':
      return `fetch(${quoteSingle(wasmUrl)}).then(function($r){return $r.arrayBuffer();}).then(function($b){return WebAssembly.instantiate($b,$imports);}).then(function($r){$ready($r.instance);});`
    case 'built': {
      // The bytes exist nowhere in what was delivered: each is a step from the one before, under a running key.
      const start = random.int(1, 255)
      const step = random.int(1, 127) * 2 + 1
      let key = start
      let before = 0
      const steps = Uint8Array.from(bytes, (byte) => {
        const coded = ((byte - before) & 255) ^ key
        before = byte
        key = (key * step + 17) & 255
        return coded
      })
      return `${decode}
  var $steps=$octetsOf('${Buffer.from(steps).toString('base64')}'),$key=${start},$last=0,$n;
  for($n=0;$n<$steps.length;$n++){$last=$last+($steps[$n]^$key)&255;$steps[$n]=$last;$key=$key*${step}+17&255;}
  $ready(new WebAssembly.Instance(new WebAssembly.Module($steps),$imports));`
    }
    default:
      return `${decode}
  WebAssembly.instantiate($octetsOf('${base64}'),$imports).then(function($r){$ready($r.instance);});`
  }
}

/** RandomX's way: each program becomes a module of its own over the one memory. */
function jitTemplate(built: BuiltCore): string {
  const [start = '', blend = '', finish = ''] = built.names.more.map(quoteSingle)
  return `function($length,$nonce,$count,$target){
      var $view=new DataView($octets.buffer),$p;
      $view.setUint32(${built.core.input}+39,$nonce,true);
      $x[${start}]($length);
      for($p=0;$p<4;$p++){
        $program($view,$memory)(32768);
        $x[${blend}]();
      }
      $x[${finish}]();
      return ($view.getUint32(${built.core.output}+28,true))<($target>>>0)?$nonce:-1;
    }`
}

function smallModuleTemplate(built: BuiltCore): string {
  const layout = built.layout
  if (!layout) return ''
  const [r, s] = [layout.registers, layout.scratchpad]
  return `
function $leb($n){var $o=[];do{var $b=$n&127;$n>>>=7;$o.push($n?$b|128:$b);}while($n);return $o;}
function $sleb($n){var $o=[],$b;for(;;){$b=$n&127;$n>>=7;if(($n===0&&!($b&64))||($n===-1&&($b&64))){$o.push($b);return $o;}$o.push($b|128);}}
function $part($id,$body){return [$id].concat($leb($body.length),$body);}
function $label($text){return [$text.length].concat($text.split('').map(function($c){return $c.charCodeAt(0);}));}
function $program($view,$memory){
  var $code=[],$i,$word,$a,$b;
  for($i=0;$i<8;$i++){$code=$code.concat([65,0,41,3],$leb(${r}+$i*8),[33,$i+1]);}
  $code.push(3,64);
  for($i=0;$i<128;$i++){
    $word=$view.getUint32(${layout.code}+$i*4,true);
    $a=$word>>>3&7;$b=$word>>>6&7;
    if(($word&7)<2){$code=$code.concat([32,$a+1,32,$b+1,167,65],$sleb(${layout.mask}),[113,65],$sleb(${s}),[106,41,3,0,133,33,$a+1]);}
    else if(($word&7)<4){$code=$code.concat([32,$a+1,32,$b+1,66],$sleb($word>>9),[124,126,33,$a+1]);}
    else if(($word&7)<6){$code=$code.concat([32,$a+1,32,$b+1,138,66],$sleb($word>>9),[133,33,$a+1]);}
    else{$code=$code.concat([32,$b+1,167,65],$sleb(${layout.mask}),[113,65],$sleb(${s}),[106,32,$a+1,32,$b+1,124,55,3,0,32,$a+1,32,$b+1,125,33,$a+1]);}
  }
  $code=$code.concat([32,0,65,1,107,34,0,13,0,11]);
  for($i=0;$i<8;$i++){$code=$code.concat([65,0,32,$i+1,55,3],$leb(${r}+$i*8));}
  $code.push(11);
  var $body=[1,8,126].concat($code);
  var $bytes=[0,97,115,109,1,0,0,0].concat(
    $part(1,[1,96,1,127,0]),
    $part(2,[1].concat($label('e'),$label('m'),[2,0],$leb(${built.pages}))),
    $part(3,[1,0]),
    $part(7,[1].concat($label('p'),[0,0])),
    $part(10,[1].concat($leb($body.length),$body))
  );
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array($bytes)),{'e':{'m':$memory}}).exports.p;
}`
}
