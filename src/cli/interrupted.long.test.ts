import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { browserProcesses, leftovers } from '#capture/testing/browser-processes.ts'
import { openFileStore } from '#ledger/file-store.ts'
import type { Answer } from '#model/answer.ts'

/** Scans as processes of their own, treated roughly: interrupted at each stage, two on one folder, on a disk that fills. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))

interface Scan {
  child: ChildProcess
  out(): string
  err(): string
  ended: Promise<number | null>
}

let dir: string
let server: http.Server
let origin: string
const asked: string[] = []
const running = new Set<ChildProcess>()

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-rough-'))
  server = http.createServer((request, response) => {
    asked.push(request.url ?? '')
    // No compression makes it smaller, and no two pages share it.
    if (request.url?.endsWith('.js'))
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(`//${randomBytes(300_000).toString('hex')}`)
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><title>Page</title><h1>A page that has something to say</h1><script src="${request.url}.js"></script>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(async () => {
  for (const child of running) child.kill('SIGKILL')
  server.closeAllConnections()
  server.close()
  await rm(dir, { recursive: true, force: true })
})

function scan(out: string, paths: readonly string[], more: readonly string[] = []): Scan {
  const args = [
    main,
    'scan',
    '--json',
    '--allow-private',
    '--dwell',
    '200ms',
    '--out',
    join(dir, out),
    ...more,
    ...paths.map((path) => origin + path),
  ]
  // A group of its own, as a shell gives one: Ctrl-C reaches all of it.
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  running.add(child)
  let [text, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk))
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return { child, out: () => text, err: () => err, ended }
}

const answersOf = (text: string): Answer[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)

const interrupt = ({ child }: Scan): boolean => process.kill(-(child.pid ?? 0), 'SIGINT')

async function until(what: () => boolean, { child }: Scan): Promise<void> {
  while (!what()) {
    assert.equal(child.exitCode, null, 'it ended before')
    await delay(2)
  }
}

/** Every capture and answer that counts is whole, and each answer that was given is kept. */
async function assertWhole(out: string, answers: readonly Answer[]): Promise<void> {
  if (!existsSync(join(dir, out))) return assert.deepEqual(answers, [])
  const store = await openFileStore(join(dir, out))
  assert.deepEqual((await store.verify()).faults, [])
  const kept = new Set<string>(await Array.fromAsync(store.listCaptures()))
  for (const { captureId } of answers) {
    assert.ok(captureId && kept.has(captureId))
    assert.equal((await Array.fromAsync(store.observationsOf(captureId as `sha256:${string}`))).length, 1)
  }
}

describe('Ctrl-C', () => {
  const stages: Record<string, (run: Scan, out: string) => Promise<void>> = {
    'before anything was done': (run) => until(() => true, run),
    'while the browser starts': (run) => until(() => browserProcesses(run.child.pid).length > 0, run),
    'during a visit': (run) => until(() => asked.includes('/visit-1'), run),
    'while a capture is judged': (run, out) => until(() => existsSync(join(dir, out, 'captures', 'log')), run),
    'when an answer was given': (run) => until(() => run.out().includes('\n'), run),
  }
  for (const [name, reached] of Object.entries(stages)) {
    test(`${name} leaves nothing half, no process and no folder`, async () => {
      asked.length = 0
      const out = name.replaceAll(' ', '-')
      const run = scan(out, ['/visit-1', '/visit-2'])
      await reached(run, out)
      interrupt(run)
      const code = await run.ended
      assert.ok(code === 130 || (name.startsWith('before') && code === null), `exit ${code}: ${run.err()}`)
      assert.doesNotMatch(run.err(), /INTERNAL/)
      assert.deepEqual(leftovers(run.child.pid), { folders: [], processes: [] })
      await assertWhole(out, answersOf(run.out()))
    })
  }

  test('twice ends at once, and leaves no process', async () => {
    asked.length = 0
    const run = scan('twice', ['/visit-1'], ['--dwell', '60s'])
    await until(() => asked.includes('/visit-1'), run)
    interrupt(run)
    await until(() => run.err().includes('stopping'), run)
    interrupt(run)
    assert.equal(await run.ended, 130)
    // It killed them and did not wait for their end.
    while (browserProcesses(run.child.pid).length > 0) await delay(5)
    assert.deepEqual(leftovers(run.child.pid).folders, [])
    await assertWhole('twice', [])
  })

  test('ends a scan that waits for addresses', async () => {
    const child = spawn(process.execPath, [main, 'scan', '-', '--out', join(dir, 'waits')], { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(child)
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk))
    const closed = once(child, 'close')
    child.stdin.write('no address\n')
    while (!err.includes('BAD_URL')) await once(child.stderr, 'data')
    child.kill('SIGINT')
    const [code] = (await closed) as [number | null]
    running.delete(child)
    assert.equal(code, 130, err)
  })
})

test('two scans may share a folder', async () => {
  const runs = [scan('shared', ['/a-1', '/a-2', '/same']), scan('shared', ['/b-1', '/b-2', '/same'])]
  assert.deepEqual(await Promise.all(runs.map((run) => run.ended)), [0, 0], runs.map((run) => run.err()).join())
  const answers = runs.flatMap((run) => answersOf(run.out()))
  assert.equal(new Set(answers.map(({ captureId }) => captureId)).size, 6)
  await assertWhole('shared', answers)
  assert.equal((await Array.fromAsync((await openFileStore(join(dir, 'shared'))).listCaptures())).length, 6)
})

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test(
  'a disk that fills is DISK_FULL, and every answer that was given is kept',
  { skip: !canMount && 'mounting is not permitted here' },
  async (t) => {
    const full = join(dir, 'full')
    await mkdir(full)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'assay-test', full])
    t.after(() => execFileSync('umount', [full]))
    const run = scan(
      'full/data',
      Array.from({ length: 20 }, (_, i) => `/full-${i}`),
      ['--jobs', '2'],
    )
    assert.equal(await run.ended, 5, run.err())
    assert.match(run.err(), /^assay: DISK_FULL: /m)
    const answers = answersOf(run.out())
    assert.ok(answers.length > 0 && answers.length < 20, `${answers.length} answers`)
    assert.deepEqual(leftovers(run.child.pid), { folders: [], processes: [] })
    await assertWhole('full/data', answers)
  },
)
