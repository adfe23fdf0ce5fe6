import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SimulatedClock } from '#model/clock.ts'
import { seedOf } from '#model/seed.ts'
import { openLedger } from './ledger.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'

/** Debian's PostgreSQL: the oldest version that is promised. */
const bin = ['/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/17/bin'].find((path) =>
  existsSync(join(path, 'postgres')),
)

test(
  'the same ledger on a served PostgreSQL: schema, queue, questions, reindex',
  { timeout: 240_000, skip: bin === undefined && 'no PostgreSQL of the system is here' },
  async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'assay-served-'))
    const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : null
    await mkdir(join(root, 'server'))
    if (as !== null) {
      await chown(root, as.uid, as.gid)
      await chown(join(root, 'server'), as.uid, as.gid)
    }
    execFileSync(join(bin!, 'initdb'), ['-D', join(root, 'server/data'), '-U', 'assay', '--auth=trust', '--no-sync', '--no-instructions'], {
      ...as,
      stdio: 'ignore',
      cwd: '/',
    })
    const server = spawn(
      join(bin!, 'postgres'),
      ['-D', join(root, 'server/data'), '-k', root, '-c', 'listen_addresses=', '-c', 'fsync=off'],
      { ...as, stdio: 'ignore', cwd: '/' },
    )
    const gone = once(server, 'exit')
    t.after(async () => {
      server.kill('SIGINT')
      await gone
      await rm(root, { recursive: true })
    })
    while (!existsSync(join(root, '.s.PGSQL.5432'))) await sleep(20)

    const options = { dataDir: join(root, 'data'), database: `postgres://assay@localhost/postgres?host=${encodeURIComponent(root)}` }
    const [ledger, neighbour] = await Promise.all([openLedger(options), openLedger(options)])
    await neighbour.close()
    assert.equal(ledger.kind, 'served')
    const clock = new SimulatedClock(new Date('2026-01-05T00:00:00.000Z'))
    await ledger.defineCrawl({
      name: 'weekly',
      seeds: [seedOf('a.test'), seedOf('b.test')],
      everyMs: null,
      rounds: 1,
      startsAt: clock.now(),
    })
    const queue = await ledger.openQueue('weekly', { isRealTime: false })
    await queue.announce(clock.now())
    const leases = await queue.claim(5, clock.now())
    assert.equal(leases.length, 2)
    for (const lease of leases) {
      const capture = sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId })
      await ledger.files.putCapture(capture)
      assert.equal(await queue.acknowledge(lease, sampleObservation(capture, 'active', { account: 'A' })), 'accepted')
    }
    await queue.close()
    assert.deepEqual(
      (await ledger.listVisits({ crawl: 'weekly' })).map((visit) => [visit.site, visit.observed?.status, visit.observed?.accounts]),
      [
        ['a.test', 'active', ['A']],
        ['b.test', 'active', ['A']],
      ],
    )
    assert.equal((await ledger.listSightings({ kind: 'account' })).length, 2)
    const report = await ledger.reindex()
    assert.equal(report.after, report.before)
    await ledger.close()
  },
)
