import { artifacts, type Capture } from '#model/capture.ts'
import type { ErrorRecord } from '#model/errors.ts'
import type { Gap } from '#model/gap.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { Markup, html } from './html-template.ts'
import { allGaps, gapsOfPage, neverCame, partGaps } from './gaps.ts'
import { notWhole } from './html-gaps.ts'
import { stylesheet } from './html-style.ts'
import { codeTable } from './html-code.ts'
import { loadChain } from './html-chain.ts'
import { originSection, repairList } from './html-origin.ts'
import { treeSection } from './html-tree.ts'
import type { LoadedFrame } from './load-tree.ts'
import { threadChart } from './html-threads.ts'
import { socketSection } from './html-sockets.ts'
import { askedLines, ownFindings, visitLines, visitOf } from './visits.ts'
import { behind, clockText, counted, miningFacts, statusWords, trackerWords } from './words.ts'

/** One self-contained file: no script, nothing loaded from anywhere, everything of the page escaped or an image. */
export function htmlReport(pages: readonly ReportedPage[], version: string): string {
  const first = pages[0]
  const title =
    pages.length === 1 && first
      ? `Assay: ${statusWords[first.observation.conclusion.status].label.toLowerCase()}: ${nameOf(first)}`
      : `Assay: ${pages.length} pages`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${stylesheet}
        </style>
      </head>
      <body>
        <main>${pages.length > 1 && overview(pages)} ${pages.map((page, i) => pageSection(page, i))}</main>
        <footer>
          <p>
            Written by Assay ${version}. A visit shows what one browser saw at one time: what is listed under “What was not seen” could hold
            more.
          </p>
        </footer>
      </body>
    </html> `.text
}

function overview(pages: readonly ReportedPage[]): Markup {
  return html`<section>
    <h1>${pages.length} pages</h1>
    <div class="scroll" tabindex="0" role="region" aria-label="All pages">
      <table>
        <thead>
          <tr>
            <th scope="col">Page</th>
            <th scope="col">Answer</th>
            <th scope="col">In a sentence</th>
          </tr>
        </thead>
        <tbody>
          ${pages.map(
            (page, i) =>
              html`<tr>
                <td><a href="#page-${i}">${nameOf(page)}</a></td>
                <td>${badge(page.observation)}</td>
                <td>${page.observation.conclusion.sentence}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

const nameOf = (page: ReportedPage): string => page.file ?? page.observation.url

function badge(observation: Observation): Markup {
  const words = statusWords[observation.conclusion.status]
  return html`<strong class="badge ${words.urgency}">${words.label}</strong>`
}

function pageSection(page: ReportedPage, index: number): Markup {
  const { observation, capture } = page
  const { conclusion } = observation
  const gaps = gapsOfPage(observation, capture)
  return html`<article id="page-${index}">
    <header>
      <h1>${nameOf(page)}</h1>
      ${observation.finalUrl !== observation.url && html`<p class="quiet">reached ${observation.finalUrl}</p>`}
      <p class="verdict">${badge(observation)} ${conclusion.sentence}</p>
      ${observation.error && errorLine(observation.error, conclusion.sentence)}
    </header>
    ${whatToDo(page)}
    ${
      conclusion.accounts.length > 0 &&
      html`<section>
        <h2>Who is paid</h2>
        ${notWhole(partGaps(gaps, 'payment'))}
        <ul>
          ${conclusion.accounts.map(({ account, service }) => html`<li><code>${account}</code>${service && ` at ${service}`}</li>`)}
        </ul>
      </section>`
    }
    ${
      conclusion.chain.length > 0 &&
      html`<section>
        <h2>How it got there</h2>
        ${notWhole(partGaps(gaps, 'chain'))} ${loadChain(conclusion.chain, observation.components, observation.finalUrl)}
      </section>`
    }
    ${page.origin && originSection(page.origin, observation.site, index)} ${!neverCame(observation) && seen(page, index, gaps)}
    ${visitLines(observation).length > 0 && visitsSection(observation)} ${notSeen(observation)} ${conditions(observation, capture)}
  </article>`
}

/** The sentence above may have said it already. */
function errorLine({ code, message, hint }: ErrorRecord, sentence: string): Markup {
  return html`<p class="error">Error ${code}${!sentence.includes(message) && `: ${message}`}${hint !== undefined && `. ${hint}`}</p>`
}

/** All that is to be said of a page that there was. */
function seen(page: ReportedPage, index: number, gaps: readonly Gap[] | null): Markup {
  const { observation, capture, screenshot } = page
  const { conclusion } = observation
  return html`
    <section>
      <h2>How we know</h2>
      ${observation.findings.length === 0 ? html`<p>No detector found anything. Asked: ${observation.asked.join(', ') || 'nothing'}.</p>` : findings(page, index)}
      ${
        conclusion.mining.activity !== 'none-seen' &&
        html`<dl class="facts">
          ${miningFacts(conclusion.mining).map(
            ({ name, value }) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>`
      }
      <p class="quiet">Rule that decided: ${conclusion.rule}.</p>
    </section>
    ${pictureSection(screenshot, partGaps(gaps, 'screenshot'))} ${capture && threadChart(artifacts(capture, 'cpu'), partGaps(gaps, 'load'))}
    ${socketSection(page.conversations, partGaps(gaps, 'sockets'), index)}
    ${treeSection({
      url: observation.finalUrl,
      components: observation.components,
      deeds: page.deeds,
      findings: ownFindings(observation),
      frames: capture === null ? [] : framesOf(capture),
      gaps: partGaps(gaps, 'chain'),
      page: index,
    })}
    ${codeTable({
      components: observation.components,
      deeds: page.deeds,
      findings: ownFindings(observation),
      gaps: partGaps(gaps, 'code'),
      page: index,
    })}
  `
}

function framesOf(capture: Capture): LoadedFrame[] {
  return artifacts(capture, 'frame')
    .items.filter(({ parentFrameId }) => parentFrameId !== undefined)
    .map(({ url, initiator }) => ({ url, loader: initiator?.stack?.[0]?.url ?? initiator?.url ?? '' }))
}

/** Octets: with base64's third more, and all else that a busy page brings, a report stays below a megabyte. Capture takes smaller ones. */
const maxPicture = 330_000

function pictureSection(screenshot: ReportedPage['screenshot'], gaps: readonly string[]): Markup | false {
  return (
    (screenshot !== null || gaps.length > 0) &&
    html`<section>
      <h2>What a visitor sees</h2>
      ${notWhole(gaps)}
      ${
        screenshot &&
        (screenshot.bytes.length > maxPicture
          ? html`<p>
              The picture (${Math.round(screenshot.bytes.length / 1000).toLocaleString('en')} KB) would make this file too large; the
              capture has it.
            </p>`
          : html`<img class="screenshot" alt="Screenshot of the page as it was visited" src="${imageUrl(screenshot)}" />`)
      }
    </section>`
  )
}

/** base64 needs no escaping, and must not be cut as a text is. */
function imageUrl({ bytes, mimeType }: { bytes: Uint8Array; mimeType: string }): Markup {
  const type = ['image/png', 'image/jpeg', 'image/webp'].find((known) => known === mimeType) ?? 'image/png'
  return new Markup(`data:${type};base64,${Buffer.from(bytes).toString('base64')}`)
}

function whatToDo({ observation, origin }: ReportedPage): Markup | false {
  const { advice, status } = observation.conclusion
  const toChange = origin === null ? false : repairList(origin, status)
  return (
    (advice.length > 0 || toChange !== false) &&
    html`<section>
      <h2>What to do</h2>
      <ul>
        ${advice.map((item) => html`<li>${item}</li>`)}
      </ul>
      ${toChange}
    </section>`
  )
}

function findings(page: ReportedPage, index: number): Markup {
  const places = new Map<string, string>()
  for (const { artifact } of page.observation.components) places.set(artifact, `#p${index}-${artifact}`)
  page.conversations.forEach(({ artifact }, i) => places.set(artifact, `#p${index}-talk-${i}`))
  return html`${page.observation.findings.map(
    (finding) =>
      html`<section class="finding">
        <h3>${finding.title}</h3>
        <p class="quiet">
          ${[finding.kind, finding.family, finding.service && `service ${finding.service}`, `detector ${finding.detector}`].filter(Boolean).join(' · ')}
        </p>
        <ul>
          ${finding.evidence.slice(0, 20).map((evidence) => html`<li>${visitOf(evidence.captureId, page.observation)}${artifactLink(evidence.artifact, evidence.captureId === page.observation.captureId ? places : elsewhere)}, ${evidence.at}: ${evidence.reason}</li>`)}
        </ul>
        ${finding.evidence.length > 20 && html`<p class="quiet">${counted(finding.evidence.length - 20, 'more place is', 'more places are')} in the JSON.</p>`}
      </section>`,
  )}`
}

/** What another visit's capture holds is not in this page's lists. */
const elsewhere: ReadonlyMap<string, string> = new Map()

/** Identifiers are ours; those of a manifest from elsewhere may be anything. */
function artifactLink(artifact: string, places: ReadonlyMap<string, string>): Markup {
  const place = /^[a-z]+-\d+$/.test(artifact) ? places.get(artifact) : undefined
  return place === undefined ? html`<code>${artifact}</code>` : html`<a href="${place}"><code>${artifact}</code></a>`
}

/** The lists above are of the visit that decided. */
function visitsSection(observation: Observation): Markup {
  return html`<section>
    <h2>The visits that this rests on</h2>
    <ul>
      ${visitLines(observation).map((line) => html`<li>${line}</li>`)}
    </ul>
    <p class="quiet">Code, threads and sockets above are those of capture ${observation.captureId}.</p>
  </section>`
}

function notSeen(observation: Observation): Markup {
  const unreached = behind(observation.reached)
  return html`<section>
    <h2>What was not seen</h2>
    ${unreached !== null && html`<p><strong>${unreached}</strong></p>`}
    ${
      observation.blindTo.length === 0
        ? unreached === null && html`<p>Every detector had what it needs.</p>`
        : html`<ul>
            ${observation.blindTo.map((blind) => html`<li><strong>${blind.artifact}</strong>: ${blind.reason}</li>`)}
          </ul>`
    }
    ${
      observation.gaps === undefined
        ? html`<p>This answer is of an earlier version, which did not say whether its lists are whole.</p>`
        : allGaps(observation).length > 0 &&
          html`<p>Lists of the record that are not whole:</p>
            <ul>
              ${allGaps(observation).map((gap) => html`<li>${gap}</li>`)}
            </ul>`
    }
    ${askedLines(observation).length > 0 && html`<p>Worth another look: ${askedLines(observation).join('; ')}.</p>`}
  </section>`
}

function conditions(observation: Observation, capture: Capture | null): Markup {
  const c = observation.conditions
  const trackers = trackerWords(observation)
  const rows: [string, string][] = [
    ['Visited', `${observation.observedAt} (UTC)`],
    ['Page reached', observation.reached],
    ['Lane', `${c.lane}, from ${c.vantage}`],
    ['Looked for', `${Math.round(c.dwellMs / 100) / 10} s after loading`],
    ['Browser', `${c.browser ?? 'none'}${c.browser ? (c.sandbox ? ', sandboxed' : ', WITHOUT its sandbox') : ''}`],
    ['User agent', c.userAgent],
    ...(c.referrer === undefined ? [] : [['Came from', c.referrer] as [string, string]]),
    ...(trackers.length === 0 ? [] : [['Trackers know it as', trackers.join(', ')] as [string, string]]),
    ['Capture', observation.captureId],
    ['Judgement', observation.judgement],
  ]
  if (capture)
    rows.push(['Clock', clockText(capture.manifest)], ['Signed by', capture.manifest.keyId ?? 'nobody: imported, or of an earlier version'])
  if (capture) rows.splice(4, 0, ['The visit did', capture.manifest.actions.map((action) => action.type).join(', ') || 'nothing'])
  return html`<section>
    <h2>How it was looked at</h2>
    <dl class="facts">
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </section>`
}
