import { type Digest, sha256 } from '#model/digest.ts'
import type { World } from '../lab.ts'
import { Assembly, i32 } from '../machine/program.ts'
import { smallModule } from '../ordinary/content.ts'
import { Random } from '../random.ts'
import { type LabSite, type SitePlan, type SiteTruth, emptyPlan, expected, html, script, truthWithoutMiner, wasm } from '../site/site.ts'

/** Where the probe opens a socket and runs a module. */
export const probePlaces = [
  'page',
  'cross-site-frame',
  'nested-cross-site-frame',
  'data-frame',
  'srcdoc-frame',
  'worker-url',
  'worker-blob',
  'worker-data',
  'worker-nested',
  'shared-worker',
  'service-worker',
] as const
export type ProbePlace = (typeof probePlaces)[number]

export const probeHosts = { page: 'probe.lab', frame: 'probe-frame.lab', inner: 'probe-inner.lab', echo: 'probe-echo.lab' } as const

export interface ProbeTruth extends SiteTruth {
  sockets: { place: ProbePlace; url: string; sent: string[]; received: string[] }[]
  modules: { place: ProbePlace; digest: Digest; size: number }[]
  /** The page's title when all places have reported. */
  doneTitle: string
}

/** Modules that come by `instantiateStreaming`; the others are built from a buffer. */
const streamed: ReadonlySet<ProbePlace> = new Set(['page', 'nested-cross-site-frame', 'worker-url', 'service-worker'])
const doneTitle = `probe done ${probePlaces.length}/${probePlaces.length}`

function moduleOf(place: ProbePlace, seed: number): Uint8Array<ArrayBuffer> {
  const assembly = new Assembly()
  const answer = probePlaces.indexOf(place) + 1
  const run = assembly.function('answer', { params: 1, result: true }, (f, n) => {
    if (n) f.return(n.mul(1000).add(i32(answer)))
  })
  return smallModule(assembly, run, 'answer', new Random(`probe/${seed}/${place}`))
}

const framesSent = (place: ProbePlace): string[] => [`${place} says one`, `${place} says two`]
const socketUrl = (place: ProbePlace): string => `wss://${probeHosts.echo}/echo/${place}`

/** One page with eleven sockets and eleven modules of distinct bytes, each in another kind of context. It says in its title when all are done. */
export function probeWorld(seed: number): World {
  const modules = new Map(probePlaces.map((place) => [place, moduleOf(place, seed)]))
  const site: LabSite = {
    key: '00000000',
    host: probeHosts.page,
    url: `https://${probeHosts.page}/`,
    truth: (week) => probeTruth(week, modules),
    plan: () => probePlan(modules),
    fault: () => null,
    otherHosts: () => [probeHosts.frame, probeHosts.inner, probeHosts.echo],
  }
  return { seed, weeks: 1, sites: [site] }
}

export function isProbeTruth(truth: SiteTruth | undefined): truth is ProbeTruth {
  return truth !== undefined && 'doneTitle' in truth
}

function probeTruth(week: number, modules: Map<ProbePlace, Uint8Array>): ProbeTruth {
  return {
    ...truthWithoutMiner({ week, host: probeHosts.page, content: 'probe', expected: expected(), tags: ['probe'] }),
    sockets: probePlaces.map((place) => ({
      place,
      url: socketUrl(place),
      sent: framesSent(place),
      received: framesSent(place).map((text) => `echo of ${text}`),
    })),
    modules: [...modules].map(([place, bytes]) => ({ place, digest: sha256(bytes), size: bytes.length })),
    doneTitle,
  }
}

/** Script for one place: both tasks, then `report(place, ok)`. */
function taskText(place: ProbePlace, bytes: Uint8Array, report: string): string {
  const source = streamed.has(place)
    ? `WebAssembly.instantiateStreaming(fetch("https://${probeHosts.page}/module/${place}.wasm"),{})`
    : `WebAssembly.instantiate(Uint8Array.from(atob("${Buffer.from(bytes).toString('base64')}"),function(c){return c.charCodeAt(0)}),{})`
  return `(function(){
var left=2;
function done(){if(--left===0){${report}}}
${source}.then(function(made){self.probeInstance=made.instance;if(made.instance.exports.answer(1)===${1000 + probePlaces.indexOf(place) + 1})done()});
var texts=${JSON.stringify(framesSent(place))},got=0,socket=new WebSocket("${socketUrl(place)}");
self.probeSocket=socket;
socket.onopen=function(){texts.forEach(function(text){socket.send(text)})};
socket.onmessage=function(event){if(event.data==="echo of "+texts[got]&&++got===texts.length)done()};
})();`
}

const toTop = (place: ProbePlace): string => `top.postMessage({probe:"${place}"},"*")`
const toParent = (place: ProbePlace): string => `self.postMessage({probe:"${place}"})`
const inlineScript = (text: string): string => `<script>${text}</script>`

function probePlan(modules: Map<ProbePlace, Uint8Array>): SitePlan {
  const plan = emptyPlan()
  const bytesOf = (place: ProbePlace): Uint8Array => modules.get(place) ?? new Uint8Array()
  const task = (place: ProbePlace, report: string): string => taskText(place, bytesOf(place), report)
  const { page, frame, inner, echo } = probeHosts
  for (const place of probePlaces) {
    if (streamed.has(place))
      plan.resources.set(
        `${page}/module/${place}.wasm`,
        wasm(() => bytesOf(place)),
      )
    plan.sockets.set(`${echo}/echo/${place}`, (peer) => peer.onMessage((message) => peer.send(`echo of ${String(message)}`)))
  }
  plan.resources.set(
    `${frame}/`,
    html(
      () =>
        `<!doctype html><title>Frame</title>${inlineScript(task('cross-site-frame', toTop('cross-site-frame')))}<iframe src="https://${inner}/"></iframe>`,
    ),
  )
  plan.resources.set(
    `${inner}/`,
    html(() => `<!doctype html><title>Inner</title>${inlineScript(task('nested-cross-site-frame', toTop('nested-cross-site-frame')))}`),
  )
  plan.resources.set(
    `${page}/worker.js`,
    script(() => task('worker-url', toParent('worker-url'))),
  )
  plan.resources.set(
    `${page}/nesting.js`,
    script(() => `self.probeInner=new Worker("/nested.js");self.probeInner.onmessage=function(event){self.postMessage(event.data)};`),
  )
  plan.resources.set(
    `${page}/nested.js`,
    script(() => task('worker-nested', toParent('worker-nested'))),
  )
  // Named anew by every page load, so that several loads in one profile have one each.
  plan.resources.set(
    `${page}/shared.js`,
    script(
      () => `${task('shared-worker', 'self.probeDone=true;(self.probePorts||[]).forEach(function(port){port.postMessage({probe:"shared-worker"})})')}
self.onconnect=function(event){var port=event.ports[0];(self.probePorts=self.probePorts||[]).push(port);port.start();if(self.probeDone)port.postMessage({probe:"shared-worker"})};`,
    ),
  )
  plan.resources.set(
    `${page}/service.js`,
    script(
      () => `var finish,finished=new Promise(function(resolve){finish=resolve});
${task('service-worker', 'finish()')}
self.addEventListener("install",function(event){self.skipWaiting();event.waitUntil(finished)});
self.addEventListener("message",function(event){var port=event.ports[0];event.waitUntil(finished.then(function(){port.postMessage({probe:"service-worker"})}))});`,
      { headers: { 'cache-control': 'no-store', 'service-worker-allowed': '/' } },
    ),
  )
  plan.resources.set(
    `${page}/`,
    html(() => pageText(task)),
  )
  return plan
}

function pageText(task: (place: ProbePlace, report: string) => string): string {
  const frameText = (place: ProbePlace): string => `<!doctype html><title>${place}</title>${inlineScript(task(place, toTop(place)))}`
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  return `<!doctype html>
<html lang=en><head><meta charset=utf-8><title>probe 0/${probePlaces.length}</title></head><body><h1>Probe</h1><ul></ul>
<script>
var reported={};
function report(place){
  if(reported[place])return;
  reported[place]=true;
  var item=document.createElement("li");item.textContent=place;document.querySelector("ul").appendChild(item);
  var count=Object.keys(reported).length;
  document.title=count===${probePlaces.length}?"${doneTitle}":"probe "+count+"/${probePlaces.length}";
  if(count===${probePlaces.length})console.log("${doneTitle}");
}
function hear(event){if(event.data&&event.data.probe)report(event.data.probe)}
addEventListener("message",hear);
var load=Math.random().toString(36).slice(2)+Date.now().toString(36);
var kept=[new Worker("/worker.js"),new Worker("/nesting.js"),
  new Worker(URL.createObjectURL(new Blob([atob("${encoded(task('worker-blob', toParent('worker-blob')))}")],{type:"text/javascript"}))),
  new Worker("data:text/javascript;base64,${encoded(task('worker-data', toParent('worker-data')))}")];
kept.forEach(function(worker){worker.onmessage=hear});
var shared=new SharedWorker("/shared.js?load="+load,"probe-"+load);
shared.port.onmessage=hear;
shared.port.start();
navigator.serviceWorker.register("/service.js?load="+load,{scope:"/service/"+load+"/"}).then(function(registration){
  var worker=registration.installing||registration.waiting||registration.active,channel=new MessageChannel();
  channel.port1.onmessage=hear;
  worker.postMessage({hello:1},[channel.port2]);
});
${task('page', 'report("page")')}
</script>
<iframe src="https://${probeHosts.frame}/"></iframe>
<iframe src="data:text/html;base64,${encoded(frameText('data-frame'))}"></iframe>
<iframe srcdoc="${frameText('srcdoc-frame').replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></iframe>
</body></html>`
}
