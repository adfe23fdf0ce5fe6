import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLedger } from '#ledger/ledger.ts'
import { databaseTemplate, serversOf, temporaryData } from '#ledger/testing/data-folder.ts'

const script = join(import.meta.dirname, 'testing/crawler.ts')

let template: Awaited<ReturnType<typeof databaseTemplate>>
before(async () => {
  template = await databaseTemplate()
})
after(() => template.remove())

/** What the processes of one crawl said. */
class Crawlers {
  readonly kept: string[] = []
  readonly started: string[] = []
  ended: string[] = []
  readonly #args: string[]

  constructor(dir: string, pages: number, rounds: number) {
    this.#args = [script, dir, String(pages), String(rounds)]
  }

  run(onKept: (child: ChildProcess, count: number) => void = () => {}): { child: ChildProcess; done: Promise<number | null> } {
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    let count = 0
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const [word, ...more] = line.split(' ')
        if (word === 'start') this.started.push(more.join(' '))
        if (word === 'ended') this.ended.push(more.join(' '))
        if (word === 'kept') {
          this.kept.push(more.join(' '))
          onKept(child, ++count)
        }
      }
    })
    const done = once(child, 'close').then(([code]) => {
      if (code !== 0 && code !== null) throw new Error(errors)
      return code as number | null
    })
    return { child, done }
  }
}

/** Every page once a round, everything acknowledged there, files sound, index equal to the files. */
async function assertWhole(dir: string, crawlers: Crawlers, visits: number, mayRepeat: number): Promise<void> {
  const ledger = await openLedger({ dataDir: dir })
  try {
    const rows = await ledger.listVisits({ crawl: 'weekly' })
    assert.equal(rows.length, visits)
    assert.equal(new Set(rows.map((row) => `${row.round} ${row.url}`)).size, visits)
    assert.ok(rows.every((row) => row.observed !== null))
    const there = new Set(rows.map((row) => `${row.round} ${row.url} ${row.visitId}`))
    for (const kept of crawlers.kept) assert.ok(there.has(kept), `${kept} was acknowledged`)
    assert.ok(
      crawlers.started.length - visits <= mayRepeat,
      `${crawlers.started.length - visits} visits repeated; ${mayRepeat} were in flight`,
    )
    assert.deepEqual((await ledger.files.verify()).faults, [])
    const report = await ledger.reindex()
    assert.equal(report.after, report.before)
  } finally {
    await ledger.close()
  }
}

test(
  'two processes crawl together, are killed and started again: nothing acknowledged is lost, nothing is there twice',
  { timeout: 240_000 },
  async (t) => {
    const data = await temporaryData('kills')
    await template.copyTo(data.dir)
    t.after(() => data.remove())
    const crawlers = new Crawlers(data.dir, 40, 3)
    const killed = [7, 15].map((after) => crawlers.run((child, count) => count === after && child.kill('SIGKILL')))
    await Promise.all(killed.map(({ done }) => done))
    await crawlers.run((child, count) => count === 20 && child.kill('SIGKILL')).done
    await Promise.all([crawlers.run().done, crawlers.run().done])
    assert.deepEqual(crawlers.ended, ['done', 'done'])
    await assertWhole(data.dir, crawlers, 120, 3 * 4)
  },
)

test('the database is killed in the middle of a crawl, which goes on', { timeout: 240_000 }, async (t) => {
  const data = await temporaryData('database-kill')
  await template.copyTo(data.dir)
  t.after(() => data.remove())
  const crawlers = new Crawlers(data.dir, 30, 2)
  let kills = 0
  await crawlers.run((_, count) => {
    if (count !== 10 && count !== 35) return
    void serversOf(data.dir).then((servers) => {
      for (const server of servers) if (server.isPostmaster) process.kill(server.pid, 'SIGKILL')
      kills++
    })
  }).done
  assert.equal(kills, 2)
  assert.deepEqual(crawlers.ended, ['done'])
  await assertWhole(data.dir, crawlers, 60, 2 * 4)
})

test('interrupted, a crawl gives back what it had in hand and goes on with the same call', { timeout: 240_000 }, async (t) => {
  const data = await temporaryData('interrupt')
  await template.copyTo(data.dir)
  t.after(() => data.remove())
  const crawlers = new Crawlers(data.dir, 30, 2)
  await crawlers.run((child, count) => count === 12 && child.kill('SIGINT')).done
  assert.deepEqual(crawlers.ended, ['interrupted'])
  assert.ok(crawlers.kept.length < 60)
  await crawlers.run().done
  await assertWhole(data.dir, crawlers, 60, 0)
})
