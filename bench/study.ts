/**
 * Each question of a study to 230,000 observations in the embedded PostgreSQL: `npm run bench -- study [--sites 10000] [--rounds 23] [--keep DIR]`.
 * Rows are made in the database (10,000 sites × 23 rounds: one visit, one observation, 20 subjects, 6 servers each; one site in twelve mines in part
 * of the rounds, for one of 300 accounts; everything was judged once more for one site in fifty). `--keep` uses a folder again.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exportStudy, queryStudy } from '#app/study-data.ts'
import { studyReport } from '#app/study-report.ts'
import { openDatabase } from '#ledger/database/database.ts'
import { embeddedDatabase } from '#ledger/database/embedded.ts'
import { openLedger } from '#ledger/ledger.ts'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { seedOf } from '#model/seed.ts'

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '23' },
    keep: { type: 'string' },
    only: { type: 'string', default: '' },
    explain: { type: 'boolean', default: false },
  },
})
const [sites, rounds] = [Number(values.sites), Number(values.rounds)]
const root = values.keep ?? (await mkdtemp(join(tmpdir(), 'assay-bench-study-')))
const data = join(root, 'data')

async function timed<T>(name: string, work: () => Promise<T>, count?: (result: T) => number): Promise<T> {
  const from = performance.now()
  const result = await work()
  console.log(
    `${name.padEnd(34)} ${((performance.now() - from) / 1000).toFixed(2)} s${count === undefined ? '' : `  ${count(result)} rows`}  ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  )
  return result
}

const isHint = `v.rank % 12 = 0 and v.round between v.rank % 19 and v.rank % 19 + v.rank % 7`

/** `v` is a visit: site s, round r; digests are of the right length and mean nothing. */
const fill: Record<string, string> = {
  visits: `insert into assay.visits (visit_id, crawl, round, url, site, rank, tags, planned_at, capture_id, observed_at, lane, is_last)
    select 'v-' || s || '-' || r, 'bench', r, 'http://zz--site' || s || '.com/', 'zz--site' || s || '.com', s, '{}', timestamptz '2018-02-05' + r * interval '7 days',
      'sha256:' || encode(sha256(('c' || s || '-' || r)::bytea), 'hex'), timestamptz '2018-02-05' + r * interval '7 days', 'http', true
    from generate_series(1, $1::int) s, generate_series(0, $2::int - 1) r`,
  'subjects seen': `create unlogged table assay.bench_seen as
    select v.rank, v.round, k.kind, k.subject from assay.visits v, lateral (
      select 'script' as kind, 'sha256:' || encode(sha256(('t' || floor(400 * power((v.rank * 7919 + n * 104729) % 1000 / 1000.0, 3)) || '-' || v.round / 6)::bytea), 'hex') as subject from generate_series(1, 5) n
      union select 'script', 'sha256:' || encode(sha256(('own' || v.rank)::bytea), 'hex')
      union select 'host', 'h' || floor(400 * power((v.rank * 7919 + n * 104729) % 1000 / 1000.0, 3)) || '.example' from generate_series(1, 5) n
      union select 'pair', v.site || ' → h' || floor(400 * power((v.rank * 7919 + n * 104729) % 1000 / 1000.0, 3)) || '.example script.src' from generate_series(1, 5) n
      union select 'address', '192.0.2.' || (v.rank * 13 + n * 29) % 250 from generate_series(1, 3) n
      union select 'network', 'AS' || 64496 + (v.rank * 13 + n) % 15 from generate_series(1, 2) n
      union select m.kind, m.subject from (values ('mining', 'found'), ('service', case when v.rank % 5 = 0 then 'crypto-loot' else 'coinhive' end), ('family', 'cryptonight'), ('account', 'key-' || v.rank / 12 % 300)) m(kind, subject) where ${isHint}) k`,
  'names of subjects': `insert into assay.subject_names (kind, subject) select distinct kind, subject from assay.bench_seen
    union select distinct 'server', jsonb_build_array('192.0.2.' || (s * 13) % 250, 64496 + s % 15, 'Example Hosting', (array['US', 'DE', 'FR', 'NL'])[1 + s % 4])::text from generate_series(1, $1::int) s`,
  'lists of numbers': `create unlogged table assay.bench_lists as
    select rank, round, array_agg(n.id) as ids, array_agg(n.id) filter (where kind in ('family', 'service', 'account')) as miners
    from assay.bench_seen join assay.subject_names n using (kind, subject) group by rank, round`,
  observations: `insert into assay.observations (capture_id, judgement, visit_id, url, final_url, site, lane, vantage, conditions, rank, tags, observed_at, recorded_at, reached, status, activity, consent, placement, subject_ids, miner_ids, server_ids)
    select v.capture_id, j.judgement, v.visit_id, v.url, v.url, v.site, 'http', 'local', '{"profile":"standard"}', v.rank, v.tags, v.observed_at, v.observed_at + j.later, 'content',
      case when ${isHint} then 'hint' when (v.rank * 31 + v.round * 7) % 60 = 0 then 'not-observed' else 'no-hint' end,
      'none-seen', 'unknown', 'unknown', l.ids, l.miners, array[n.id]
    from assay.visits v join assay.bench_lists l using (rank, round)
      join assay.subject_names n on n.kind = 'server' and n.subject = jsonb_build_array('192.0.2.' || (v.rank * 13) % 250, 64496 + v.rank % 15, 'Example Hosting', (array['US', 'DE', 'FR', 'NL'])[1 + v.rank % 4])::text,
      (values ('sha256:judgement-1', interval '0'), ('sha256:judgement-2', interval '200 days')) j(judgement, later)
    where j.judgement = 'sha256:judgement-1' or v.rank % 50 = 0`,
  findings: `insert into assay.findings (capture_id, judgement, number, detector, kind, weight, family, service, account, title, slot)
    select capture_id, judgement, n, 'known-service', 'mining', 'delivered', 'cryptonight', 'coinhive', 'key-' || rank / 12 % 300, 'a miner', 'slot-' || n
    from assay.observations, generate_series(0, 1) n where status = 'hint'`,
  servers: `insert into assay.servers (capture_id, judgement, host, address, asn, organisation, country, certificate, is_page)
    select o.capture_id, o.judgement, case when n = 0 then o.site else 'h' || (o.rank * 7 + n * 31) % 400 || '.example' end, '192.0.2.' || (o.rank * 13 + n * 29) % 250, 64496 + (o.rank + n) % 15,
      'Example Hosting', (array['US', 'DE', 'FR', 'NL'])[1 + o.rank % 4], null, n = 0 from assay.observations o, generate_series(0, 5) n`,
  'what it was made from': 'drop table assay.bench_seen, assay.bench_lists',
}

if (!existsSync(join(data, 'db'))) {
  const ledger = await openLedger({ dataDir: data })
  await ledger.defineCrawl({
    name: 'bench',
    seeds: Array.from({ length: sites }, (_, at) => seedOf(`http://zz--site${at + 1}.com/`, { rank: at + 1 })),
    everyMs: 7 * 86_400_000,
    rounds,
    startsAt: new Date('2018-02-05T00:00:00Z'),
  })
  await ledger.close()
  const database = await openDatabase(embeddedDatabase(data))
  for (const [table, sql] of Object.entries(fill))
    await timed(`fill ${table}`, () => database.query(sql, table === 'visits' ? [sites, rounds] : table.startsWith('names') ? [sites] : []))
  await timed('analyze', () => database.query('analyze'))
  await database.close()
}
try {
  const ledger = await openLedger({ dataDir: data })
  const filter = { crawl: 'bench' }
  try {
    const questions: Record<string, () => Promise<unknown>> = {
      seeds: () =>
        timed(
          'seeds of the crawl',
          () => ledger.listSeeds('bench'),
          (rows) => rows.length,
        ),
      visits: () =>
        timed(
          'visits with what is believed',
          () => ledger.listVisits(filter),
          (rows) => rows.length,
        ),
      'as-of': () =>
        timed(
          'the same as of a day',
          () => ledger.listVisits({ ...filter, asOf: new Date('2018-05-01T00:00:00Z') }),
          (rows) => rows.length,
        ),
      servers: () =>
        timed(
          'servers',
          () => ledger.study.servers(filter),
          (rows) => rows.length,
        ),
      instances: () =>
        timed(
          'instances',
          () => ledger.study.instances(filter),
          (rows) => rows.length,
        ),
      traces: () =>
        timed(
          'traces',
          () => ledger.study.traces(filter),
          (rows) => rows.length,
        ),
      retractions: () =>
        timed(
          'retractions',
          () => ledger.study.retractions(),
          (rows) => rows.length,
        ),
      fold: () =>
        timed(
          'sightings folded anew, or found',
          () => ledger.listSightings({ kind: 'account' }),
          (rows) => rows.length,
        ),
    }
    for (const [name, ask] of Object.entries(questions)) if (values.only === '' || values.only.split(',').includes(name)) await ask()
  } finally {
    await ledger.close()
  }
  if (values.only === '' || values.only.includes('report'))
    await timed(
      'whole report',
      () => studyReport({ data, database: null, crawl: 'bench', asOf: null }),
      ({ report }) => report.figures.length,
    )
  if (values.only === '' || values.only.includes('export')) {
    await timed('export to Parquet', () => exportStudy({ data, database: null }))
    await timed('a query of the export', () =>
      queryStudy(
        { data, database: null },
        'select lane, status, count(*), count(distinct site) from observations where is_current group by all',
        { timeoutMs: 60_000, maxRows: 100 },
      ),
    )
  }
} finally {
  await untilStopped(data)
  if (values.keep === undefined) await rm(root, { recursive: true, force: true })
}
process.exit(0)
