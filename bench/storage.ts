/**
 * What a page visit costs on disk: `npm run bench -- storage [--sites 200] [--weeks 5] [--seed 1]`. Weekly rounds of a lab's world over http, everything
 * kept and judged; beside it the same visits as one WARC each, a gzip member a record, requests and responses in full as a crawler without a memory
 * writes them. Octets of the files, and what the file system sets aside for them; PostgreSQL's tables and indexes apart.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { gc } from '#app/retention.ts'
import { runWorldStudy } from '#app/testing/world-run.ts'
import { writeWarc } from '#archive/export-warc.ts'
import { openDatabase } from '#ledger/database/database.ts'
import { embeddedDatabase } from '#ledger/database/embedded.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { canonicalJson } from '#model/canonical.ts'
import { SimulatedClock } from '#model/clock.ts'
import { keepRules } from '#model/retention.ts'

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '200' },
    weeks: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
})
const root = await mkdtemp(join(tmpdir(), 'assay-bench-storage-'))
const [dir, data] = [join(root, 'lab'), join(root, 'data')]
const labArguments = ['lab', '--world', values.sites, '--weeks', values.weeks, '--seed', values.seed, '--dir', dir]
const lab: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, '../src/cli/main.ts'), ...labArguments], {
  stdio: ['ignore', 'ignore', 'pipe'],
})

interface Size {
  files: number
  octets: number
  /** What the file system sets aside. */
  blocks: number
}

function sizeOf(folder: string): Size {
  const size: Size = { files: 0, octets: 0, blocks: 0 }
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const info = statSync(join(entry.parentPath, entry.name))
    size.files++
    size.octets += info.size
    size.blocks += info.blocks * 512
  }
  return size
}

try {
  for await (const chunk of lab.stderr!) if (String(chunk).includes('Ready')) break
  let before = { octets: 0, visits: 0 }
  const parts = ['blobs', 'captures', 'attestations', 'observations', 'visits'] as const
  const allOf = (): number => parts.reduce((sum, part) => sum + sizeOf(join(data, part)).octets, 0)
  const rounds: string[] = []
  let visits = 0
  await runWorldStudy(dir, data, {
    more: { httpJobs: 8 },
    events: {
      onNote: console.error,
      onVisit: () => {
        visits++
      },
      onRound: async (round) => {
        if (round === 0) return
        const now = { octets: allOf(), visits }
        rounds.push(((now.octets - before.octets) / (now.visits - before.visits)).toFixed(0))
        before = now
      },
    },
  })
  rounds.push(((allOf() - before.octets) / (visits - before.visits)).toFixed(0))

  const store = await openFileStore(data)
  let [captures, warcOctets, warcBlocks, httpOctets, bodies, requests] = [0, 0, 0, 0, 0, 0]
  const warc = join(root, 'one.warc.gz')
  for await (const id of store.listCaptures()) {
    const capture = await store.getCapture(id)
    const index = await writeWarc(capture, store, warc, 'bench')
    const { size, blocks } = statSync(warc)
    captures++
    requests += index.length
    warcOctets += size
    warcBlocks += blocks * 512
    // Our manifest is no part of what the field keeps; its record's header weighs some 300 octets.
    httpOctets += size - gzipSync(canonicalJson(capture.manifest)).length - 300
    for (const entry of index) bodies += entry.length
  }
  const database = await openDatabase(embeddedDatabase(data))
  const [row] = await database.query<{ index: string; queue: string }>(
    `select coalesce(sum(pg_total_relation_size(c.oid)) filter (where n.nspname = 'assay'), 0)::text as index,
       coalesce(sum(pg_total_relation_size(c.oid)) filter (where n.nspname <> 'assay'), 0)::text as queue
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  )
  await database.close()

  const each = (octets: number): string => (octets / captures).toFixed(0)
  console.log(
    `${captures} visits of ${values.sites} sites in ${values.weeks} rounds, ${(requests / captures).toFixed(1)} answers a visit; octets a visit:`,
  )
  const total: Size = { files: 0, octets: 0, blocks: 0 }
  for (const part of parts) {
    const size = sizeOf(join(data, part))
    total.files += size.files
    total.octets += size.octets
    total.blocks += size.blocks
    console.log(`  ${part.padEnd(14)} ${each(size.octets).padStart(8)}   set aside ${each(size.blocks).padStart(8)}   ${size.files} files`)
  }
  console.log(
    `  together       ${each(total.octets).padStart(8)}   set aside ${each(total.blocks).padStart(8)}; by round ${rounds.join(', ')}`,
  )
  console.log(`  memo (may go)  ${each(sizeOf(join(data, 'memo')).octets).padStart(8)}`)
  console.log(`  PostgreSQL: index ${each(Number(row?.index))}, queue and schedule ${each(Number(row?.queue))}`)
  console.log(`one WARC a visit: ${each(httpOctets)} (with our manifest in it ${each(warcOctets)}), set aside ${each(warcBlocks)}`)
  const thinned = await gc(
    { data, database: null, keep: keepRules, olderThanMs: 0, graceMs: 0, dryRun: false, clock: new SimulatedClock(new Date('2100-01-01')) },
    () => {},
    new AbortController().signal,
  )
  const left = [...parts, 'tombstones'].reduce((sum, part) => sum + sizeOf(join(data, part)).octets, 0)
  const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(3)} (1/${(theirs / ours).toFixed(1)})`
  console.log(
    `files: ${ratio(total.octets, httpOctets)}; with index and queue ${ratio(total.octets + Number(row?.index) + Number(row?.queue), httpOctets)}; set aside ${ratio(total.blocks, warcBlocks)}`,
  )
  console.log(
    `after assay gc by its own rules (first, last, changed, suspicious), ${thinned.captures.thinned} of ${captures} captures thinned: ${each(left)} a visit, ${ratio(left, httpOctets)}`,
  )
} finally {
  lab.kill('SIGTERM')
  if (lab.exitCode === null) await once(lab, 'exit')
  await untilStopped(data)
  await rm(root, { recursive: true, force: true })
}
process.exit(0)
