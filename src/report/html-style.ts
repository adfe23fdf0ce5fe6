import { Markup } from './html-template.ts'

/** Colours are chosen for a contrast of at least 4.5:1 in both schemes (WCAG 2.2, 1.4.3). */
export const stylesheet = new Markup(`
:root { color-scheme: light dark; --ink: #1c2126; --quiet: #57606a; --paper: #ffffff; --line: #d0d7de; --soft: #f3f5f7;
  --bad: #a40e26; --warn: #7a4d00; --good: #116329; --unknown: #0a4d8c; --link: #0a4d8c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9da7b1; --paper: #0f1419; --line: #343b43; --soft: #1a2027;
  --bad: #ff8f8f; --warn: #f0b252; --good: #6fdd8b; --unknown: #7cc0ff; --link: #7cc0ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper); }
main, footer { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 1rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1rem 0 .1rem; overflow-wrap: anywhere; }
p, ul, ol, dl { margin: .4rem 0; }
p, li, dd, td { overflow-wrap: anywhere; }
a { color: var(--link); }
code { font: .9em ui-monospace, "Liberation Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
article + article { margin-top: 3rem; border-top: 3px solid var(--line); }
.verdict { font-size: 1.15rem; margin: 1rem 0; }
.badge { white-space: nowrap; display: inline-block; padding: 0 .5em; border: 2px solid; border-radius: .3em; font-size: .85em; }
.bad { color: var(--bad); } .warn { color: var(--warn); } .good { color: var(--good); } .unknown { color: var(--unknown); }
.quiet { color: var(--quiet); font-size: .9rem; }
.error { color: var(--bad); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
.facts dt { color: var(--quiet); grid-column: 1; } .facts dd { margin: 0; grid-column: 2; }
.screenshot { max-width: 100%; max-height: 32rem; border: 1px solid var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.short { white-space: nowrap; }
.chain { display: grid; grid-template-columns: minmax(0, 382px) minmax(0, 1fr); gap: 1.5rem; align-items: start; margin: .75rem 0; }
.chain svg { max-width: 100%; height: auto; }
.chain ol { margin: 0; padding-left: 1.4rem; } .chain li { margin-bottom: .6rem; } .chain li > span:last-child { display: block; }
.chain rect { fill: var(--soft); stroke: var(--line); } .chain rect.third { stroke: var(--warn); stroke-width: 2; } .chain rect.end { stroke: var(--bad); stroke-width: 2; }
.chain text { fill: var(--ink); font: 13px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; } .chain text.name { font-weight: 600; font-size: 14px; } .chain text.how { fill: var(--quiet); }
.chain .arrow { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
.tree, .tree ul { list-style: none; margin: 0; padding: 0; } .tree { font-size: .9rem; margin-top: .6rem; }
.tree ul { margin-left: .55rem; border-left: 1px solid var(--line); }
.tree li li { position: relative; padding-left: 1.1rem; } .tree li li::before { content: ""; position: absolute; left: 0; top: .95rem; width: .8rem; border-top: 1px solid var(--line); }
.tree li li:last-child::after { content: ""; position: absolute; left: -2px; top: calc(.95rem + 1px); bottom: 0; border-left: 3px solid var(--paper); }
.tree .node { display: inline-block; margin: .12rem 0; padding: .05rem .5rem; border-left: 3px solid var(--line); background: var(--soft); overflow-wrap: anywhere; }
.tree .third { border-left-color: var(--warn); } .tree .end { border-left-color: var(--bad); outline: 1px solid var(--bad); }
pre { margin: .3rem 0; padding: .5rem .7rem; background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; } .repairs li { margin-bottom: .6rem; }
.thread { margin: .8rem 0; } .thread p { margin: .1rem 0; }
.thread svg { display: block; width: 100%; height: 2.5rem; background: var(--soft); }
.thread rect { fill: var(--unknown); } .thread.busy rect { fill: var(--bad); } .thread line { stroke: var(--line); }
summary { cursor: pointer; color: var(--link); margin: .4rem 0; }
.axis { display: flex; justify-content: space-between; margin: 0; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table.code { table-layout: fixed; } table.code th:nth-child(1) { width: 46%; } table.code th:nth-child(2) { width: 25%; }
.code tr.named td { background: var(--soft); } .code tr:target td { outline: 2px solid var(--link); } .code .digest { font-size: .72rem; }
.dialogue { font-size: .85rem; } .dialogue td { font-family: ui-monospace, "Liberation Mono", monospace; }
@media (max-width: 40rem) { .facts, .chain { grid-template-columns: minmax(0, 1fr); } .facts dt { margin-top: .4rem; } .facts dd { grid-column: 1; }
  table.code, table.code tbody, table.code tr, table.code td { display: block; } table.code thead { position: absolute; clip-path: inset(50%); }
  table.code tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } table.code td { border: 0; padding: .15rem 0; } }
@media print { body { font-size: 11pt; } article { break-before: page; } article:first-of-type { break-before: auto; } }
`)
