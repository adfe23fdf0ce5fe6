import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Component } from '#model/component.ts'
import { type LoadNode, loadTree } from './load-tree.ts'

const page = 'https://shop.example/'
const codeAt = (url: string, chain: string[] = [page], more: Partial<Component> = {}): Component => ({
  slot: url,
  artifact: `script-${url.length}${url.charCodeAt(8)}`,
  url,
  host: URL.parse(url)?.hostname ?? '',
  registrableDomain: URL.parse(url)?.hostname ?? '',
  party: url.startsWith(page) ? 'first' : 'third',
  entity: null,
  digest: null,
  size: 1,
  chain,
  ...more,
})

/** Each line of the tree as `depth kind address`. */
function lines(node: LoadNode, depth = 0): string[] {
  const text = node.kind === 'rest' ? `${node.count} more of ${node.owner}` : node.url || String(node.count)
  return [
    `${'  '.repeat(depth)}${node.kind} ${text}${node.isOnTheWay ? ' !' : ''}`,
    ...node.children.flatMap((child) => lines(child, depth + 1)),
  ]
}
const drawn = (components: Component[], more: { named?: string[]; frames?: { url: string; loader: string }[] } = {}): string[] =>
  lines(loadTree(page, { components, frames: more.frames ?? [], deeds: {}, named: new Set(more.named ?? []) }))

const library = 'https://cdn.example/lib.js'
const plugin = 'https://plugin.example/p.js'
const cases: Record<string, { components: Component[]; more?: Parameters<typeof drawn>[1]; says: string[] }> = {
  'a page without code': { components: [], says: ['page https://shop.example/'] },
  'code stands below what loaded it, whichever was listed first': {
    components: [codeAt(plugin, [page, library]), codeAt(library)],
    says: ['page https://shop.example/', `  script ${library}`, `    script ${plugin}`],
  },
  'the way to what a finding names comes first and is marked': {
    components: [
      codeAt(library),
      codeAt('https://z.example/z.js'),
      codeAt(plugin, [page, 'https://z.example/z.js'], { artifact: 'script-9' }),
    ],
    more: { named: ['script-9'] },
    says: ['page https://shop.example/ !', '  script https://z.example/z.js !', `    script ${plugin} !`, `  script ${library}`],
  },
  'inline scripts of one place are told as a number': {
    components: [1, 2, 3].map((n) => codeAt(page, [page], { party: 'inline', artifact: `script-${n}` })),
    says: ['page https://shop.example/', '  inline 3'],
  },
  'many of one owner are told as a number': {
    components: Array.from({ length: 9 }, (_, i) => codeAt(`https://cdn.example/${i}.js`, [page], { artifact: `script-${i}` })),
    says: ['page https://shop.example/', ...[0, 1, 2].map((i) => `  script https://cdn.example/${i}.js`), '  rest 6 more of cdn.example'],
  },
  'frames without code are shown too, below the script that made them': {
    components: [codeAt(library)],
    more: {
      frames: [
        { url: 'https://ads.example/f', loader: library },
        { url: 'https://video.example/', loader: page },
      ],
    },
    says: ['page https://shop.example/', `  script ${library}`, '    frame https://ads.example/f', '  frame https://video.example/'],
  },
  'a loop of loaders ends': {
    components: [codeAt(library, [page, plugin, library, plugin])],
    says: ['page https://shop.example/', `  frame ${plugin}`, `    script ${library}`],
  },
}

describe("a page's load chain", () => {
  for (const [name, { components, more, says }] of Object.entries(cases)) it(name, () => assert.deepEqual(drawn(components, more), says))

  it('is bounded, and loses no piece of code from its numbers', () => {
    const url = fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `https://h${i % 12}.example/${i}.js`))
    const component = fc.record({ url, chain: fc.array(url, { maxLength: 12 }) })
    fc.assert(
      fc.property(fc.array(component, { maxLength: 300 }), (made) => {
        const components = made.map(({ url: at, chain }, i) => codeAt(at, [page, ...chain], { artifact: `script-${i}` }))
        const root = loadTree(page, { components, frames: [], deeds: {}, named: new Set() })
        const all = (node: LoadNode): LoadNode[] => [node, ...node.children.flatMap(all)]
        assert.ok(all(root).length <= 61 + 2 * 61)
        assert.ok(all(root).reduce((sum, { count }) => sum + count, 0) >= components.length)
      }),
      { numRuns: 100 },
    )
  })
})
