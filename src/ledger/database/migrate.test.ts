import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sha256 } from '#model/digest.ts'
import { openLedger } from '../ledger.ts'
import { temporaryData } from '../testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import { openDatabase } from './database.ts'
import { embeddedDatabase } from './embedded.ts'

/** A data folder whose database an earlier version made, with a crawl half done. */
let data: Awaited<ReturnType<typeof temporaryData>>
const folder = join(import.meta.dirname, '../migrations')
before(async () => {
  data = await temporaryData('upgrade')
})
after(() => data.remove())

test('every earlier schema is brought up with its rows, and its index is what the files say', { timeout: 240_000 }, async () => {
  const files = (await readdir(folder)).toSorted((a, b) => (a < b ? -1 : 1))
  const database = await openDatabase(embeddedDatabase(data.dir))
  try {
    for (let version = 1; version < files.length; version++) {
      await database.query('drop schema if exists assay cascade')
      await database.query('create schema assay')
      await database.query(
        'create table assay.migrations (number int primary key, name text not null, digest text not null, applied_at timestamptz not null default now())',
      )
      for (const [at, name] of files.slice(0, version).entries()) {
        const sql = await readFile(join(folder, name), 'utf8')
        await database.query(sql)
        await database.query('insert into assay.migrations (number, name, digest) values ($1, $2, $3)', [
          at + 1,
          name,
          sha256(Buffer.from(sql)),
        ])
      }
      await database.query(
        `insert into assay.crawls (name, every_ms, rounds, starts_at, created_at) values ('weekly', 604800000, 3, '2026-01-05T00:00:00Z', now())`,
      )
      await database.query(
        `insert into assay.seeds (crawl, url, site, rank, tags, scope, next_round, next_at)
         values ('weekly', 'https://shop.test/', 'shop.test', 7, '{news}', 'page', 1, '2026-01-12T00:00:00Z')`,
      )
      await database.query(
        `insert into assay.visits (visit_id, url, site, tags, capture_id, observed_at) values ('v-1', 'https://old.test/', 'old.test', '{}', 'sha256:old', '2026-01-01T00:00:00Z')`,
      )
      await database.query(
        `insert into assay.observations (capture_id, judgement, visit_id, url, final_url, site, lane, vantage, conditions, tags, observed_at, recorded_at, reached, status, activity, consent, placement)
         values ('sha256:old', 'sha256:j', 'v-1', 'https://old.test/', 'https://old.test/', 'old.test', 'browser', 'local', '{}', '{}', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 'content', 'active', 'hashing', 'not-asked', 'page')`,
      )
      // Later ones hold numbers.
      if (version < 4)
        await database.query(
          `insert into assay.subjects (capture_id, judgement, kind, subject) values ('sha256:old', 'sha256:j', 'account', 'before'), ('sha256:old', 'sha256:j', 'mining', 'found')`,
        )
      if (version === 3)
        await database.query(
          `insert into assay.servers (capture_id, judgement, host, address, asn, is_page) values ('sha256:old', 'sha256:j', 'old.test', '192.0.2.1', 64500, true)`,
        )
      const ledger = await openLedger({ dataDir: data.dir })
      try {
        const [old] = await ledger.listVisits({ crawl: null })
        assert.deepEqual([old?.site, old?.observed?.accounts], ['old.test', version < 4 ? ['before'] : []])
        if (version < 4) assert.deepEqual(await ledger.capturesWith([{ kind: 'account', subject: 'before' }]), ['sha256:old'])
        if (version === 3)
          assert.deepEqual(await ledger.study.servers({}), [
            { site: 'old.test', address: '192.0.2.1', asn: 64500, organisation: null, country: null },
          ])
        assert.deepEqual(
          (await ledger.listCrawls()).map(({ name, rounds, seeds, firstLane }) => [name, rounds, seeds, firstLane]),
          [['weekly', 3, 1, 'browser']],
        )
        const [seed] = await ledger.listSeeds('weekly')
        assert.deepEqual([seed?.url, seed?.rank, seed?.tags], ['https://shop.test/', 7, ['news']])
        const capture = sampleCapture({ url: `https://version-${version}.test/` })
        await ledger.files.putCapture(capture)
        await ledger.record(sampleObservation(capture, 'active', { account: 'wallet' }))
        // Files of before count too: the first reindex takes them in, the second finds nothing to change.
        assert.equal((await ledger.reindex()).observations, version)
        const again = await ledger.reindex()
        assert.equal(again.after, again.before)
      } finally {
        await ledger.close()
      }
    }
  } finally {
    await database.close()
  }
})
