import type { CpuArtifact } from '#model/artifact.ts'
import type { Collection } from '#model/collection.ts'
import type { ChainLink } from '#model/observation.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'

/** The way from the page to the miner, top to bottom. */
export function loadChain(chain: readonly ChainLink[]): Markup {
  return html`<ol class="chain">
    ${chain.map(
      (link) =>
        html`<li>
          <span class="quiet">${link.how}</span>
          <code>${link.url}</code>${link.artifact && html` <span class="quiet">(${link.artifact})</span>`}
        </li>`,
    )}
  </ol>`
}

const shownThreads = 16
const chart = { left: 240, width: 700, row: 34, top: 24 }

/** Load of each thread over time: one row a thread, the bar's height is the share of one core. `gaps`: what the chart has to say of itself. */
export function threadChart(cpu: Collection<CpuArtifact>, gaps: readonly string[]): Markup {
  const threads = cpu.items.toSorted((a, b) => b.busy - a.busy).slice(0, shownThreads)
  if (threads.length === 0)
    return html`<section>
      <h2>Load of the visitor's machine</h2>
      ${notWhole(gaps)}
      <p>Not measured: ${cpu.status === 'failed' ? cpu.error.message : cpu.status === 'complete' ? 'no thread was seen' : cpu.reason}.</p>
    </section>`
  const endMs = Math.max(1, ...threads.flatMap((thread) => thread.windows.map((window) => window.toMs)))
  const height = chart.top + threads.length * chart.row + 24
  const x = (ms: number): number => round(chart.left + (ms / endMs) * chart.width)
  return html`<section>
    <h2>Load of the visitor's machine</h2>
    ${notWhole(gaps)}
    <p>
      Each row is one thread over ${round(endMs / 1000)} seconds; a full row is one whole
      core.${cpu.items.length > shownThreads && ` The ${shownThreads} busiest of ${cpu.items.length} threads.`}
    </p>
    <svg
      class="threads"
      viewBox="0 0 1000 ${height}"
      role="img"
      aria-label="Threads over time: ${threads.map((thread) => `${thread.thread} ${percent(thread.busy)}`).join(', ')}"
    >
      ${threads.map((thread, i) => {
        const bottom = chart.top + (i + 1) * chart.row - 4
        const full = chart.row - 8
        return html`<text x="8" y="${bottom - 14}">${shorten(`${thread.thread} ${nameOf(thread.url)}`, 34)}</text
          ><text class="quiet-text" x="8" y="${bottom}">${percent(thread.busy)} of a core</text>
          <line class="grid" x1="${chart.left}" x2="${chart.left + chart.width}" y1="${bottom}" y2="${bottom}" />
          ${thread.windows.map((window) => html`<rect class="load" x="${x(window.fromMs)}" width="${Math.max(1, round(x(window.toMs) - x(window.fromMs) - 0.5))}" y="${round(bottom - clamp(window.busy) * full)}" height="${round(clamp(window.busy) * full)}" />`)}`
      })}
      <text class="quiet-text" x="${chart.left}" y="${height - 6}">0 s</text>
      <text class="quiet-text" x="${chart.left + chart.width - 30}" y="${height - 6}">${round(endMs / 1000)} s</text>
    </svg>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Thread</th>
            <th scope="col" class="number">Load</th>
            <th scope="col">Busiest code</th>
          </tr>
        </thead>
        <tbody>
          ${threads.map(
            (thread) =>
              html`<tr>
                <td>${thread.thread} <code>${shorten(thread.url, 80)}</code></td>
                <td class="number">${percent(thread.busy)}</td>
                <td>
                  ${thread.hottest.slice(0, 2).map((hot) => html`<div><code>${shorten(hot.functionName || '(anonymous)', 60)}</code>${hot.wasm && ' (wasm)'} ${percent(hot.share)}</div>`)}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

const round = (value: number): number => Math.round(value * 10) / 10
const clamp = (share: number): number => Math.min(1, Math.max(0, share))
const percent = (share: number): string => `${Math.round(share * 100)} %`
const shorten = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)
const nameOf = (url: string): string => URL.parse(url)?.pathname.split('/').at(-1) || url
