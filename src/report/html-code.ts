import type { Component } from '#model/component.ts'
import type { DeedsByArtifact } from '#model/deed.ts'
import type { Finding } from '#model/finding.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'
import { counted, deedText, loaderOf, ownerOf, thirdParties } from './words.ts'

const shownRows = 400

export interface CodeOnPage {
  components: readonly Component[]
  deeds: DeedsByArtifact
  findings: readonly Finding[]
  /** What the list has to say of itself. */
  gaps: readonly string[]
  /** Number of the page in the report, for the names of places in it. */
  page: number
}

/** All code on the page: what it is, whose it is, who loaded it, what it did. */
export function codeTable({ components, deeds, findings, gaps, page }: CodeOnPage): Markup {
  const named = new Map<string, Finding[]>()
  for (const finding of findings)
    for (const { artifact } of finding.evidence)
      named.set(artifact, [...(named.get(artifact) ?? []).filter((other) => other !== finding), finding])
  // What a finding names comes first: it is what the reader came for.
  const sorted = components.toSorted((a, b) => Number(named.has(b.artifact)) - Number(named.has(a.artifact)))
  const rows = [...Map.groupBy(sorted, (component) => likeness(component, deeds, named)).values()]
  return html`<section>
    <h2>All code on this page</h2>
    ${notWhole(gaps)}
    ${
      components.length === 0
        ? html`<p>${gaps.length === 0 ? 'None was seen.' : 'None was recorded, which does not say that there was none.'}</p>`
        : html`<p>
              ${counted(components.length, 'piece', 'pieces')} of code,
              ${counted(thirdParties(components), 'third party', 'third parties')}${named.size > 0 && '; what a finding names comes first'}.
            </p>
            <table class="code" role="table">
              <thead role="rowgroup">
                <tr role="row">
                  <th scope="col" role="columnheader">Code</th>
                  <th scope="col" role="columnheader">Whose, and who loaded it</th>
                  <th scope="col" role="columnheader">What it did</th>
                </tr>
              </thead>
              <tbody role="rowgroup">
                ${rows.slice(0, shownRows).map((alike) => row(alike, deeds, named, page))}
              </tbody>
            </table>
            ${rows.length > shownRows && html`<p>${counted(rows.length - shownRows, 'more is', 'more are')} in the answer that is kept in the data folder.</p>`}`
    }
  </section>`
}

/** Code of the same octets, of whom nothing else is to be said, stands in one row: a page may start a worker hundreds of times. */
function likeness(component: Component, deeds: DeedsByArtifact, named: ReadonlyMap<string, Finding[]>): string {
  const { artifact, url, digest } = component
  const isPlain = !named.has(artifact) && (deeds[artifact] ?? []).length === 0 && digest !== null
  return isPlain ? JSON.stringify([url || component.slot, digest, loaderOf(component), ownerOf(component)]) : artifact
}

function row(
  [component, ...others]: readonly Component[],
  deeds: DeedsByArtifact,
  named: ReadonlyMap<string, Finding[]>,
  page: number,
): Markup {
  if (component === undefined) return html``
  const found = named.get(component.artifact) ?? []
  const did = deeds[component.artifact] ?? []
  return html`<tr role="row" id="p${page}-${component.artifact}" class="${found.length > 0 ? 'named' : 'plain'}">
    <td role="cell">
      <code>${component.url || component.slot}</code><br /><span class="quiet"
        >${component.artifact}${others.length > 0 && html` and ${others.length} times more${others.map(({ artifact }) => html`<span id="p${page}-${artifact}"></span>`)}`},
        ${component.size === null ? 'size not known' : `${component.size.toLocaleString('en')} bytes`}<br /><code class="digest"
          >${component.digest ?? 'its octets were not collected'}</code
        ></span
      >
    </td>
    <td role="cell">${ownerOf(component)}<br /><span class="quiet">${loaderOf(component)}</span></td>
    <td role="cell">
      ${found.map(({ title, kind }) => html`<strong class="${kind === 'mining' ? 'bad' : 'unknown'}">${title}</strong><br />`)}
      ${did.length === 0 ? html`<span class="quiet">nothing that was traced to it</span>` : did.map((deed) => html`${deedText(deed)}<br />`)}
    </td>
  </tr>`
}
