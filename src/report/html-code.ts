import type { Component } from '#model/component.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'

const shownRows = 500

/** All code on the page: whose it is, who loaded it, what it is. `gaps`: what the list has to say of itself. */
export function codeTable(components: readonly Component[], gaps: readonly string[]): Markup {
  return html`<section>
    <h2>All code on this page</h2>
    ${notWhole(gaps)}
    ${
      components.length === 0
        ? html`<p>${gaps.length === 0 ? 'None was seen.' : 'None was recorded, which does not say that there was none.'}</p>`
        : html`<p>
              ${components.length} pieces of code,
              ${new Set(components.filter((component) => component.party === 'third').map((component) => component.registrableDomain ?? component.host)).size}
              third parties.
            </p>
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Code</th>
                    <th scope="col">Whose</th>
                    <th scope="col">Loaded by</th>
                    <th scope="col" class="number">Bytes</th>
                    <th scope="col">SHA-256</th>
                  </tr>
                </thead>
                <tbody>
                  ${components.slice(0, shownRows).map(
                    (component) =>
                      html`<tr>
                        <td><code>${component.url || component.slot}</code><br /><span class="quiet">${component.artifact}</span></td>
                        <td>${owner(component)}</td>
                        <td>${loader(component)}</td>
                        <td class="number">${component.size ?? '?'}</td>
                        <td><code>${component.digest?.slice(7, 23) ?? 'not collected'}</code></td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>
            ${components.length > shownRows && html`<p>${components.length - shownRows} more are in the JSON.</p>`}`
    }
  </section>`
}

function owner(component: Component): string {
  if (component.party === 'inline') return "the page's own"
  const name = component.entity?.name ?? component.registrableDomain ?? component.host
  return component.party === 'first' ? `${name} (this site)` : name
}

function loader(component: Component): Markup {
  const by = component.chain.at(-1)
  return html`${by ? html`<code>${by}</code>` : 'the page'}${component.chain.length > 2 && html`<br /><span class="quiet">${component.chain.length} steps from the page</span>`}`
}
