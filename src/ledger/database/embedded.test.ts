import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { databaseTemplate, serversOf, temporaryData, untilStopped } from '../testing/data-folder.ts'
import { openDatabase } from './database.ts'
import { embeddedDatabase } from './embedded.ts'

const hasCode = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code
const open = (dir: string) => openDatabase(embeddedDatabase(dir))

let template: Awaited<ReturnType<typeof databaseTemplate>>
before(async () => {
  template = await databaseTemplate()
})
after(() => template.remove())

async function fromTemplate(name: string) {
  const data = await temporaryData(name)
  await template.copyTo(data.dir)
  return data
}

/** Another process that opens the folder, says so, and stays until it is killed or its input ends. */
async function neighbour(dir: string) {
  const text = `
    const { openDatabase } = await import(${JSON.stringify(join(import.meta.dirname, 'database.ts'))})
    const { embeddedDatabase } = await import(${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))})
    const database = await openDatabase(embeddedDatabase(${JSON.stringify(dir)}))
    const [{ pid }] = await database.query('select pg_backend_pid() as pid')
    process.stdout.write('open\\n')
    for await (const _ of process.stdin);
    await database.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [said] = await Promise.race([once(child.stdout, 'data'), exited])
  assert.equal(String(said), 'open\n')
  return { child, exited }
}

test('the first of several starts it, all share it, the last one to go stops it, killed or not', { timeout: 240_000 }, async (t) => {
  const data = await temporaryData('share')
  t.after(() => data.remove())
  // None is there: both want to make it.
  const [one, two] = await Promise.all([neighbour(data.dir), neighbour(data.dir)])
  const database = await open(data.dir)
  assert.equal((await serversOf(data.dir)).filter((server) => server.isPostmaster).length, 1)
  two.child.kill('SIGKILL')
  await two.exited
  await database.close()
  const third = await open(data.dir)
  assert.deepEqual(await third.query('select 1 as one'), [{ one: 1 }])
  await third.close()
  one.child.kill('SIGKILL')
  await one.exited
  await untilStopped(data.dir)
  const again = await open(data.dir)
  assert.deepEqual(await again.query('select 1 as one'), [{ one: 1 }])
  await again.close()
  await untilStopped(data.dir)
})

test('a killed server is started again under a process that uses it', { timeout: 240_000 }, async (t) => {
  const data = await fromTemplate('revive')
  t.after(() => data.remove())
  const database = await open(data.dir)
  await database.query('create table kept (n int)')
  for (let round = 0; round < 3; round++) {
    await database.query('insert into kept values ($1)', [round])
    for (const server of await serversOf(data.dir)) if (server.isPostmaster) process.kill(server.pid, 'SIGKILL')
    assert.deepEqual(await database.query('select count(*) as n from kept'), [{ n: round + 1 }])
  }
  await database.close()
})

test('a killed keeper leaves a server that the next user takes over', { timeout: 240_000 }, async (t) => {
  const data = await fromTemplate('keeper')
  t.after(() => data.remove())
  const database = await open(data.dir)
  const pipe = join(data.dir, 'db/run/users')
  const readers: number[] = []
  for (const name of await readdir('/proc')) {
    const command = /^\d+$/.test(name) ? await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') : ''
    if (command === `cat\0${pipe}\0`) readers.push(Number(name))
  }
  assert.equal(readers.length, 1)
  // Its parent, the other half of the keeper, goes first, or it would take this for the last user's leaving.
  const parent = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${readers[0]}/status`, 'utf8'))?.[1])
  for (const pid of [parent, readers[0]!]) process.kill(pid, 'SIGKILL')
  const next = await open(data.dir)
  assert.deepEqual(await next.query('select 1 as one'), [{ one: 1 }])
  await Promise.all([database.close(), next.close()])
  await untilStopped(data.dir)
})

test(
  'a copy made while it is in use has a server of its own, whatever process has the number that it remembers',
  { timeout: 240_000 },
  async (t) => {
    const data = await fromTemplate('copy')
    t.after(() => data.remove())
    const database = await open(data.dir)
    await database.query('create table kept as select generate_series(1, 1000) as n')
    const copyDir = `${data.dir}-copy`
    execFileSync('cp', ['-a', data.dir, copyDir])
    assert.equal(
      (await readFile(join(copyDir, 'db/pgdata/postmaster.pid'), 'utf8')).split('\n')[0],
      String((await serversOf(data.dir)).find((server) => server.isPostmaster)?.pid),
    )
    const copy = await open(copyDir)
    await copy.query('insert into kept values (0)')
    assert.deepEqual(await copy.query('select count(*) as n from kept'), [{ n: 1001 }])
    assert.deepEqual(await database.query('select count(*) as n from kept'), [{ n: 1000 }])
    await Promise.all([database.close(), copy.close()])
    await untilStopped(copyDir)
  },
)

test('a folder too deep for the name of a socket, with spaces and quotes in it', { timeout: 240_000 }, async (t) => {
  const data = await temporaryData('deep')
  t.after(() => data.remove())
  const deep = join(data.dir, `it's "deep" ${'x'.repeat(60)}`, 'y'.repeat(60))
  await template.copyTo(deep)
  const database = await open(deep)
  assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }])
  const neighbours = await open(deep)
  assert.equal((await serversOf(deep)).filter((server) => server.isPostmaster).length, 1)
  await Promise.all([database.close(), neighbours.close()])
  await untilStopped(deep)
})

test('a folder that only root may enter', { timeout: 240_000, skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'assay-closed-'))
  await chmod(root, 0o700)
  const dir = join(root, 'data')
  await mkdir(dir)
  await template.copyTo(dir)
  t.after(() => rm(root, { recursive: true }))
  const database = await open(dir)
  assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }])
  await database.close()
  await untilStopped(dir)
})

test('a cluster of another major version is refused with what to do', { timeout: 240_000 }, async (t) => {
  const data = await fromTemplate('version')
  t.after(() => data.remove())
  await writeFile(join(data.dir, 'db/pgdata/PG_VERSION'), '14\n')
  await assert.rejects(open(data.dir), (error) => hasCode('UNSUPPORTED')(error) && /PostgreSQL 14/.test((error as Error).message))
})

test('a damaged cluster is named with what the server said', { timeout: 240_000 }, async (t) => {
  const data = await fromTemplate('damaged')
  t.after(() => data.remove())
  await writeFile(join(data.dir, 'db/pgdata/global/pg_control'), Buffer.alloc(8192))
  await assert.rejects(open(data.dir), hasCode('DATABASE_FAILED'))
})
