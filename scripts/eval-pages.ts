/**
 * Recall and false alarms on labelled scripts, pages and archives, without a browser:
 *
 *   node scripts/eval-pages.ts --samples MANIFEST=DIR [--samples MANIFEST=DIR] [--part test|tuning] [--kinds js,html,har,site] [--wrong] [--by-variant]
 *
 * MANIFEST is a table of samples with a header (kind, label, lineage or site, sha256 …), DIR what was extracted from it. How the parts
 * are divided, and what each column of the table means, is in eval/README.md.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { importFile } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { Observation } from '#model/observation.ts'
import { partOf, rowsOf } from './eval-rows.ts'

const { values } = parseArgs({
  options: {
    samples: { type: 'string', multiple: true },
    part: { type: 'string', default: 'test' },
    kinds: { type: 'string', default: 'js,html,har' },
    wrong: { type: 'boolean', default: false },
    'by-variant': { type: 'boolean', default: false },
    limit: { type: 'string', default: '100000' },
  },
  allowPositionals: false,
})
/** What the labels call a service or a coin → the algorithm that it hashes. Others (`other-coin`, a service of several coins) say nothing. */
const algorithms: readonly (readonly [RegExp, string])[] = [
  [/coinhive|authedmine|crypto-?loot|coinimp|deepminer|web-?miner|cryptonight|cryptonoter|minero|webminepool/, 'cryptonight'],
  [/randomx/, 'randomx'],
  [/jsecoin/, 'sha256'],
  [/equihash/, 'equihash'],
  [/yescrypt/, 'yescrypt'],
]
const kindOfLabel: Readonly<Record<string, readonly string[]>> = { pow: ['proof-of-work'], hash: ['crypto-library', 'wallet'] }
/** Digest of a file → digests of the accounts that a reader found in it. */
const accountsRead = JSON.parse(readFileSync(new URL('../eval/accounts.json', import.meta.url), 'utf8')) as Record<string, string[]>
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24)

class Share {
  right = 0
  all = 0
  add(isRight: boolean): boolean {
    this.all++
    this.right += Number(isRight)
    return isRight
  }
  text(): string {
    return this.all === 0 ? '–' : `${this.right}/${this.all}`
  }
}
class Tally {
  n = 0
  missed = 0
  mistold = 0
  alarms = 0
  halves = 0
  errors = 0
  readonly statuses = new Map<string, number>()
  readonly groups = new Map<string, boolean>()
  readonly named = new Share()
  readonly account = new Share()
}

/** Neighbours of mining that hurt: a page that is labelled clean has none. */
const harms: ReadonlySet<string> = new Set(['proxyware', 'ad-worker', 'clipboard', 'drainer'])
let harmed = 0

const found = new Set(['active', 'loaded', 'suspected', 'opt-in'])
const kinds = new Set(values.kinds.split(','))
const rows = (values.samples ?? [])
  .flatMap(rowsOf)
  .filter((row) => kinds.has(row.kind) && partOf(row.group) === values.part)
  .slice(0, Number(values.limit))
const table = new Map<string, Tally>()
const times: number[] = []
const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures: await loadSignatures() })
const order = ['active', 'loaded', 'opt-in', 'suspected', 'inconclusive', 'none', 'not-observed']
for (const row of rows) {
  let observations: Observation[] = []
  let status = 'error'
  try {
    const captures = await importFile(row.path, blobs, { classify: pageReached })
    const started = performance.now()
    observations = await Promise.all(captures.map(({ capture }) => judge.judge(capture)))
    times.push((performance.now() - started) / Math.max(1, captures.length))
    status = order.find((candidate) => observations.some(({ conclusion }) => conclusion.status === candidate)) ?? 'nothing'
  } catch (error) {
    status = `error ${(error as { code?: string }).code ?? (error as Error).message.slice(0, 60)}`
  }
  const key = values['by-variant'] ? `${row.variant}, ${row.kind} ${row.label}` : `${row.kind} ${row.label}`
  const tally = table.get(key) ?? new Tally()
  table.set(key, tally)
  tally.n++
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1)
  const wrong: string[] = []
  const findings = observations.flatMap((observation) => observation.findings)
  if (row.label === 'miner' || row.label === 'optin') {
    if (!found.has(status)) {
      tally.missed++
      wrong.push('MISSED')
    } else if (row.label === 'optin' && status !== 'opt-in') {
      tally.mistold++
      wrong.push('NOT TOLD APART')
    }
    const mining = findings.filter(({ kind, weight }) => kind === 'mining' && weight !== 'context')
    const expected = algorithms.find(([names]) => names.test(row.family))?.[1]
    if (found.has(status) && expected !== undefined && !tally.named.add(mining.some(({ family }) => family === expected)))
      wrong.push(`FAMILY (${[...new Set(mining.map(({ family }) => family))].join(', ')}, not ${expected})`)
    const told = new Set(mining.flatMap(({ account }) => (account === null ? [] : [digestOf(account)])))
    const accounts = accountsRead[row.original] ?? null
    if (accounts !== null && !tally.account.add(accounts.length === 0 ? told.size === 0 : accounts.some((account) => told.has(account))))
      wrong.push(`ACCOUNT (${told.size} told, ${accounts.length} read)`)
  } else {
    if (found.has(status)) {
      tally.alarms++
      wrong.push('FALSE ALARM')
    } else if (status === 'inconclusive') {
      tally.halves++
      wrong.push('HALF AN ALARM')
    } else if (status.startsWith('error')) {
      tally.errors++
      wrong.push('ERROR')
    }
    const harm = findings.filter(({ kind }) => harms.has(kind)).map(({ kind }) => kind)
    if (harm.length > 0) {
      harmed++
      wrong.push(`HARM (${harm.join(', ')})`)
    }
    const expected = kindOfLabel[row.label]
    if (expected !== undefined && !tally.named.add(findings.some(({ kind }) => expected.includes(kind))))
      wrong.push(`KIND (${[...new Set(findings.map(({ kind }) => kind))].join(', ') || 'none'}, not ${expected.join(' or ')})`)
  }
  const plain = !wrong.some((word) => /^[A-Z ]+$/.test(word))
  tally.groups.set(row.group, (tally.groups.get(row.group) ?? true) && plain)
  if (values.wrong && wrong.length > 0) {
    const why = findings
      .filter(({ kind }) => kind === 'mining')
      .map((finding) => `${finding.detector}: ${finding.title}: ${finding.evidence[0]?.reason.slice(0, 160)}`)
    const shown = why.length > 0 ? why : observations.flatMap(({ blindTo }) => blindTo.map(({ reason }) => `blind: ${reason}`))
    console.log(`${wrong.join(', ')}: ${key}, ${status}: ${row.group} ${row.name.slice(-90)} ${row.sha256.slice(0, 12)}`)
    for (const line of shown.slice(0, 3)) console.log(`      ${line}`)
  }
}
await judge.close()

/** Share that 95 of 100 such trials stay under where none of n went wrong (rule of three). */
const bound = (n: number): string => `${Math.min(100, 300 / n).toFixed(1)} %`
const orBound = (wrong: number, n: number): string => (wrong === 0 ? `0 (below ${bound(n)})` : String(wrong))
console.log('| kind, label | n | missed | opt-in not told apart | false alarms | groups whole | family or kind | account | statuses |')
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
let alarms = 0
let clean = 0
let missed = 0
let miners = 0
for (const [key, tally] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const isMining = / (miner|optin)$/.test(key)
  if (isMining) {
    miners += tally.n
    missed += tally.missed
  } else {
    clean += tally.n - tally.errors
    alarms += tally.alarms + tally.halves / 2
  }
  const whole = [...tally.groups.values()].filter(Boolean).length
  const halves = tally.halves === 0 ? '' : ` and ${tally.halves} halves`
  console.log(
    `| ${key} | ${tally.n} | ${isMining ? orBound(tally.missed, tally.n) : ''} | ${key.endsWith('optin') ? orBound(tally.mistold, tally.n) : ''} | ${isMining ? '' : orBound(tally.alarms, tally.n) + halves} | ${whole}/${tally.groups.size} | ${tally.named.text()} | ${tally.account.text()} | ${[...tally.statuses].map(([status, count]) => `${status} ${count}`).join(', ')} |`,
  )
}
console.log(`\ncalled a drainer, proxyware, hidden advertisements or a clipboard trick: ${orBound(harmed, clean)} of ${clean} others`)
times.sort((a, b) => a - b)
const recall = miners === 0 ? 0 : (miners - missed) / miners
const rate = clean === 0 ? 1 : (alarms === 0 ? 3 : alarms) / clean
const precision = (recall * 0.001) / (recall * 0.001 + rate * 0.999)
console.log(
  `\n${values.part} part: found ${miners - missed} of ${miners}; ${alarms} alarms on ${clean} others${alarms === 0 ? ` (below ${bound(clean)})` : ''}; where one page in 1,000 mines, ${alarms === 0 ? 'at least ' : ''}${(100 * precision).toFixed(0)} % of what is called mining does`,
)
console.log(
  `judged a page in ${times[times.length >> 1]?.toFixed(1)} ms (median), ${times[Math.floor(times.length * 0.95)]?.toFixed(0)} ms (95th), ${times.at(-1)?.toFixed(0)} ms (worst)`,
)
