import { type Attack, page, script } from './attack.ts'

/** What turns the browser's own windows, addresses and tools against the visit. */
export const browserAttacks: readonly Attack[] = [
  { kind: 'dialogs in a loop', name: 'alerts', page: script('for (;;) alert("again")') },
  {
    kind: 'dialogs in a loop',
    name: 'dialogs',
    page: script('setTimeout(() => { for (let i = 0; i < 60; i++) { alert(i); confirm(i); prompt(i) } }, 100)'),
  },
  {
    kind: 'beforeunload',
    name: 'stay',
    page: script(
      'onbeforeunload = (event) => { event.preventDefault(); for (;;) event.returnValue = "stay" }; setInterval(() => { location.reload() }, 50)',
    ),
  },
  {
    kind: 'beforeunload',
    name: 'unload',
    page: script(
      'onbeforeunload = (event) => { event.preventDefault(); return "stay" }; setTimeout(() => { location = "/unload?left" }, 300)',
    ),
  },
  {
    kind: 'popups',
    name: 'popups',
    page: page(
      '<button onclick="more()">ok</button><script>const more = () => { for (let i = 0; i < 50; i++) open("/popup?" + i, "w" + i) }; more(); setTimeout(more, 500)</script>',
    ),
    more: { '/popup': script('for (let i = 0; i < 10; i++) open("/popup?" + Math.random()); for (;;);') },
  },
  {
    kind: 'print',
    name: 'print',
    page: script('setTimeout(() => { for (let i = 0; i < 20; i++) window.print(); document.title = "printed" }, 100)'),
  },
  { kind: 'print', name: 'print-always', page: script('onafterprint = () => print(); setInterval(() => print(), 10); print()') },
  {
    kind: 'addresses of the machine',
    name: 'elsewhere',
    page: script(
      'setTimeout(() => { location = "file:///etc/passwd" }, 50); setTimeout(() => { location = "chrome://settings" }, 100); setTimeout(() => { location = "view-source:https://bad.lab/elsewhere" }, 150); setTimeout(() => { location = "devtools://devtools/bundled/inspector.html" }, 200)',
    ),
  },
  {
    kind: 'addresses of the machine',
    name: 'local',
    page: page(
      '<iframe src="file:///etc/passwd"></iframe><iframe src="chrome://version"></iframe><script>fetch("file:///etc/passwd").catch(() => 0); open("chrome://crash"); setTimeout(() => { location = "chrome://version" }, 100)</script>',
    ),
  },
  {
    kind: 'addresses of the machine',
    name: 'redirect-local',
    page: (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  },
  {
    kind: 'debugger in a loop',
    name: 'debugger',
    page: script('new Worker("data:text/javascript,for(;;)debugger"); setTimeout(() => { for (;;) debugger }, 50)'),
  },
  { kind: 'debugger in a loop', name: 'debugger-timer', page: script('setInterval(() => { debugger }, 5)') },
  {
    kind: 'finds and floods DevTools',
    name: 'console',
    page: script(
      'const huge = "y".repeat(1 << 20); setTimeout(() => { for (let i = 0; i < 200000; i++) console.log(i, huge, { deep: { i } }, document) }, 50)',
    ),
  },
  {
    kind: 'finds and floods DevTools',
    name: 'flood',
    page: script(
      'const huge = "y".repeat(1 << 16); setInterval(() => { for (let i = 0; i < 2000; i++) console.log(i, huge, { deep: { i } }, document) }, 1)',
    ),
  },
  {
    kind: 'finds and floods DevTools',
    name: 'errors',
    page: script('setInterval(() => { for (let i = 0; i < 500; i++) Promise.reject(new Error("z".repeat(100000))) }, 1)'),
  },
  {
    kind: 'finds and floods DevTools',
    name: 'devtools',
    page: script(`
let found = false
const bait = document.createElement('div'); Object.defineProperty(bait, 'id', { get() { found = true; return 'bait' } })
const mistake = new Error(); Object.defineProperty(mistake, 'stack', { get() { found = true; return '' } })
const pattern = /x/; pattern.toString = () => { found = true; return 'x' }
setInterval(() => {
  console.log(bait); console.debug(mistake); console.table([bait]); console.dir(pattern)
  const before = performance.now(); debugger; if (performance.now() - before > 100) found = true
  if (outerWidth - innerWidth > 200 || outerHeight - innerHeight > 300) found = true
  if (found) { document.title = 'found'; for (;;) { console.clear(); console.log('%c ', 'font-size:1px', 'z'.repeat(1e6)); debugger } }
}, 100)`),
  },
  {
    kind: 'asks for permissions',
    name: 'fullscreen',
    page: script(
      'setInterval(() => { document.documentElement.requestFullscreen().catch(() => 0); document.documentElement.requestPointerLock(); navigator.clipboard.readText().catch(() => 0); Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => 0); navigator.mediaDevices.getUserMedia({ video: true }).catch(() => 0) }, 5)',
    ),
  },
]
