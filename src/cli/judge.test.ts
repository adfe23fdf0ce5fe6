import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
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

test('Ctrl-C reaches the group of a terminal, and what is being judged is judged whole', async () => {
  const names = ['large-1.js', 'large-2.js', 'large-3.js']
  for (const name of names)
    await writeFile(join(dir, name), Array.from({ length: 20_000 }, (_, i) => `function f${i}(a){return a^${i}}//${name}`).join('\n'))
  const child = spawn(process.execPath, [main, 'judge', '--json', ...names], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  process.kill(-(child.pid ?? 0), 'SIGINT')
  const [code] = (await closed) as [number | null]
  const answers = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { status: string; blindTo: string[] })
  assert.equal(code, 130)
  for (const { status, blindTo } of answers) assert.deepEqual([status, blindTo], ['none', []])
})
