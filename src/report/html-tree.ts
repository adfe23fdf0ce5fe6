import type { Component } from '#model/component.ts'
import type { DeedsByArtifact } from '#model/deed.ts'
import type { Finding } from '#model/finding.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'
import { type LoadedFrame, type LoadNode, loadTree } from './load-tree.ts'
import { counted, ownersWords } from './words.ts'
import { shortUrl } from './shorten.ts'

export interface LoadedCode {
  url: string
  components: readonly Component[]
  deeds: DeedsByArtifact
  findings: readonly Finding[]
  /** Frames within it, those that run no code too. */
  frames: readonly LoadedFrame[]
  gaps: readonly string[]
  page: number
}

/** The page's load chain, drawn as a tree: nested lists, so that it reads aloud as it looks. */
export function treeSection({ url, components, deeds, findings, frames, gaps, page }: LoadedCode): Markup | false {
  if (components.length === 0 && frames.length === 0) return false
  const named = new Set(
    findings.filter(({ kind }) => kind === 'mining').flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)),
  )
  const root = loadTree(url, { components, frames, deeds, named })
  return html`<section>
    <h2>What the page loads, and what loads what</h2>
    ${notWhole(gaps)}
    <p>${ownersWords(components)}</p>
    <ul class="tree">
      ${branch(root, page)}
    </ul>
  </section>`
}

function branch(node: LoadNode, page: number): Markup {
  return html`<li>
    <span class="node ${node.isOnTheWay ? 'end' : node.party === 'third' ? 'third' : 'own'}">${label(node, page)}</span>
    ${
      node.children.length > 0 &&
      html`<ul>
        ${node.children.map((child) => branch(child, page))}
      </ul>`
    }
  </li>`
}

const mark = (node: LoadNode): string => (node.isOnTheWay && node.kind !== 'page' ? ', on the way to the miner' : '')

function label(node: LoadNode, page: number): Markup {
  const owner = node.party === 'third' && node.owner !== '' ? `, of ${node.owner}` : ''
  switch (node.kind) {
    case 'page':
      return html`<strong>the page</strong> <code>${shortUrl(node.url, 90)}</code>`
    case 'rest':
      return html`<span class="quiet"
        >${node.count} more${node.party === 'third' ? `, of ${node.owner}` : node.party === 'first' ? ", the site's own" : ', inline'}</span
      >`
    case 'inline':
      return html`${link(node, page, counted(node.count, 'inline script', 'inline scripts'))}<span class="quiet">${mark(node)}</span>`
    case 'module':
      return html`${link(node, page, counted(node.count, 'WebAssembly module', 'WebAssembly modules'))}<span class="quiet"
          >${owner}${mark(node)}</span
        >`
    case 'socket':
      return html`<span class="quiet">socket to</span> <code>${shortUrl(node.url, 90)}</code>`
    default:
      return html`${node.kind === 'script' ? '' : html`<span class="quiet">${node.kind}</span> `}${link(node, page, shortUrl(node.url, 90))}<span
          class="quiet"
          >${owner}${mark(node)}</span
        >`
  }
}

function link(node: LoadNode, page: number, text: string): Markup {
  const shown = node.kind === 'inline' || node.kind === 'module' ? html`${text}` : html`<code>${text}</code>`
  return node.artifact !== null && /^[a-z]+-\d+$/.test(node.artifact) ? html`<a href="#p${page}-${node.artifact}">${shown}</a>` : shown
}
