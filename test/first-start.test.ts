import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../', import.meta.url))
const runtime = `node_modules/node-linux-${process.arch}/bin/node`

/** What npm ci leaves, as far as the launcher looks: the runtime, and npm's own note of what it laid out. Each call is noted. */
const npmThatWorks = `
echo "npm $*" >>"$CALLS"
rm -rf node_modules
mkdir -p "${dirname(runtime)}"
ln -s "${process.execPath}" "${runtime}"
cp package-lock.json node_modules/.package-lock.json
`

interface Place {
  root: string
  start(args?: string[], options?: { cwd?: string; environment?: Record<string, string>; command?: string }): Started
  npmCalls(): Promise<string[]>
  npm(script: string): Promise<void>
}

interface Started {
  child: ChildProcess
  ended: Promise<{ code: number | null; out: string; err: string }>
}

/** A checkout that holds the launcher, a program that tells how it was called, and an npm of ours in PATH. */
async function place(t: TestContext, options: { withoutNpm?: boolean } = {}): Promise<Place> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'assay-start-')))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const root = join(folder, 'check out')
  const bin = join(folder, 'bin')
  for (const path of ['scripts', 'src/cli']) await mkdir(join(root, path), { recursive: true })
  await mkdir(bin)
  for (const path of ['assay', 'scripts/launch.sh', 'scripts/setup.sh', 'scripts/installed.mjs'])
    await copyFile(join(checkout, path), join(root, path))
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await writeFile(join(root, 'package-lock.json'), lock('1.0.0'))
  await writeFile(
    join(root, 'src/cli/main.ts'),
    'console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() })); process.exitCode = Number(process.env.EXIT ?? 0)\n',
  )
  // Programs of the system, and no other node or npm than ours.
  const programs = [
    'sh',
    'cat',
    'cmp',
    'cp',
    'cut',
    'date',
    'df',
    'du',
    'awk',
    'flock',
    'grep',
    'id',
    'ln',
    'mkdir',
    'mv',
    'readlink',
    'rm',
    'sleep',
    'tail',
    'uname',
  ]
  for (const program of programs) {
    for (const from of ['/usr/bin', '/bin']) {
      if (
        await realpath(join(from, program)).then(
          () => true,
          () => false,
        )
      ) {
        await symlink(join(from, program), join(bin, program))
        break
      }
    }
  }
  await symlink(process.execPath, join(bin, 'node'))
  const npm = async (script: string): Promise<void> => {
    await writeFile(join(bin, 'npm'), `#!/bin/sh\n${script}`)
    await chmod(join(bin, 'npm'), 0o755)
  }
  if (options.withoutNpm !== true) await npm(npmThatWorks)
  const calls = join(folder, 'calls')
  return {
    root,
    npm,
    start(args = [], { cwd = folder, environment = {}, command = join(root, 'assay') } = {}) {
      const child = spawn(command, args, {
        cwd,
        env: { PATH: bin, HOME: folder, CALLS: calls, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; out: string; err: string }>()
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk))
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, out, err }))
      return { child, ended: promise }
    },
    npmCalls: async () => (await readFile(calls, 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
  }
}

function lock(version: string): string {
  return JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } })
}

describe('the first start', () => {
  test("installs once without anybody's install scripts, says so, and passes the call on", async (t) => {
    const { start, npmCalls } = await place(t)
    const first = await start(['scan', 'a page', '--json']).ended
    assert.equal(first.code, 0, first.err)
    assert.deepEqual((JSON.parse(first.out) as { args: string[] }).args, ['scan', 'a page', '--json'])
    assert.match(first.err, /setting up \(once\)[\s\S]*set up in \d+ s/)
    const second = await start(['doctor']).ended
    assert.equal(second.err, '')
    const calls = await npmCalls()
    assert.equal(calls.length, 1)
    assert.match(calls[0] ?? '', /^npm ci --ignore-scripts .*--omit=dev/)
  })

  test("keeps the caller's folder and the exit code, also through links", async (t) => {
    const { root, start } = await place(t)
    const elsewhere = join(root, '..', 'elsewhere')
    await mkdir(elsewhere)
    await symlink('../check out/assay', join(elsewhere, 'one'))
    await symlink(join(elsewhere, 'one'), join(elsewhere, 'two'))
    const { code, out, err } = await start([], { cwd: elsewhere, command: join(elsewhere, 'two'), environment: { EXIT: '2' } }).ended
    assert.equal(code, 2, err)
    assert.equal((JSON.parse(out) as { cwd: string }).cwd, elsewhere)
  })

  test('is done again when the lock file changed', async (t) => {
    const { root, start, npmCalls } = await place(t)
    await start().ended
    await writeFile(join(root, 'package-lock.json'), lock('1.0.1'))
    const { code, err } = await start().ended
    assert.equal(code, 0, err)
    assert.equal((await npmCalls()).length, 2)
  })

  test('happens once when two start at the same time', async (t) => {
    const { start, npm, npmCalls } = await place(t)
    await npm(`${npmThatWorks}\nsleep 1\n`)
    const ends = await Promise.all([start().ended, start().ended, start().ended])
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0, 0],
      ends.map(({ err }) => err).join(),
    )
    assert.equal((await npmCalls()).length, 1)
  })

  test('takes what somebody installed by hand', async (t) => {
    const { root, start, npmCalls } = await place(t)
    await mkdir(join(root, runtime, '..'), { recursive: true })
    await symlink(process.execPath, join(root, runtime))
    await mkdir(join(root, 'node_modules/a'))
    await writeFile(join(root, 'node_modules/a/package.json'), '{}')
    await writeFile(join(root, 'node_modules/.package-lock.json'), lock('1.0.0'))
    const { code, err } = await start().ended
    assert.equal(code, 0, err)
    assert.deepEqual(await npmCalls(), [])
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`repairs a set-up that ${signal} ended`, async (t) => {
      const { root, start, npm, npmCalls } = await place(t)
      // It has begun when the half-laid folder is there; it would never end by itself.
      await npm('echo npm >>"$CALLS"; mkdir -p node_modules/half; echo $$ >node_modules/half/pid; exec sleep 600')
      const { ended } = start()
      const pid = await eventually(async () => Number(await readFile(join(root, 'node_modules/half/pid'), 'utf8')) || null)
      // The launcher's child of that name is the set-up itself; ended as a terminal or a reboot would, with all that it started.
      const setup = await ancestor(pid, 'scripts/setup.sh')
      process.kill(setup, signal)
      if (signal === 'SIGKILL') process.kill(pid, 'SIGKILL')
      const { code } = await ended
      assert.notEqual(code, 0)
      await npm(npmThatWorks)
      const again = await start().ended
      assert.equal(again.code, 0, again.err)
      assert.ok(!(await readdir(join(root, 'node_modules'))).includes('half'))
      assert.equal((await npmCalls()).length, 2)
    })
  }

  const failures: Record<string, { script: string; says: RegExp }> = {
    offline: { script: 'echo "npm error code ENOTFOUND" >&2; exit 1', says: /could not reach its registry[\s\S]*proxy/ },
    'a full disk': { script: 'echo "npm error code ENOSPC" >&2; exit 1', says: /disk is full[\s\S]*Free some space/ },
    'a folder that npm may not write': { script: 'echo "npm error code EACCES" >&2; exit 1', says: /not allowed to write[\s\S]*chown/ },
    'package.json ahead of its lock': { script: 'echo "npm error code EUSAGE" >&2; exit 1', says: /do not fit together[\s\S]*npm install/ },
    'a registry without the package': { script: 'echo "npm error code E404" >&2; exit 1', says: /did not give a package/ },
    'anything else': { script: 'echo "npm error strange things" >&2; exit 7', says: /strange things[\s\S]*npm ci ended with 7/ },
  }
  for (const [title, { script, says }] of Object.entries(failures)) {
    test(`says what to do: ${title}`, async (t) => {
      const { start, npm } = await place(t)
      await npm(script)
      const { code, out, err } = await start().ended
      assert.equal(code, 5)
      assert.equal(out, '')
      assert.match(err, says)
    })
  }

  test('says what to do: no npm', async (t) => {
    const { start } = await place(t, { withoutNpm: true })
    const { code, err } = await start().ended
    assert.equal(code, 5)
    assert.match(err, /needs npm[\s\S]*apt-get install npm/)
  })
})

describe('tests and checks', () => {
  test('need more than a start, and a start later does not take it away', async (t) => {
    const { root, start, npmCalls } = await place(t)
    await start().ended
    await writeFile(join(root, 'scripts/ran.ts'), 'console.log("ran")\n')
    const launch = join(root, 'scripts/launch.sh')
    const { out, err } = await start([launch, 'all', 'scripts/ran.ts'], { command: 'sh' }).ended
    assert.equal(out, 'ran\n', err)
    await writeFile(join(root, 'package-lock.json'), lock('1.0.1'))
    await start().ended
    const calls = await npmCalls()
    assert.deepEqual(
      calls.map((call) => call.includes('--omit=dev')),
      [true, false, false],
    )
  })
})

/** Looks again until there is something; the test's own time limit ends it. */
async function eventually<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look().catch(() => null)
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The highest process above one whose command line holds a text: a subshell has its parent's. */
async function ancestor(pid: number, text: string): Promise<number> {
  let highest = 0
  for (let each = pid; each > 1; each = Number(/^PPid:\t(\d+)/m.exec(await readFile(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0)) {
    if ((await readFile(`/proc/${each}/cmdline`, 'utf8')).includes(text)) highest = each
  }
  assert.ok(highest > 1, `a process above ${pid} holds ${text}`)
  return highest
}
