import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const dir = await mkdtemp(join(tmpdir(), 'assay-judge-cli-'))
after(() => rm(dir, { recursive: true, force: true }))

async function judge(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'judge', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, out, err }
}

/** C0 but the line feed, C1, and what turns lines around. */
const steers = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

test('names of files that would steer a terminal are shown, and judged, as text', async () => {
  await mkdir(join(dir, 'site'))
  const bad = 'two\nlines \u001b[31mred\u001b]0;title\u0007 \u202egnp.\u009b2J.js'
  await writeFile(join(dir, 'site', bad), 'document.title = "bread"')
  await writeFile(join(dir, 'site', 'plain.js'), 'document.title = "bread"')
  await writeFile(join(dir, 'site', 'left\nout\u001b[2J.bin'), Buffer.from([0, 1, 2]))
  const lines = await judge('--json', 'site', join('site', bad), 'no\u001b[2Jsuch.js')
  const answers = lines.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { file: string; status: string; error: { code: string } | null })
  assert.deepEqual(
    answers.map(({ status, error }) => error?.code ?? status),
    ['none', 'none', 'none', 'NOT_FOUND'],
  )
  assert.deepEqual(answers.map(({ file }) => file).sort(), ['no\u001b[2Jsuch.js', 'site/plain.js', `site/${bad}`, `site/${bad}`])
  const people = await judge('site', join('site', bad), 'no\u001b[2Jsuch.js')
  for (const text of [lines.out, lines.err, people.out, people.err]) assert.doesNotMatch(text, steers)
  assert.equal(people.out.split('\n').filter((line) => line.startsWith('lines')).length, 0)
})

test('an error has its hint, on a terminal and as JSON', async () => {
  await writeFile(join(dir, 'x.bin'), Buffer.from([1, 2, 0, 255, 254]))
  const lines = await judge('--json', 'x.bin')
  const { error } = JSON.parse(lines.out) as { error: { code: string; hint: string } }
  assert.equal(error.code, 'UNSUPPORTED')
  assert.match(error.hint, /^Give a HAR/)
  assert.equal(lines.code, 3)
  assert.ok((await judge('x.bin')).out.includes(error.hint))
})

/** Hundredths of a second that the busiest child of a process has worked. */
function childTicks(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean)
  const used = children.map((child) => {
    const fields = readFileSync(`/proc/${child}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return Math.max(0, ...used)
}

test('Ctrl-C reaches the group of a terminal, and what is being judged is judged whole', async () => {
  const code = Array.from({ length: 60_000 }, (_, i) => `function f${i}(a,b){var x=a*${i}+b;for(var i=0;i<x;i++){x^=i<<${i % 31}}return x}`)
  // A name that makes it worth parsing, which takes seconds.
  await writeFile(join(dir, 'large.js'), `var jobId=1;${code.join('\n')}`)
  const child = spawn(process.execPath, [main, 'judge', '--json', 'large.js'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const closed = once(child, 'close')
  // More than a child needs to start: it is at work.
  while (childTicks(child.pid ?? 0) < 60) await setTimeout(1)
  process.kill(-(child.pid ?? 0), 'SIGINT')
  const [exit] = (await closed) as [number | null]
  const { status, blindTo } = JSON.parse(out) as { status: string; blindTo: string[] }
  assert.deepEqual([exit, status, blindTo], [130, 'none', []], err)
})
