import type { CpuArtifact } from '#model/artifact.ts'
import type { Collection } from '#model/collection.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'
import { shorten, shortUrl } from './shorten.ts'

const shownThreads = 16
/** Below this only the first few are drawn: a page may start hundreds of workers that do nothing. */
const quietShare = 0.05
const shownQuiet = 3
/** From here on a thread stands out: half a core all the time. */
const busyShare = 0.5
const drawn = { width: 1_000, height: 40 }

/** Load of each thread over time: one drawing a thread, a bar's height is the share of one core. `gaps`: what the chart has to say of itself. */
export function threadChart(cpu: Collection<CpuArtifact>, gaps: readonly string[]): Markup {
  const threads = cpu.items
    .toSorted((a, b) => b.busy - a.busy)
    .filter(({ busy }, rank) => busy >= quietShare || rank < shownQuiet)
    .slice(0, shownThreads)
  if (threads.length === 0)
    return html`<section>
      <h2>Load of the visitor's machine</h2>
      ${notWhole(gaps)}
      <p>Not measured: ${cpu.status === 'failed' ? cpu.error.message : cpu.status === 'complete' ? 'no thread was seen' : cpu.reason}.</p>
    </section>`
  const endMs = Math.max(1, ...threads.flatMap((thread) => thread.windows.map((window) => window.toMs)))
  return html`<section>
    <h2>Load of the visitor's machine</h2>
    ${notWhole(gaps)}
    <p>
      Each drawing is one thread over ${tenths(endMs / 1000)} seconds of the visit; a full bar is one whole
      core.${cpu.items.length > threads.length && ` The ${threads.length} busiest of ${cpu.items.length} threads.`}
    </p>
    ${threads.map(
      (thread) =>
        html`<div class="thread ${thread.busy >= busyShare ? 'busy' : 'calm'}">
          <p><strong>${percent(thread.busy)} of a core</strong>: ${thread.thread} <code>${shortUrl(thread.url, 60)}</code></p>
          <svg
            viewBox="0 0 ${drawn.width} ${drawn.height}"
            preserveAspectRatio="none"
            role="img"
            aria-label="${thread.id}: ${thread.thread} at ${percent(thread.busy)} of a core, ${course(thread)}"
          >
            <line x1="0" x2="${drawn.width}" y1="0.5" y2="0.5" />
            <line x1="0" x2="${drawn.width}" y1="${drawn.height / 2}" y2="${drawn.height / 2}" />
            ${thread.windows.map((window) => {
              const left = (window.fromMs / endMs) * drawn.width
              const height = clamp(window.busy) * drawn.height
              return html`<rect
                x="${tenths(left)}"
                width="${tenths(Math.max(1, ((window.toMs - window.fromMs) / endMs) * drawn.width - 1))}"
                y="${tenths(drawn.height - height)}"
                height="${tenths(height)}"
              />`
            })}
          </svg>
          <p class="quiet">
            ${
              hottest(thread).length === 0
                ? 'Nothing of it stood out.'
                : html`Busiest in
                  ${hottest(thread).map((hot, i) => html`${i > 0 && ', '}<code>${functionName(hot.functionName)}</code>${hot.wasm && ' (WebAssembly)'} ${percent(hot.share)}`)}.`
            }
          </p>
        </div>`,
    )}
    <p class="axis quiet"><span>0 s</span><span>${tenths(endMs / 1000)} s</span></p>
  </section>`
}

/** The first three of one percent or more. */
const hottest = ({ hottest: all }: CpuArtifact): CpuArtifact['hottest'] => all.filter(({ share }) => share >= 0.01).slice(0, 3)

/** V8's profiler calls by `(program)` what is no script: layout, painting, the browser's own. */
const functionName = (name: string): string => (name === '(program)' ? '(the browser itself)' : shorten(name || '(anonymous)', 50))

/** What the drawing shows, for whoever does not see it. */
function course(thread: CpuArtifact): string {
  if (thread.windows.length === 0) return 'without a course over time'
  const shares = thread.windows.map(({ busy }) => busy)
  return `between ${percent(Math.min(...shares))} and ${percent(Math.max(...shares))}`
}

const tenths = (value: number): number => Math.round(value * 10) / 10
const clamp = (share: number): number => Math.min(1, Math.max(0, share))
const percent = (share: number): string => `${Math.round(share * 100)} %`
