import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hitsSchema } from '#model/hits.ts'
import { rejudgeSummarySchema } from '#model/rejudgement.ts'
import { listedSignatureSchema, testedSignatureSchema } from '#model/signature-report.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const dir = await mkdtemp(join(tmpdir(), 'assay-signatures-cli-'))
after(() => rm(dir, { recursive: true, force: true }))

async function assay(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, out, err }
}

const linesOf = (out: string): unknown[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

test('a signature is begun, tried, used on what is kept, and asked about', async () => {
  const begun = await assay(['signatures', 'new', 'coin-own', '--out', 'own'])
  assert.equal(begun.code, 0)
  assert.match(begun.out, /^own\/coin-own\.yaml$/m)
  const tried = await assay(['signatures', 'test', 'own', '--json'])
  assert.equal(tried.code, 0)
  assert.equal(testedSignatureSchema.parse(linesOf(tried.out)[0]).ok, true)

  await writeFile(
    join(dir, 'shop.html'),
    '<!doctype html><title>Shop</title><p>Welcome to this page.</p><script src="https://coin-own.example/c.js"></script><script>new CoinOwn.Anonymous("aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE").start()</script>',
  )
  assert.equal((await assay(['capture', 'import', 'shop.html', '--dir', 'data'])).code, 0)
  // A start with a key is suspected without a signature; known it is only with one.
  const known = ['--fail-on', 'active,loaded']
  assert.equal((await assay(['rejudge', '--data', 'data', ...known])).code, 0)
  const again = await assay(['rejudge', '--data', 'data', '--json', ...known], { ASSAY_SIGNATURES: join(dir, 'own') })
  assert.equal(again.code, 1)
  assert.equal(rejudgeSummarySchema.parse(linesOf(again.out).at(-1)).changed, 1)

  const [seen, never] = await Promise.all([
    assay(['hits', 'coin-own.example', '--data', 'data', '--json']),
    assay(['hits', 'other.example', '--data', 'data']),
  ])
  assert.deepEqual([seen.code, never.code], [1, 0])
  assert.equal(hitsSchema.parse(linesOf(seen.out)[0]).captures, 1)
  assert.match(never.out, /Never seen/)
})

test('faults are told with line and column, by test and by every command that uses them', async () => {
  await assay(['signatures', 'new', 'coin-bad', '--out', 'bad'])
  const file = join(dir, 'bad', 'coin-bad.yaml')
  const text = (await readFile(file, 'utf8')).replace('kind: mining', 'kind: minning')
  await writeFile(file, text)
  const line = text.split('\n').findIndex((each) => each.startsWith('kind')) + 1
  const said = `bad/coin-bad.yaml:${line}:7: BAD_SIGNATURE: kind: `
  const [tried, listed, used] = await Promise.all([
    assay(['signatures', 'test', 'bad']),
    assay(['signatures', 'list', '--signatures', 'bad', '--json']),
    assay(['judge', 'shop.html', '--signatures', 'bad']),
  ])
  assert.equal(tried.code, 1)
  assert.ok(tried.out.startsWith(said), tried.out)
  assert.equal(listed.code, 1)
  assert.ok(listed.err.startsWith(said), listed.err)
  for (const each of linesOf(listed.out)) listedSignatureSchema.parse(each)
  assert.match(used.err, new RegExp(`BAD_SIGNATURE: bad/coin-bad\\.yaml:${line}:7: .*left out`))
})

const wrong: Record<string, string[]> = {
  'a name that is no id': ['signatures', 'new', '../x'],
  'a folder of signatures that is not there': ['judge', 'shop.html', '--signatures', 'absent'],
  'a block list that is not there': ['judge', 'shop.html', '--block-list', 'absent'],
  'hits in a folder that is none': ['hits', 'a.example', '--data', 'absent'],
  'hits of two words': ['hits', 'two words', '--data', 'data'],
  'rejudge in a folder that is none': ['rejudge', '--data', 'absent'],
  'rejudge since no day': ['rejudge', '--data', 'data', '--since', 'yesterday'],
}
for (const [name, args] of Object.entries(wrong))
  test(`${name} is wrong use`, async () => {
    const { code, err } = await assay(args)
    assert.equal(code, 4, err)
    assert.ok(err.length > 0)
  })
