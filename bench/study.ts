/**
 * Each question of a study: `npm run bench -- study [--sites 10000] [--rounds 23] [--served] [--keep DIR] [--only NAME,…]`, medians of three. In the
 * embedded PostgreSQL, or with `--served` in PostgreSQL 15 with its own defaults, over TCP. Rows are made in the database (10,000 sites × 23 rounds: one
 * visit, one observation, 20 subjects, 6 servers each; one site in twelve mines in part of the rounds, for one of 300 accounts; everything was judged
 * once more for one site in fifty). `--keep` uses a folder again. `--only ingest`: what an index takes in, and an import of a million lines. `--only sizes`: what the
 * tables take on the disk.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exportStudy, importObservations, queryStudy } from '#app/study-data.ts'
import { studyReport } from '#app/study-report.ts'
import { openDatabase } from '#ledger/database/database.ts'
import { embeddedDatabase } from '#ledger/database/embedded.ts'
import { servedDatabase } from '#ledger/database/server.ts'
import { writeIndex } from '#ledger/index/write.ts'
import { openLedger } from '#ledger/ledger.ts'
import { serversOf, untilStopped } from '#ledger/testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { startServedDatabase } from '#ledger/testing/served-database.ts'
import type { Observation } from '#model/observation.ts'
import { seedOf } from '#model/seed.ts'
import { cpuSpent, processesOfTree } from './process-usage.ts'

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '23' },
    keep: { type: 'string' },
    only: { type: 'string', default: '' },
    served: { type: 'boolean', default: false },
    lines: { type: 'string', default: '1000000' },
  },
})
const [sites, rounds] = [Number(values.sites), Number(values.rounds)]
const root = values.keep ?? (await mkdtemp(join(tmpdir(), 'assay-bench-study-')))
const data = join(root, 'data')
const served = values.served ? await startServedDatabase() : null
const place = { data, database: served?.url ?? null }
const ledgerOf = () => openLedger({ dataDir: data, ...(served === null ? {} : { database: served.url }) })
const databaseOf = () => openDatabase(served === null ? embeddedDatabase(data) : servedDatabase(served.url))
const isWanted = (name: string): boolean =>
  values.only === '' ? !['ingest', 'export', 'sizes'].includes(name) : values.only.split(',').includes(name)

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** Of this process and the database's, which may be a child of this one or of an earlier one. */
async function processorSeconds(): Promise<number> {
  const server = served?.pid() ?? (await serversOf(data)).find(({ isPostmaster }) => isPostmaster)?.pid
  const isOwn = server === undefined || processesOfTree(process.pid).includes(server)
  return cpuSpent(process.pid) + (isOwn ? 0 : cpuSpent(server))
}

/** Medians, beside the range where it ran several times. */
async function timed<T>(name: string, work: () => Promise<T>, count?: (result: T) => number, times = 1): Promise<T> {
  const took: number[] = []
  let result: T
  const used = await processorSeconds()
  do {
    const from = performance.now()
    result = await work()
    took.push(performance.now() - from)
  } while (took.length < times)
  const processor = ((await processorSeconds()) - used) / times
  const sorted = took.toSorted((a, b) => a - b)
  const range = times === 1 ? '' : ` (${seconds(sorted[0]!)} to ${seconds(sorted.at(-1)!)})`
  const rows = count === undefined ? '' : `  ${count(result)} rows`
  console.log(
    `${name.padEnd(34)} ${seconds(sorted[Math.floor(times / 2)]!)}${range}, ${processor.toFixed(2)} s of processors${rows}  ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`,
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

const isFilled = served === null && existsSync(join(data, 'db'))
if (!isFilled) {
  const ledger = await ledgerOf()
  await ledger.defineCrawl({
    name: 'bench',
    seeds: Array.from({ length: sites }, (_, at) => seedOf(`http://zz--site${at + 1}.com/`, { rank: at + 1 })),
    everyMs: 7 * 86_400_000,
    rounds,
    startsAt: new Date('2018-02-05T00:00:00Z'),
  })
  await ledger.close()
  const database = await databaseOf()
  const from = performance.now()
  if (values.only !== 'ingest')
    for (const [table, sql] of Object.entries(fill)) {
      // No question reads them, but an export does.
      if (table === 'servers' && !isWanted('sizes') && !isWanted('export')) continue
      await database.query(sql, table === 'visits' ? [sites, rounds] : table.startsWith('names') ? [sites] : [])
    }
  await database.query('vacuum analyze')
  console.log(`filled in ${seconds(performance.now() - from)}`)
  await database.close()
}

/** Observations as a crawl's, of a page that loads what others load and something of its own. */
function observationAt(number: number): Observation {
  const name = (kind: string, of: number) => `sha256:${`${kind}${of}`.padEnd(64, '0')}` as const
  const url = `https://zz--ingest${number % 2000}.com/`
  const site = `zz--ingest${number % 2000}.com`
  const others = Array.from({ length: 5 }, (_, at) => (number * 7919 + at * 104_729) % 400)
  return sampleObservation(
    sampleCapture({ url }),
    number % 12 === 0 ? 'loaded' : 'none',
    { service: 'coinhive', account: `key-${number % 300}` },
    {
      site,
      components: [...others, -1].map((of, at) => ({
        slot: `${at}`,
        artifact: `script-${at}`,
        url: '',
        host: of === -1 ? site : `h${of}.example`,
        registrableDomain: null,
        party: of === -1 ? ('first' as const) : ('third' as const),
        entity: null,
        digest: of === -1 ? name('a', number) : name('b', of),
        size: 1,
        chain: [],
      })),
      hostPairs: others.map((of) => ({ parent: site, child: `h${of}.example`, cause: 'script.src', count: 1 })),
      servers: others.map((of, at) => ({
        host: at === 0 ? site : `h${of}.example`,
        address: `192.0.2.${of % 250}`,
        asn: 64_496 + (of % 15),
        organisation: 'Example Hosting',
        country: 'DE',
        certificate: null,
        isPage: at === 0,
      })),
    },
  )
}

async function ingest(): Promise<void> {
  const database = await databaseOf()
  const observations = Array.from({ length: 10_000 }, (_, number) => observationAt(number))
  await timed('10,000 visits into the index', async () => {
    await database.transaction(async (transaction) => {
      for (let at = 0; at < observations.length; at += 500) {
        const batch = observations.slice(at, at + 500)
        const visits = batch.map(({ visitId, url, site, captureId, judgement, observedAt }) => ({
          schema: 'assay.visit' as const,
          schemaVersion: 1 as const,
          visitId,
          crawl: null,
          round: null,
          seed: seedOf(url),
          site,
          plannedAt: null,
          captureId,
          judgement,
          observedAt,
          error: null,
        }))
        await writeIndex(transaction, visits, batch)
      }
    })
  })
  const [row] = await database.query<{ rows: number }>(
    `select (select count(*) from assay.visits) + (select count(*) from assay.observations) + (select count(*) from assay.findings) + (select count(*) from assay.servers)
       + (select coalesce(sum(cardinality(subject_ids)), 0) from assay.observations) as rows`,
  )
  console.log(`  which are ${row?.rows} rows`)
  await database.close()
  const lines = Number(values.lines)
  const file = join(root, 'lines.csv')
  const kinds = ['visited,', 'service,coinhive', 'host,h7.example', `script,sha256:${'0'.repeat(64)}`]
  const lineAt = (at: number): string => {
    const day = new Date(Date.UTC(2018, 0, 1) + Math.floor(at / 50_000) * 604_800_000).toISOString().slice(0, 10)
    // A bad one now and then.
    return `list,${at % 100_000 === 7 ? '2018-02-30' : day},zz--site${at % 50_000}.com,${kinds[at % 4]}\n`
  }
  await writeFile(
    file,
    (function* () {
      for (let at = 0; at < lines; at += 10_000)
        yield Array.from({ length: Math.min(10_000, lines - at) }, (_, of) => lineAt(at + of)).join('')
    })(),
  )
  for (const name of ['lines imported', 'lines imported again']) {
    const { added, known, bad } = await timed(
      name,
      () => importObservations(place, file),
      () => lines,
    )
    console.log(`  ${added} added, ${known} known, ${bad.length} bad`)
  }
}

/** What lies on the disk, indexes and what a long value has beside the row included. */
async function sizes(): Promise<void> {
  const database = await databaseOf()
  const tables = await database.query<{ name: string; octets: number; rows: number }>(
    `select relname as name, pg_total_relation_size(oid) as octets, reltuples::int8 as rows
     from pg_class where relnamespace = 'assay'::regnamespace and relname in ('visits', 'observations', 'subject_names', 'servers') order by relname`,
  )
  for (const { name, octets, rows } of tables)
    console.log(`${`on the disk: ${name}`.padEnd(34)} ${(octets / 1e6).toFixed(1)} MB  about ${Math.max(rows, 0)} rows`)
  await database.close()
}

try {
  if (isWanted('ingest')) await ingest()
  const ledger = await ledgerOf()
  const filter = { crawl: 'bench' }
  try {
    const questions: Record<string, { name: string; ask: () => Promise<readonly unknown[]> }> = {
      seeds: { name: 'seeds of the crawl', ask: () => ledger.listSeeds('bench') },
      visits: { name: 'visits with what is believed', ask: () => ledger.listVisits(filter) },
      'as-of': { name: 'the same as of a day', ask: () => ledger.listVisits({ ...filter, asOf: new Date('2018-05-01T00:00:00Z') }) },
      servers: { name: 'servers', ask: () => ledger.study.servers(filter) },
      instances: { name: 'instances', ask: () => ledger.study.instances(filter) },
      traces: { name: 'traces', ask: () => ledger.study.traces(filter) },
      retractions: { name: 'retractions', ask: () => ledger.study.retractions() },
    }
    for (const [name, question] of Object.entries(questions))
      if (isWanted(name)) await timed(question.name, question.ask, (rows) => rows.length, 3)
    if (isWanted('fold')) {
      const database = await databaseOf()
      await database.query('delete from assay.folds')
      await database.close()
      await timed(
        'sightings folded anew, accounts',
        () => ledger.listSightings({ kind: 'account' }),
        (rows) => rows.length,
      )
      await timed(
        'sightings of accounts',
        () => ledger.listSightings({ kind: 'account' }),
        (rows) => rows.length,
        3,
      )
    }
  } finally {
    await ledger.close()
  }
  if (isWanted('sizes')) await sizes()
  if (isWanted('report'))
    await timed(
      'whole report',
      () => studyReport({ ...place, crawl: 'bench', asOf: null }),
      ({ report }) => report.figures.length,
    )
  if (isWanted('export')) {
    await timed('export to Parquet', () => exportStudy(place))
    await timed('a query of the export', () =>
      queryStudy(place, 'select lane, status, count(*), count(distinct site) from observations where is_current group by all', {
        timeoutMs: 60_000,
        maxRows: 100,
      }),
    )
  }
} finally {
  await untilStopped(data)
  await served?.remove()
  if (values.keep === undefined) await rm(root, { recursive: true, force: true })
}
process.exit(0)
