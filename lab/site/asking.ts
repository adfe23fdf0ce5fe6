import type { Random } from '../random.ts'
import { quoteSingle } from '../text/script.ts'

/** How a mining site treats its visitor's will. */
export type Asking =
  | 'none'
  | 'asks-first'
  | 'asks-first-confirm'
  | 'asks-late'
  | 'ignores-refusal'
  | 'cookie-banner'
  | 'captcha-says'
  | 'captcha-silent'
  | 'start-button'

const questions = [
  {
    text: 'This site would like to use your computer’s processing power to mine cryptocurrency instead of showing ads. You can stop at any time.',
    yes: 'Allow mining',
    no: 'No thanks',
  },
  { text: 'Support us without ads: may we mine Monero with a part of your CPU while you read?', yes: 'Yes, start mining', no: 'No' },
  {
    text: 'Ads or mining? If you agree, your browser computes hashes for a cryptocurrency while this page is open.',
    yes: 'I agree',
    no: 'Decline',
  },
  {
    text: 'We ask for your permission to run a cryptocurrency miner in this tab. It uses up to half of your processor.',
    yes: 'Accept',
    no: 'Reject',
  },
] as const

const sayingCaptchas = [
  {
    text: 'Prove that you are human: your computer will mine cryptocurrency for this site for a few seconds.',
    button: 'Verify me (starts mining)',
  },
  {
    text: 'Verification by mining: by starting it you let this site mine Monero with your CPU while it is open.',
    button: 'Start mining to continue',
  },
] as const

const silentCaptchas = [
  { text: 'Please confirm that you are not a robot.', button: 'Verify me' },
  { text: 'Human check: one click to continue.', button: 'I am not a robot' },
] as const

const dialogHelper = `
function $dialog($id,$label,$text,$choices){
  function $show(){
    var $box=document.createElement('div'),$p=document.createElement('p');
    $box.id=$id;
    $box.setAttribute('role','dialog');
    $box.setAttribute('aria-label',$label);
    $box.style.cssText='position:fixed;left:20%;top:30%;width:480px;background:#fff;border:1px solid #333;padding:24px;z-index:99999;box-shadow:0 2px 20px rgba(0,0,0,.4)';
    $p.textContent=$text;
    $box.appendChild($p);
    $choices.forEach(function($c){
      var $b=document.createElement('button');
      $b.type='button';
      $b.textContent=$c[0];
      $b.onclick=function(){$box.remove();$c[1]();};
      $box.appendChild($b);
    });
    document.body.appendChild($box);
  }
  if(document.body){$show();}else{document.addEventListener('DOMContentLoaded',$show);}
}`

/** Template of `$agreed($go)`, which calls `$go` when the site begins. It may call `$halt()`, and read `$count`, the shares found so far. */
export function askingTemplate(asking: Asking, random: Random): string {
  const nothing = 'function(){}'
  switch (asking) {
    case 'none':
    case 'cookie-banner':
      return `function $agreed($go){$go();}`
    case 'asks-first-confirm': {
      const { text } = random.pick(questions)
      return `function $agreed($go){setTimeout(function(){if(confirm(${quoteSingle(text)})){$go();}},400);}`
    }
    case 'asks-first':
    case 'ignores-refusal': {
      const { text, yes, no } = random.pick(questions)
      const refused = asking === 'ignores-refusal' ? 'function(){setTimeout($go,300);}' : nothing
      return `${dialogHelper}
function $agreed($go){$dialog(${quoteSingle(random.hex(6))},'Permission',${quoteSingle(text)},[[${quoteSingle(yes)},$go],[${quoteSingle(no)},${refused}]]);}`
    }
    case 'asks-late': {
      // Once it has mined; after five seconds in any case.
      const { text, yes, no } = random.pick(questions)
      return `${dialogHelper}
function $agreed($go){
  $go();
  (function $look($left){
    if($count>0||$left===0){$dialog(${quoteSingle(random.hex(6))},'Permission',${quoteSingle(text)},[[${quoteSingle(yes)},${nothing}],[${quoteSingle(no)},function(){$halt();}]]);}
    else{setTimeout(function(){$look($left-1);},250);}
  })(20);
}`
    }
    case 'captcha-says': {
      const { text, button } = random.pick(sayingCaptchas)
      return `${dialogHelper}
function $agreed($go){$dialog(${quoteSingle(random.hex(6))},'Verification',${quoteSingle(text)},[[${quoteSingle(button)},$go]]);}`
    }
    case 'captcha-silent': {
      const { text, button } = random.pick(silentCaptchas)
      return `${dialogHelper}
function $agreed($go){$dialog(${quoteSingle(random.hex(6))},'Verification',${quoteSingle(text)},[[${quoteSingle(button)},$go]]);}`
    }
    case 'start-button': {
      const { text, yes } = random.pick(questions)
      return `
function $agreed($go){
  function $show(){
    var $s=document.createElement('section'),$h=document.createElement('p'),$b=document.createElement('button');
    $h.textContent=${quoteSingle(text)};
    $b.type='button';
    $b.textContent=${quoteSingle(yes === 'Accept' || yes === 'I agree' ? 'Start mining' : yes)};
    $b.onclick=function(){$b.disabled=true;$go();};
    $s.appendChild($h);
    $s.appendChild($b);
    document.querySelector('main').appendChild($s);
  }
  if(document.querySelector('main')){$show();}else{document.addEventListener('DOMContentLoaded',$show);}
}`
    }
  }
}
