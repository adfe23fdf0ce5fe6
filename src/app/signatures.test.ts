import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { AssayError } from '#model/errors.ts'
import type { TestedSignature } from '#model/signature-report.ts'
import { listedSignatureSchema, testedSignatureSchema } from '#model/signature-report.ts'
import { noKnowledge } from './knowledge.ts'
import { listSignatures, newSignature, testSignatures } from './signatures.ts'

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-signatures-'))
  context.after(() => rm(dir, { recursive: true }))
  return dir
}

async function tried(path: string): Promise<TestedSignature> {
  const [first, ...others] = await Array.fromAsync(testSignatures([path], noKnowledge, null, new AbortController().signal))
  assert.ok(first !== undefined && others.length === 0)
  return testedSignatureSchema.parse(first)
}

for (const name of ['coin-example', '9coins'])
  test(`a signature that is begun as ${name} is well, also with its comments taken off`, async (context) => {
    const dir = await folder(context)
    const file = await newSignature(name, dir)
    assert.deepEqual(await tried(file), {
      schema: 'assay.signature-test',
      file,
      id: name,
      ok: true,
      samples: { fires: 2, silent: 1 },
      faults: [],
    })
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/^# (active|startUrls|elements|literals)/gm, '$1').replace(/^# {3}-/gm, '  -'))
    assert.equal(Object.keys(parse(await readFile(file, 'utf8')) as object).length, 16)
    assert.deepEqual((await tried(file)).faults, [])
  })

const refused: Record<string, string> = { 'a name with capitals': 'CoinExample', 'a path': '../coin', nothing: '' }
for (const [title, name] of Object.entries(refused))
  test(`${title} is no name of a signature`, async (context) => {
    const dir = await folder(context)
    await assert.rejects(newSignature(name, dir), (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT')
  })

test('a file that is there is not written over', async (context) => {
  const dir = await folder(context)
  await writeFile(join(dir, 'mine.yaml'), 'mine')
  await assert.rejects(newSignature('mine', dir), (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT')
  assert.equal(await readFile(join(dir, 'mine.yaml'), 'utf8'), 'mine')
})

test('a near miss that is no miss and an account that is another are told where they stand', async (context) => {
  const dir = await folder(context)
  const file = await newSignature('coin-example', dir)
  const text = (await readFile(file, 'utf8'))
    .replace('account: aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE', 'account: another')
    .replace(/ {4}- html: '<p>.*/, `    - url: https://coin-example.example/x.js`)
  await writeFile(file, text)
  const { ok, faults } = await tried(file)
  const lineOf = (part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1
  assert.equal(ok, false)
  assert.deepEqual(
    faults.map(({ line, column }) => [line, column]),
    [
      [lineOf('<script src'), 7],
      [lineOf('https://coin-example.example/x.js'), 7],
    ],
  )
  assert.match(faults[0]?.message ?? '', /account another was expected/)
})

test("the list has ours and the user's own, and those of a data folder", async (context) => {
  const [own, data] = [await folder(context), await folder(context)]
  await newSignature('coin-own', own)
  await newSignature('coin-data', join(data, 'signatures'))
  const { signatures, faults } = await listSignatures({ signatures: [own], blockLists: [] }, data)
  assert.deepEqual(faults, [])
  for (const signature of signatures) listedSignatureSchema.parse(signature)
  assert.deepEqual(
    signatures.filter((each) => each.own).map(({ id }) => id),
    ['coin-data', 'coin-own'],
  )
  assert.ok(signatures.length > 35)
})
