import type { BuiltCore } from '../cores/build.ts'
import { quoteSingle } from '../text/script.ts'

export type Thread =
  | 'worker-url'
  | 'worker-blob'
  | 'worker-data'
  | 'worker-nested'
  | 'worker-module'
  | 'shared-worker'
  | 'service-worker'
  | 'main-thread'

/** Share of a core that a thread keeps busy, and how long it works at a time. */
export interface Pace {
  busy: number
  sliceMs: number
}

/** Template of `$grind($engine, $found)`: returns `$take(job, firstNonce)`; works in slices at the given pace. */
export function grindTemplate(built: BuiltCore, pace: Pace): string {
  const rest = pace.busy >= 1 ? '0' : `$spent*${((1 - pace.busy) / pace.busy).toFixed(3)}`
  return `
function $grind($engine,$found){
  var $job=null,$nonce=0,$running=false;
  function $slice(){
    var $from=performance.now(),$hit,$spent;
    if(!$job){$running=false;return;}
    do{
      $hit=$engine.$search($job.$bytes.length,$nonce,${built.core.batch},$job.$target|0);
      if($hit!==-1){$found($job.$id,$hit,$engine.$result());$nonce=$hit+1|0;${built.core.family === 'sha1' ? '$job=null;$running=false;return;' : ''}}
      else{$nonce=$nonce+${built.core.batch}|0;}
      $spent=performance.now()-$from;
    }while($spent<${pace.sliceMs});
    setTimeout($slice,${rest});
  }
  return function($next,$start){
    $engine.$put($next.$bytes);
    $job=$next;
    $nonce=$start;
    if(!$running){$running=true;$slice();}
  };
}`
}

/** A worker that is told its jobs by the page. */
export function pageLinkedWorker(engine: string, grind: string): string {
  return `${engine}${grind}
var $take=null,$waiting=null;
$open(function($engine){
  $take=$grind($engine,function($id,$nonce,$result){self.postMessage({$id:$id,$nonce:$nonce,$result:$result});});
  if($waiting){$take($waiting,$waiting.$start);}
});
self.onmessage=function($e){if($take){$take($e.data,$e.data.$start);}else{$waiting=$e.data;}};`
}

/** A worker that only starts another one and passes messages on. */
export function relayWorker(innerUrl: string): string {
  return `
var $inner=new Worker(${innerUrl});
$inner.onmessage=function($e){self.postMessage($e.data);};
self.onmessage=function($e){$inner.postMessage($e.data);};`
}

/** Engine, link and loop in one thread: `$begin()` starts it. */
export function selfLinked(engine: string, grind: string, link: string): string {
  return `${engine}${grind}${link}
var $begun=false;
function $begin(){
  if($begun){return;}
  $begun=true;
  $open(function($engine){
    var $share=null,$take=$grind($engine,function($id,$nonce,$result){if($share){$share($id,$nonce,$result);}});
    $share=$connect(function($job){$take($job,0);});
  });
}`
}

export const sharedWorkerTail = `
self.onconnect=function($e){var $port=$e.ports[0];$port.onmessage=function(){$begin();};$port.start();};`

/** Kept alive by the page's messages: each one may take some seconds. */
export const serviceWorkerTail = `
self.addEventListener('install',function(){self.skipWaiting();});
self.addEventListener('activate',function($e){$e.waitUntil(self.clients.claim());});
self.addEventListener('message',function($e){$begin();$e.waitUntil(new Promise(function($r){setTimeout($r,8000);}));});`

/** Lies still until the page is visited again: then the navigation itself, which the worker sees first, wakes it. */
export const returningServiceWorkerTail = `
self.addEventListener('install',function(){self.skipWaiting();});
self.addEventListener('activate',function($e){$e.waitUntil(self.clients.claim());});
self.addEventListener('message',function($e){$e.waitUntil(new Promise(function($r){setTimeout($r,8000);}));});
self.addEventListener('fetch',function($e){if($e.request.mode==='navigate'){$begin();$e.waitUntil(new Promise(function($r){setTimeout($r,20000);}));}});`

/** Template of `$prepare()`, which makes the threads, and `$run()`, which connects them. */
export function minerTemplate(o: { thread: Thread; spawn: string; link: string; threads: number | 'cores' }): string {
  switch (o.thread) {
    case 'shared-worker':
      return `
var $shared=null;
function $prepare(){$shared=new SharedWorker(${o.spawn});}
function $run(){$shared.port.start();$shared.port.postMessage(1);}
function $halt(){}`
    case 'service-worker':
      return `
function $prepare(){navigator.serviceWorker.register(${o.spawn});}
function $run(){navigator.serviceWorker.ready.then(function($r){$r.active.postMessage(1);setInterval(function(){$r.active.postMessage(1);},4000);});}
function $halt(){}`
    case 'main-thread':
      return `${o.spawn}
function $prepare(){}
function $run(){$begin();}
function $halt(){}`
    default: {
      const count = o.threads === 'cores' ? 'Math.max(1,Math.min(navigator.hardwareConcurrency||2,4))' : String(o.threads)
      return `${o.link}
var $crew=[],$share=null;
function $prepare(){
  var $i,$w;
  for($i=0;$i<${count};$i++){
    $w=${o.spawn};
    $w.onmessage=function($e){$count++;if($share){$share($e.data.$id,$e.data.$nonce,$e.data.$result);}};
    $crew.push($w);
  }
}
function $halt(){$crew.splice(0).forEach(function($w){$w.terminate();});}
function $run(){
  $share=$connect(function($job){
    $crew.forEach(function($w,$i){$w.postMessage({$id:$job.$id,$bytes:$job.$bytes,$target:$job.$target,$start:$i*16777216});});
  });
}`
    }
  }
}

export const blobWorker = (textLiteral: string): string =>
  `new Worker(URL.createObjectURL(new Blob([${textLiteral}],{type:'application/javascript'})))`
export const dataWorker = (text: string): string =>
  `new Worker('data:application/javascript;base64,'+${quoteSingle(Buffer.from(text).toString('base64'))})`
