import { type Attack, page, script } from './attack.ts'

const framesDeep =
  'const deep = (of, n) => { if (n === 0) return; const inner = of.createElement("iframe"); of.body.append(inner); deep(inner.contentDocument, n - 1) }'
const liar = [
  'Object.prototype.toJSON = () => { for (;;); }; JSON.stringify = () => { throw 1 }; Array.prototype.map = () => { for (;;); }',
  'Object.defineProperty(document, "title", { get() { for (;;); } }); Object.defineProperty(Node.prototype, "textContent", { get() { for (;;); } })',
  'Object.defineProperty(Element.prototype, "outerHTML", { get() { for (;;); } }); Object.defineProperty(Element.prototype, "innerText", { get() { for (;;); } })',
  'Promise.prototype.then = () => { for (;;); }; document.querySelectorAll = () => { for (;;); }; String.prototype.slice = () => { for (;;); }',
  'Object.defineProperty(self, "localStorage", { get() { for (;;); } }); self.requestAnimationFrame = () => { throw 1 }',
].join('; ')

/** What a page's document can be or become. */
export const documentAttacks: readonly Attack[] = [
  {
    kind: 'huge document',
    name: 'dom',
    page: script(
      'const all = document.createDocumentFragment(); for (let i = 0; i < 1000000; i++) all.append(document.createElement("p")); document.body.append(all)',
    ),
  },
  {
    kind: 'huge document',
    name: 'deep-dom',
    page: script(
      'let at = document.body; for (let i = 0; i < 100000; i++) { const inner = document.createElement("b"); at.append(inner); at = inner }',
    ),
  },
  { kind: 'huge document', name: 'text', page: script('document.body.append("word ".repeat(20000000))') },
  {
    kind: 'huge document',
    name: 'huge-page',
    page: script(
      'document.body.style.height = "30000000px"; document.body.style.width = "30000000px"; document.body.style.background = "repeating-conic-gradient(red 0 1deg, blue 0 2deg)"; document.body.style.filter = "blur(500px)"',
    ),
  },
  {
    kind: 'many frames',
    name: 'nested',
    page: script(
      `${framesDeep}; deep(document, 200); for (let i = 0; i < 400; i++) { const f = document.createElement("iframe"); f.srcdoc = "<script>1</scr" + "ipt>"; document.body.append(f) }`,
    ),
  },
  {
    kind: 'many frames',
    name: 'mirror',
    page: page(
      '<iframe src="/mirror?a"></iframe><iframe src="/mirror?b"></iframe><script>for (let i = 0; i < 3; i++) { const f = document.createElement("iframe"); f.src = "/mirror?" + Math.random(); document.body.append(f) }</script>',
    ),
  },
  {
    kind: 'never settles',
    name: 'history',
    page: script(
      'setTimeout(() => { for (let i = 0; i < 200000; i++) try { history.pushState({ i }, "", "?" + i) } catch {} }, 20); setInterval(() => { for (let i = 0; i < 100; i++) location.hash = Math.random() }, 1)',
    ),
  },
  { kind: 'never settles', name: 'again', page: script('location = "/again?" + Math.random()') },
  {
    kind: 'never settles',
    name: 'again-loaded',
    page: script('onload = () => setTimeout(() => { location = "/again-loaded?" + Math.random() }, 0)'),
  },
  {
    kind: 'never settles',
    name: 'refresh',
    page: {
      type: 'text/html',
      headers: { refresh: '0; url=/refresh' },
      body: () => '<h1>A page that is asked for again as soon as it has come to you</h1>',
    },
  },
  { kind: 'lies about the language', name: 'liar', page: script(liar) },
]
