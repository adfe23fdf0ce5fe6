import type { LengthView, PrevalenceRow, StudyReport } from '#model/study-report.ts'
import { html, type Markup } from './html-template.ts'

const width = 720
const left = 62
const right = width - 16

/** A scale from a domain to pixels. */
const scale = (from: number, to: number, a: number, b: number) => (value: number) =>
  to === from ? a : a + ((value - from) / (to - from)) * (b - a)

/** The next round number, and steps up to it. */
function ticksTo(highest: number, wanted = 4): number[] {
  const rough = Math.max(highest, 1e-9) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough
  return Array.from({ length: Math.ceil(highest / step - 1e-9) + 1 }, (_, at) => at * step)
}

const percent = (value: number): string => `${Number((value * 100).toPrecision(3))} %`
const at = (value: number): string => value.toFixed(1)

function frame(height: number, label: string, ...content: Markup[]): Markup {
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${content}</svg>`
}

function yAxis(ticks: readonly number[], y: (value: number) => number, name: (value: number) => string): Markup[] {
  return ticks.map(
    (tick) =>
      html`<line class="grid" x1="${left}" x2="${right}" y1="${at(y(tick))}" y2="${at(y(tick))}"></line
        ><text x="${left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${name(tick)}</text>`,
  )
}

/** Share of sites found, round by round, with its interval. */
export function roundsChart(rows: readonly PrevalenceRow[]): Markup {
  const height = 240
  const shown = rows.flatMap((row, round) =>
    row.estimate === null ? [] : [{ ...row, estimate: row.estimate, low: row.low ?? row.estimate, high: row.high ?? row.estimate, round }],
  )
  const ticks = ticksTo(Math.max(0.001, ...shown.map(({ high }) => high)))
  const y = scale(0, ticks.at(-1) ?? 1, height - 34, 12)
  const x = scale(0, Math.max(1, rows.length - 1), left + 14, right - 14)
  const every = Math.ceil(rows.length / 16)
  return frame(
    height,
    'Share of sites found mining by round, with 95 % intervals',
    ...yAxis(ticks, y, percent),
    html`<polyline
      class="curve"
      points="${shown.map(({ round, estimate }) => `${at(x(round))},${at(y(estimate))}`).join(' ')}"
    ></polyline>`,
    ...shown.map(
      ({ round, estimate, low, high }) =>
        html`<line class="whisker" x1="${at(x(round))}" x2="${at(x(round))}" y1="${at(y(low))}" y2="${at(y(high))}"></line
          ><circle class="dot" cx="${at(x(round))}" cy="${at(y(estimate))}" r="3.5"></circle>`,
    ),
    ...rows.flatMap((_, round) =>
      round % every === 0 ? [html`<text x="${at(x(round))}" y="${height - 14}" text-anchor="middle">${round + 1}</text>`] : [],
    ),
    html`<text class="axis-name" x="${right}" y="${height - 1}" text-anchor="end">round</text>`,
  )
}

const states = [
  ['found', 'found'],
  ['optIn', 'asks first'],
  ['clean', 'looked at, none'],
  ['blind', 'blind'],
  ['notObserved', 'not observed'],
  ['notVisited', 'not visited'],
] as const

/** Where each name of a state begins, by the length of those before it. */
const legend = states.map((_, index) => states.slice(0, index).reduce((sum, [, name]) => sum + 38 + name.length * 6.4, left))

/** What the sites were in each round: how much of the population a round saw. */
export function coverageChart(rounds: StudyReport['coverage']['rounds']): Markup {
  const height = 250
  const total = Math.max(1, ...rounds.map((round) => states.reduce((sum, [state]) => sum + round[state], 0)))
  const y = scale(0, total, height - 66, 12)
  const step = (right - left) / Math.max(1, rounds.length)
  const bar = Math.min(48, step * 0.8)
  const every = Math.ceil(rounds.length / 16)
  return frame(
    height,
    'What the sites of the population were in each round',
    ...yAxis(
      ticksTo(total).filter((tick) => tick <= total),
      y,
      String,
    ),
    ...rounds.flatMap((round, index) => {
      let below = 0
      const x = left + step * (index + 0.5) - bar / 2
      return [
        ...states.map(([state, name]) => {
          const from = below
          below += round[state]
          return html`<rect class="state-${state}" x="${at(x)}" width="${at(bar)}" y="${at(y(below))}" height="${at(y(from) - y(below))}"
            ><title>round ${round.round}: ${name} ${round[state]}</title></rect
          >`
        }),
        index % every === 0 ? html`<text x="${at(x + bar / 2)}" y="${height - 50}" text-anchor="middle">${round.round}</text>` : html``,
      ]
    }),
    ...states.map(
      ([state, name], index) =>
        html`<rect class="state-${state}" x="${at(legend[index] ?? left)}" y="${height - 26}" width="12" height="12"></rect
          ><text x="${at((legend[index] ?? left) + 17)}" y="${height - 16}">${name}</text>`,
    ),
  )
}

/** How many stays last longer, over days, with the band of the cohort whose start was seen; those already there beside it. */
export function lengthChart(cohort: LengthView, alreadyThere: LengthView): Markup {
  const height = 300
  const last = Math.max(1, ...[...cohort.curve, ...alreadyThere.curve].map(({ time }) => time))
  const x = scale(0, last, left, right)
  const y = scale(0, 1, height - 62, 12)
  const line = (curve: LengthView['curve']) => curve.map(({ time, survival }) => `${at(x(time))},${at(y(survival))}`).join(' ')
  const banded = cohort.curve.flatMap(({ time, low, high }) => (low === null || high === null ? [] : [{ time, low, high }]))
  return frame(
    height,
    'Share of stays that last longer than so many days, with a 95 % band',
    ...yAxis([0, 0.25, 0.5, 0.75, 1], y, percent),
    ...ticksTo(last, 8)
      .filter((tick) => tick <= last)
      .map((tick) => html`<text x="${at(x(tick))}" y="${height - 44}" text-anchor="middle">${tick}</text>`),
    html`<text class="axis-name" x="${right}" y="${height - 30}" text-anchor="end">days</text>`,
    html`<polygon
      class="band"
      points="${[...banded.map(({ time, high }) => `${at(x(time))},${at(y(high))}`), ...banded.toReversed().map(({ time, low }) => `${at(x(time))},${at(y(low))}`)].join(' ')}"
    ></polygon>`,
    html`<polyline class="curve" points="${line(cohort.curve)}"></polyline>`,
    html`<polyline class="curve other" points="${line(alreadyThere.curve)}"></polyline>`,
    html`<line class="curve" x1="${left}" x2="${left + 24}" y1="${height - 14}" y2="${height - 14}"></line
      ><text x="${left + 30}" y="${height - 10}">start seen (${cohort.stays} stays), with 95 % band</text>`,
    html`<line class="curve other" x1="${left + 320}" x2="${left + 344}" y1="${height - 14}" y2="${height - 14}"></line
      ><text x="${left + 350}" y="${height - 10}">already there (${alreadyThere.stays}), time after the first look</text>`,
  )
}

const mostRows = 15

/** Shares of groups with their intervals, one under the other. */
export function groupsChart(name: string, rows: readonly PrevalenceRow[]): Markup {
  const shown = rows.filter(({ estimate }) => estimate !== null).slice(0, mostRows)
  const names = 200
  const height = shown.length * 24 + 40
  const ticks = ticksTo(Math.max(0.001, ...shown.map(({ high }) => high ?? 0)))
  const x = scale(0, ticks.at(-1) ?? 1, names, right - 110)
  return frame(
    height,
    `Share of sites found mining by ${name}, with 95 % intervals`,
    ...ticks.map(
      (tick) =>
        html`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="4" y2="${height - 26}"></line
          ><text x="${at(x(tick))}" y="${height - 10}" text-anchor="middle">${percent(tick)}</text>`,
    ),
    ...shown.map((row, index) => {
      const y = 16 + index * 24
      return html`<text x="${names - 10}" y="${y + 4}" text-anchor="end"
          >${row.group.length > 28 ? `${row.group.slice(0, 27)}…` : row.group}</text
        ><line class="whisker" x1="${at(x(row.low ?? 0))}" x2="${at(x(row.high ?? 0))}" y1="${y}" y2="${y}"></line
        ><circle class="dot" cx="${at(x(row.estimate ?? 0))}" cy="${y}" r="4.5"></circle
        ><text x="${right}" y="${y + 4}" text-anchor="end">${row.found} of ${row.looked}</text>`
    }),
  )
}

export const chartStyle = `
.chart { width: 100%; height: auto; margin: .5rem 0; } .chart text { fill: var(--ink); font: 12px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; }
.chart .axis-name { fill: var(--quiet); } .chart .grid { stroke: var(--line); } .chart .whisker { stroke: var(--unknown); stroke-width: 2; } .chart .dot { fill: var(--unknown); }
.chart .curve { fill: none; stroke: var(--unknown); stroke-width: 2; } .chart .curve.other { stroke: var(--warn); stroke-dasharray: 6 4; } .chart .band { fill: var(--unknown); opacity: .18; }
.chart .state-found { fill: var(--bad); } .chart .state-optIn { fill: var(--warn); } .chart .state-clean { fill: var(--good); opacity: .55; }
.chart .state-blind { fill: var(--unknown); opacity: .55; } .chart .state-notObserved { fill: var(--quiet); } .chart .state-notVisited { fill: var(--line); }
td.id { font: .8em ui-monospace, "Liberation Mono", monospace; }
`
