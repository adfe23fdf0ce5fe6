import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importCaptures } from '#app/captures.ts'
import type { Answer } from '#model/answer.ts'

/** The command as a process of its own, on captures that an import left behind. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
let clean: string
let miner: string

async function assay(args: string[], command = 'report'): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, command, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-report-'))
  await writeFile(join(dir, 'clean.html'), '<!doctype html><title>Bread</title><p>A shop that sells nothing but bread.</p>')
  await writeFile(
    join(dir, 'miner.html'),
    '<!doctype html><title>Coins</title><script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").start()</script>',
  )
  const kept = await importCaptures(
    { dir: join(dir, 'assay-out'), files: ['clean.html', 'miner.html'].map((file) => join(dir, file)) },
    () => undefined,
  )
  ;[clean, miner] = kept.map(({ id }) => id) as [string, string]
})

after(() => rm(dir, { recursive: true, force: true }))

const manifestOf = (id: string): string => join('assay-out', 'captures', id.slice(7, 9), `${id.slice(7)}.json.zst`)

describe('a report of what is kept', () => {
  const cases: Record<string, { args: () => string[]; pages: () => string[]; code: number }> = {
    'an identifier': { args: () => [clean], pages: () => [clean], code: 0 },
    'the first digits of one': { args: () => [miner.slice(7, 19)], pages: () => [miner], code: 1 },
    'a manifest': { args: () => [manifestOf(miner)], pages: () => [miner], code: 1 },
    'a data folder': { args: () => ['assay-out'], pages: () => [clean, miner], code: 1 },
    'several at once': { args: () => [manifestOf(clean), miner], pages: () => [clean, miner], code: 1 },
    'a capture that is named twice': { args: () => [miner, 'assay-out'], pages: () => [miner, clean], code: 1 },
    'another folder, by --dir': { args: () => ['--dir', join(dir, 'assay-out'), clean], pages: () => [clean], code: 0 },
    'a mining page that is not to fail': { args: () => [miner, '--fail-on', 'never'], pages: () => [miner], code: 0 },
  }
  for (const [name, { args, pages, code }] of Object.entries(cases)) {
    test(`${name}: --json has those pages, exit ${code}`, async () => {
      const ran = await assay([...args(), '--json'])
      assert.deepEqual(
        ran.out
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as Answer).captureId),
        pages(),
        ran.err,
      )
      assert.equal(ran.code, code, ran.err)
    })
  }

  test('as text, HTML, Markdown and SARIF in one go', async () => {
    const ran = await assay([clean, miner, '--html', 'r.html', '--markdown', 'r.md', '--sarif', 'r.sarif'])
    assert.equal(ran.code, 1, ran.err)
    assert.match(ran.out, /NO MINER FOUND[\s\S]*MINER LOADED/)
    const html = await readFile(join(dir, 'r.html'), 'utf8')
    assert.match(html, /2 pages/)
    assert.match(html, /coinhive\.min\.js/)
    const markdown = await readFile(join(dir, 'r.md'), 'utf8')
    assert.match(markdown, /\*\*MINER LOADED:\*\*/)
    assert.match(markdown, /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/)
    assert.equal((JSON.parse(await readFile(join(dir, 'r.sarif'), 'utf8')) as { version: string }).version, '2.1.0')
  })

  const harms: Record<string, (file: string) => Promise<void>> = {
    gone: (file) => rm(file),
    damaged: (file) => writeFile(file, 'x'),
    empty: (file) => writeFile(file, ''),
  }
  for (const [name, harm] of Object.entries(harms))
    test(`of a capture whose blobs are ${name} is still one, in every format, as it was answered`, async () => {
      const folder = `blobs-${name}`
      await cp(join(dir, 'assay-out'), join(dir, folder), { recursive: true })
      await assay(['--dir', folder, miner, '--json'])
      for (const file of await readdir(join(dir, folder, 'blobs'), { recursive: true, withFileTypes: true }))
        if (file.isFile()) await harm(join(file.parentPath, file.name))
      const ran = await assay(['--dir', folder, miner, '--html', 'h.html', '--markdown', 'h.md', '--sarif', 'h.sarif'])
      assert.match(ran.out, /MINER LOADED|INCONCLUSIVE/, ran.err)
      for (const file of ['h.html', 'h.md', 'h.sarif']) assert.match(await readFile(join(dir, file), 'utf8'), /miner\.html|coinhive/)
    })

  test('--markdown alone goes to standard output, and nothing else does', async () => {
    const ran = await assay([clean, '--markdown'])
    assert.match(ran.out, /^# `/)
    assert.equal(ran.code, 0, ran.err)
  })

  const wrong: Record<string, { args: () => string[]; code: number; says: RegExp }> = {
    'a name that is nothing': { args: () => ['nowhere.json'], code: 4, says: /BAD_ARGUMENT/ },
    'an identifier that is not there': { args: () => ['0123456789'], code: 4, says: /NOT_FOUND/ },
    'a folder of other files': { args: () => ['.'], code: 4, says: /no data folder/ },
    'a manifest where Markdown was to go': { args: () => [clean, '--markdown', manifestOf(miner)], code: 4, says: /ends in \.md/ },
    'two formats for one output': { args: () => [clean, '--json', '--markdown'], code: 4, says: /standard output/ },
  }
  for (const [name, { args, code, says }] of Object.entries(wrong)) {
    test(`${name} is exit ${code}, and nothing is written over`, async () => {
      const before = await readFile(join(dir, manifestOf(miner)))
      const ran = await assay(args())
      assert.match(ran.err, says)
      assert.equal(ran.code, code)
      assert.deepEqual(await readFile(join(dir, manifestOf(miner))), before)
    })
  }

  test('judge writes Markdown too', async () => {
    const ran = await assay(['miner.html', '--markdown', 'judged.md'], 'judge')
    assert.match(await readFile(join(dir, 'judged.md'), 'utf8'), /^# `miner\.html`\n\n\*\*MINER LOADED:\*\*/)
    assert.equal(ran.code, 1, ran.err)
  })

  test('no folder is made where there is none', async () => {
    const ran = await assay(['--dir', 'fresh', 'abcdef'])
    assert.equal(ran.code, 4)
    await assert.rejects(stat(join(dir, 'fresh')))
  })
})
