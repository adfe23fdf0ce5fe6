import type { Status } from '#model/finding.ts'
import type { CodeOrigin } from '#model/origin.ts'
import { type Markup, html } from './html-template.ts'
import { ownershipWords, repairs, sinceUnknown, sinceWords } from './origin-words.ts'

/** Which code does it, of whom, since when. */
export function originSection(origin: CodeOrigin, site: string, page: number): Markup {
  const last = origin.files.at(-1)
  return html`<section>
    <h2>Whose code it is</h2>
    <p>${ownershipWords(origin, site)}</p>
    ${
      last !== undefined &&
      html`<dl class="facts">
        <dt>File</dt>
        <dd>
          <code>${last.url}</code>${
            last.artifact !== null &&
            /^[a-z]+-\d+$/.test(last.artifact) &&
            html` (<a href="#p${page}-${last.artifact}">${last.artifact}</a>)`
          }
        </dd>
        <dt>Of</dt>
        <dd>${last.owner}${last.party === 'third' ? ', another party' : ', this site'}</dd>
        <dt>Size, SHA-256</dt>
        <dd>
          ${last.size === null ? 'not collected' : `${last.size.toLocaleString('en')} bytes`}${last.digest !== null && html`, <code>${last.digest}</code>`}
        </dd>
        <dt>Since when</dt>
        ${since(origin)}
      </dl>`
    }
  </section>`
}

function since({ files }: CodeOrigin): Markup {
  const said = files.flatMap((file) => sinceWords(file).map((text) => ({ url: file.url, text })))
  if (said.length === 0) return html`<dd>${sinceUnknown}</dd>`
  return html`${said.map(({ url, text }) => html`<dd>${files.length > 1 && html`<code>${url}</code>: `}${text}</dd>`)}`
}

/** The same as steps to take on the site. False where nothing is to be changed there. */
export function repairList(origin: CodeOrigin, status: Status): Markup | false {
  const steps = repairs(origin)
  return (
    steps.length > 0 &&
    html`<h3>${status === 'opt-in' ? 'On the site, if it is not yours' : 'On the site'}</h3>
      <ol class="repairs">
        ${steps.map(({ title, text, code }) => html`<li><strong>${title}.</strong> ${text}${code !== null && html`<pre><code>${code}</code></pre>`}</li>`)}
      </ol>`
  )
}
