import type { Component } from '#model/component.ts'
import type { ChainLink } from '#model/observation.ts'
import { type Markup, html } from './html-template.ts'
import { shorten, shortUrl } from './shorten.ts'
import { ownerName } from './words.ts'

const box = { width: 380, height: 58, gap: 34, left: 1 }

/** The way from the page to the miner, top to bottom: drawn, and beside it as a list with nothing cut. */
export function loadChain(chain: readonly ChainLink[], components: readonly Component[], page: string): Markup {
  const byArtifact = new Map(components.map((component) => [component.artifact, component]))
  let isThird = false
  const steps = chain.map((link) => {
    const told = whose(link, byArtifact.get(link.artifact ?? ''), page, isThird)
    isThird = told.isThird
    return { link, ...told }
  })
  const height = steps.length * (box.height + box.gap) - box.gap + 2
  return html`<div class="chain">
    <svg
      viewBox="0 0 ${box.width + 2} ${height}"
      width="${box.width + 2}"
      height="${height}"
      role="img"
      aria-label="From the page to the miner in ${steps.length} steps; the list beside it says the same"
    >
      ${steps.map(({ link, owner, isThird }, i) => {
        const top = 1 + i * (box.height + box.gap)
        const style = i === steps.length - 1 ? 'end' : isThird ? 'third' : 'own'
        const middle = box.width / 2
        return html`${i > 0 && html`<path class="arrow" d="M${middle} ${top - box.gap} V${top - 3} m-5 -8 l5 8 l5 -8" /><text class="how" x="${middle + 12}" y="${top - box.gap / 2 + 3}">${shorten(link.how, 30)}</text>`}
          <rect class="${style}" x="${box.left}" y="${top}" width="${box.width}" height="${box.height}" rx="5" /><text
            class="name"
            x="12"
            y="${top + 23}"
            >${shortUrl(link.url, 42)}</text
          ><text class="how" x="12" y="${top + 44}">${shorten(`${kindOf(link)}, ${owner}`, 50)}</text>`
      })}
    </svg>
    <ol>
      ${steps.map(
        ({ link, owner }) =>
          html`<li>
            <span class="quiet">${link.how}</span> <code>${link.url}</code>
            <span class="quiet">${link.artifact ?? 'the page'}, ${owner}</span>
          </li>`,
      )}
    </ol>
  </div>`
}

const kinds: readonly [RegExp, string][] = [
  [/^(script|req)-/, 'script'],
  [/^worker-/, 'worker'],
  [/^wasm-/, 'WebAssembly'],
  [/^ws-/, 'socket'],
  [/^transport-/, 'connection'],
  [/^frame-/, 'frame'],
  [/^cpu-/, 'thread'],
  [/^gpu-/, 'shader'],
]

function kindOf(link: ChainLink): string {
  return link.artifact === null ? 'page' : (kinds.find(([form]) => form.test(link.artifact ?? ''))?.[1] ?? 'code')
}

/** What is made while the page runs has no host of its own: it is of whoever made it. */
function whose(
  link: ChainLink,
  component: Component | undefined,
  page: string,
  isMakerThird: boolean,
): { owner: string; isThird: boolean } {
  if (component !== undefined && component.party !== 'inline') {
    const isThird = component.party === 'third'
    return { owner: isThird ? `of ${ownerName(component)}, another party` : "the site's own", isThird }
  }
  if (/^(wasm|blob|data):/i.test(link.url)) return { owner: 'made by the step before', isThird: isMakerThird }
  const host = URL.parse(link.url)?.hostname ?? ''
  const own = URL.parse(page)?.hostname ?? ''
  return host === '' || host === own ? { owner: "in the site's own", isThird: false } : { owner: `of ${host}`, isThird: true }
}
