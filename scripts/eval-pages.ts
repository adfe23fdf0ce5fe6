/**
 * Recall and false alarms on labelled scripts, pages and archives, without a browser:
 *
 *   node scripts/eval-pages.ts --samples MANIFEST DIR --pages MANIFEST DIR [--part test|tuning] [--kinds js,html,har,site] [--wrong]
 *
 * MANIFEST is a table of samples with a header (kind, label, lineage or site, sha256 …), DIR what was extracted from it. A lineage or
 * site is in the test part by its digest, once and for all; only the other part is looked at while rules are made.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { importFile } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { Observation } from '#model/observation.ts'

interface Row {
  kind: string
  label: string
  group: string
  family: string
  name: string
  path: string
}

const { values } = parseArgs({
  options: {
    samples: { type: 'string', multiple: true },
    part: { type: 'string', default: 'test' },
    kinds: { type: 'string', default: 'js,html,har' },
    wrong: { type: 'boolean', default: false },
    limit: { type: 'string', default: '100000' },
  },
  allowPositionals: false,
})
const part = (group: string): string => (createHash('sha256').update(`assay:${group}`).digest()[0]! < 102 ? 'test' : 'tuning')

/** `--samples MANIFEST=DIR`. */
function rowsOf(pair: string): Row[] {
  const [manifest = '', directory = ''] = pair.split('=')
  const [header = '', ...lines] = readFileSync(manifest, 'utf8').trim().split('\n')
  const names = header.split('\t')
  return lines.flatMap((line): Row[] => {
    const cells = Object.fromEntries(line.split('\t').map((cell, at) => [names[at], cell])) as Record<string, string>
    const kind = cells['kind'] ?? ''
    const label = cells['label'] ?? ''
    const group = (cells['lineage'] ?? cells['site'] ?? '') || (cells['repo'] ?? '')
    const sha = cells['sha256'] ?? ''
    const path =
      kind === 'site'
        ? siteFolder(join(directory, 'site', label), cells)
        : [join(directory, label, `${sha}.${kind}`), join(directory, kind, label, `${sha}.${kind}`)].find((candidate) =>
            existsSync(candidate),
          )
    return path === undefined
      ? []
      : [{ kind, label, group, family: cells['family'] ?? '', name: `${cells['repo']} ${cells['path']}`, path }]
  })
}

function siteFolder(parent: string, cells: Record<string, string>): string | undefined {
  if (!existsSync(parent)) return undefined
  const name = readdirSync(parent).find(
    (folder) => folder.startsWith(`${cells['site']}-${cells['date']}`) && folder.endsWith((cells['commit'] ?? '').slice(0, 8)),
  )
  return name === undefined ? undefined : join(parent, name)
}

const found = new Set(['active', 'loaded', 'suspected', 'opt-in'])
const kinds = new Set(values.kinds.split(','))
const rows = (values.samples ?? [])
  .flatMap(rowsOf)
  .filter((row) => kinds.has(row.kind) && part(row.group) === values.part)
  .slice(0, Number(values.limit))
const table = new Map<string, { n: number; right: number; statuses: Map<string, number>; groups: Map<string, [number, number]> }>()
const times: number[] = []
const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures: await loadSignatures() })
for (const row of rows) {
  let observations: Observation[] = []
  let status = 'error'
  try {
    const captures = await importFile(row.path, blobs, { classify: pageReached })
    const started = performance.now()
    observations = await Promise.all(captures.map(({ capture }) => judge.judge(capture)))
    times.push((performance.now() - started) / Math.max(1, captures.length))
    const order = ['active', 'loaded', 'opt-in', 'suspected', 'inconclusive', 'none', 'not-observed']
    status = order.find((candidate) => observations.some(({ conclusion }) => conclusion.status === candidate)) ?? 'nothing'
  } catch (error) {
    status = `error ${(error as { code?: string }).code ?? (error as Error).message.slice(0, 60)}`
  }
  const positive = row.label === 'miner' || row.label === 'optin'
  const right = positive
    ? found.has(status) && (row.kind !== 'html' || row.label !== 'optin' || status === 'opt-in')
    : !found.has(status) && status !== 'inconclusive' && !status.startsWith('error')
  const key = `${row.kind} ${row.label}`
  const entry = table.get(key) ?? { n: 0, right: 0, statuses: new Map(), groups: new Map() }
  table.set(key, entry)
  entry.n++
  entry.right += Number(right)
  entry.statuses.set(status, (entry.statuses.get(status) ?? 0) + 1)
  const group = entry.groups.get(row.group) ?? [0, 0]
  entry.groups.set(row.group, [group[0] + 1, group[1] + Number(right)])
  if (values.wrong && !right) {
    const why = observations.flatMap((observation) =>
      observation.findings
        .filter(({ kind }) => kind === 'mining')
        .map((finding) => `${finding.detector}:${finding.title}: ${finding.evidence[0]?.reason.slice(0, 160)}`),
    )
    console.log(
      `WRONG ${row.kind} ${row.label} ${status} ${row.group} ${row.name.slice(-90)} ${row.path.slice(-76)}\n      ${(why.length > 0 ? why : observations.flatMap(({ blindTo }) => blindTo.map(({ reason }) => `blind: ${reason}`))).slice(0, 3).join('\n      ')}`,
    )
  }
}
await judge.close()
for (const [key, { n, right, statuses, groups }] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const whole = [...groups.values()].filter(([all, good]) => all === good).length
  const bound = n === right ? ` (0 wrong: below ${(300 / n || 0).toFixed(1)} % with 95 % confidence)` : ''
  console.log(
    `${key.padEnd(14)} ${right}/${n} right = ${((100 * right) / n).toFixed(1)} %, groups ${whole}/${groups.size} whole${bound}   ${[...statuses].map(([status, count]) => `${status} ${count}`).join(', ')}`,
  )
}
times.sort((a, b) => a - b)
console.log(
  `${values.part} part; judged a page in ${times[times.length >> 1]?.toFixed(1)} ms (median), ${times[Math.floor(times.length * 0.95)]?.toFixed(0)} ms (95th), ${times.at(-1)?.toFixed(0)} ms (worst)`,
)
