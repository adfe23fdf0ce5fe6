import type { Lab } from '#lab/lab.ts'
import { compare, type Comparison } from '#lab/site/compare.ts'
import type { Needs, SiteTruth } from '#lab/site/site.ts'
import { profiles } from '#capture/visit-options.ts'
import type { ConsentPolicy } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import { type ScanRequest, scan } from '../scan.ts'

/** One site of the lab, what is true of it, and what the line answered. */
export interface Figure extends Comparison {
  observation: Observation
  seconds: number
}

export interface VisitLabOptions extends Partial<
  Pick<ScanRequest, 'jobs' | 'profile' | 'dwellMs' | 'userAgent' | 'referrer' | 'followUp'>
> {
  /** Where the lab wrote `names.json`, and where captures are kept. */
  labDir: string
  out: string
  policy: ConsentPolicy
  /** Visits have what these sites keep themselves for: a phone, a search engine before, a second time. */
  met?: boolean
  truths: readonly SiteTruth[]
  onFigure?: (figure: Figure) => void
}

/** A phone of 2026, as it names itself. */
const phone = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36'

/** Visits sites of a running lab by the whole line, as `assay scan --lab` does. */
export async function visitLab(o: VisitLabOptions): Promise<Figure[]> {
  if (!o.met) return visitAlike(o)
  const figures: Figure[] = []
  const groups = Map.groupBy(
    o.truths.filter(({ met }) => met !== null),
    ({ met }) => JSON.stringify(met?.needs),
  )
  for (const [needs, truths] of groups) {
    const { mobile, referrer, returns, wallet } = JSON.parse(needs) as Needs
    figures.push(
      ...(await visitAlike({
        ...o,
        truths,
        ...(mobile ? { userAgent: phone } : {}),
        ...(referrer === undefined ? {} : { referrer }),
        // The second look is the one that comes twice, and shows a wallet.
        ...(returns || wallet ? { profile: 'thorough' as const, dwellMs: o.dwellMs ?? profiles.standard.dwellMs } : {}),
      })),
    )
  }
  return figures
}

async function visitAlike(o: VisitLabOptions): Promise<Figure[]> {
  const byUrl = new Map(o.truths.map((truth) => [truth.url, truth]))
  const figures: Figure[] = []
  const request: ScanRequest = {
    addresses: (async function* () {
      yield* byUrl.keys()
    })(),
    jobs: o.jobs ?? 1,
    profile: o.profile ?? 'standard',
    dwellMs: o.dwellMs ?? null,
    consent: o.policy,
    userAgent: o.userAgent ?? null,
    proxy: null,
    headers: [],
    referrer: o.referrer ?? null,
    out: o.out,
    data: null,
    allowPrivate: false,
    allow: [],
    lab: o.labDir,
    browser: null,
    followUp: o.followUp ?? false,
  }
  await scan(
    request,
    {
      onProgress: () => undefined,
      onNote: () => undefined,
      onPage: async ({ observation, capture }) => {
        const truth = byUrl.get(observation.url)
        if (truth === undefined) throw new Error(`${observation.url} was not asked for`)
        const seconds = (Date.parse(capture.manifest.endedAt) - Date.parse(capture.manifest.startedAt)) / 1000
        const figure = { ...compare(truth, o.policy, observation, o.met), observation, seconds }
        figures.push(figure)
        o.onFigure?.(figure)
      },
    },
    new AbortController().signal,
  )
  const missing = [...byUrl.keys()].filter((url) => !figures.some(({ truth }) => truth.url === url))
  if (missing.length > 0) throw new Error(`no answer for ${missing.join(', ')}`)
  return figures
}

/** Sites whose description (content, way in, thread, module, dialect …) holds a word. */
export function selected(lab: Pick<Lab, 'truth'>, only: readonly string[]): SiteTruth[] {
  return lab.truth.filter((truth) => only.length === 0 || only.some((word) => describe(truth).includes(word)))
}

/** A site in the lab's words. */
export function describe(truth: SiteTruth): string {
  if (truth.content !== 'miner') return `${truth.content} ${truth.host}`
  const unusual = [truth.hiding, truth.asking, truth.poolMode].filter((word) => word !== 'none' && word !== 'answers')
  return [
    'miner',
    truth.load,
    truth.thread,
    truth.module,
    truth.family,
    truth.dialect,
    truth.encoding,
    truth.transport,
    ...unusual,
    ...truth.tags,
    truth.host,
  ].join(' ')
}

/** What a reader needs to look for the cause. */
export function explain({ truth, observation, wrong, family, seconds }: Figure): string {
  const { conclusion, findings, blindTo, error, verdicts } = observation
  const failed = verdicts.flatMap((verdict) => (verdict.error === null ? [] : [`${verdict.detector} ${verdict.error.message}`]))
  const named = findings.map((finding) => `${finding.detector}=${finding.weight}${finding.family === null ? '' : `/${finding.family}`}`)
  return [
    `${describe(truth)}  ${truth.url}  (${seconds.toFixed(1)} s)`,
    ...wrong.map((text) => `    ${text}`),
    ...(family === 'wrong' || family === 'missing' ? [`    family: ${family}, true is ${truth.family}`] : []),
    `    "${conclusion.sentence}" ${conclusion.rule}`,
    `    findings: ${named.join(' ') || 'none'}`,
    ...(blindTo.length === 0
      ? []
      : [`    blind to: ${[...new Set(blindTo.map(({ artifact, reason }) => `${artifact} (${reason})`))].join('; ')}`]),
    ...(error === null ? [] : [`    error: ${error.code} ${error.message}`]),
    ...failed.map((text) => `    detector failed: ${text}`),
    `    capture: ${observation.captureId.slice(0, 19)}`,
  ].join('\n')
}

export interface Totals {
  sites: number
  right: number
  /** Of sites that mine: those called active, loaded, suspected or opt-in. */
  found: number
  mining: number
  /** Of sites that do not: those called active, loaded or suspected. */
  falseAlarms: number
  families: Record<Figure['family'], number>
}

export function totalsOf(figures: readonly Figure[]): Totals {
  const families = { right: 0, wrong: 0, missing: 0, 'not-asked': 0 }
  for (const { family } of figures) families[family]++
  const named = (status: string): boolean => ['active', 'loaded', 'suspected', 'opt-in'].includes(status)
  const mining = figures.filter(({ expected }) => expected.kind === 'mining')
  return {
    sites: figures.length,
    right: figures.filter(({ wrong }) => wrong.length === 0).length,
    mining: mining.length,
    found: mining.filter(({ observation }) => named(observation.conclusion.status)).length,
    falseAlarms: figures.filter(({ expected, observation }) => expected.kind !== 'mining' && named(observation.conclusion.status)).length,
    families,
  }
}

export function totalsLine(totals: Totals): string {
  const { sites, right, mining, found, falseAlarms, families } = totals
  return `${right} of ${sites} as the truth says; ${found} of ${mining} miners found, ${falseAlarms} false alarms; families ${families.right} right, ${families.wrong} wrong, ${families.missing} not named`
}
