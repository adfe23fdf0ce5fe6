// test.ts [--long] [PART…]: runs the tests beside the code, each file in a process of its own, two at a time (of the long ones only those that reckon).
// Closes with `N passed, N failed` alone on a line; exits 1 when anything failed, or when no test ran.
import { spawn } from 'node:child_process'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reported } from './test-events.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const long = process.argv.includes('--long')
/** Only files whose path holds one of these. */
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
/** Long tables of visits load both cores by themselves: two at a time would starve each other’s. Those that only reckon take one core each. */
const reckons = (file: string): boolean => !long || /^(?:src\/study|test)\/(?!guard)/.test(file)
const limitMs = long ? 30 * 60_000 : 3 * 60_000
const reporter = join(root, 'scripts', 'test-events.ts')

interface FileResult {
  file: string
  passed: number
  skipped: number
  failures: { name: string; text: string }[]
  seconds: number
}

/** A process group of its own: what a test started ends with it, also when it hangs. */
async function runFile(file: string): Promise<FileResult> {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', '--enable-source-maps', file],
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, FORCE_COLOR: '0' },
    },
  )
  running.add(child.pid ?? 0)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    endGroup(child.pid)
  }, limitMs)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err = (err + chunk).slice(-20_000)))
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('error', (error) => resolve(error.message))
  child.once('exit', (code, signal) => {
    // Grandchildren may hold the pipes open for ever: the group goes first.
    endGroup(child.pid)
    resolve(code === 0 ? '' : `exit ${signal ?? code}`)
  })
  const closed = new Promise<void>((done) => child.once('close', () => done()))
  const ended = await promise
  await closed
  clearTimeout(timer)
  running.delete(child.pid ?? 0)
  return summarise(file, out, err, timedOut ? `not done after ${limitMs / 1000} s` : ended, (performance.now() - started) / 1000)
}

function summarise(file: string, out: string, err: string, ended: string, seconds: number): FileResult {
  const result: FileResult = { file, passed: 0, skipped: 0, failures: [], seconds }
  const printed: string[] = []
  for (const line of out.split('\n')) {
    const event = parse(line)
    if (event === null) printed.push(line)
    else if (event.type === 'pass') result.passed++
    else if (event.type === 'skip') result.skipped++
    // A test that failed by its subtests only: they were counted.
    else if (event.type === 'fail' && !event.ofChildren) result.failures.push({ name: event.name, text: event.error })
  }
  const words = [...printed, err].join('\n').trim()
  // Direct runs report the file's own end by its exit code only: a crash, a hang, a handle that nobody closed.
  if (ended !== '' && result.failures.length === 0) result.failures.push({ name: `the file (${ended})`, text: words.slice(-4_000) })
  else if (result.passed + result.skipped + result.failures.length === 0) result.failures.push({ name: 'the file', text: 'holds no test' })
  return result
}

function parse(line: string): Reported | null {
  if (!line.startsWith('{"type":')) return null
  try {
    return JSON.parse(line) as Reported
  } catch {
    return null
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: all of it has ended.
  }
}

const running = new Set<number>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const pid of running) endGroup(pid)
    process.exit(130)
  })
}

const files = (await Array.fromAsync(glob('{src,lab,test}/**/*.test.ts', { cwd: root })))
  .filter((file) => file.endsWith('.long.test.ts') === long)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort()

const results: FileResult[] = []
async function worker(queue: string[]): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await runFile(file)
    results.push(result)
    const failed = result.failures.length > 0
    console.log(
      `${failed ? '✗' : '✓'} ${file}  ${result.passed}${result.skipped > 0 ? ` (${result.skipped} skipped)` : ''}  ${result.seconds.toFixed(1)} s`,
    )
    for (const { name, text } of result.failures) console.log(`    ✗ ${name}\n${text.replace(/^/gm, '      ')}`)
  }
}
await worker(files.filter((file) => !reckons(file)))
const reckoning = files.filter(reckons)
await Promise.all([worker(reckoning), worker(reckoning)])

const sum = (count: (result: FileResult) => number): number => results.reduce((total, result) => total + count(result), 0)
const passed = sum((result) => result.passed)
const failed = sum((result) => result.failures.length)
const skipped = sum((result) => result.skipped)
if (failed > 0) {
  console.log('\nFailed:')
  for (const { file, failures } of results) for (const { name } of failures) console.log(`  ${file}: ${name}`)
}
if (files.length === 0)
  console.log(`\nno test file${long ? ' (*.long.test.ts)' : ''}${parts.length > 0 ? ` with ${parts.join(' or ')} in its path` : ''}`)
console.log('')
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
