import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { AssayError } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { createJudge } from './judge.ts'
import { readSignature } from './signature-file.ts'
import { faultText, loadAllSignatures, loadSignatures, parseSignature } from './signatures.ts'
import { trySamples } from './try-samples.ts'

const signatures = await loadSignatures()
const blobs = memoryBlobs()
const judge = createJudge({ blobs, signatures, limits: { children: 1, heapMb: 512, timeMs: 20_000, timeMsPerMb: 1_000 } })
after(() => judge.close())

test('there is a signature for every service that is known', () => assert.ok(signatures.length >= 30, String(signatures.length)))

for (const signature of signatures) {
  test(`${signature.id}: its samples fire, its near misses are silent`, async () => {
    for (const { part, at, fault } of await trySamples(signature, judge, blobs)) assert.equal(fault, null, `${part} ${at + 1}: ${fault}`)
  })
}

const bad: Record<string, string> = {
  'no YAML': 'a: [',
  'an unknown member': 'id: x\nname: X\nkind: mining\nsource: [a]\nhots: [x]\nsamples: { fires: [{}], silent: [{}] }',
  'a pattern that is no regular expression':
    "id: x\nname: X\nkind: mining\nsource: [a]\nscriptPaths: ['(']\nsamples: { fires: [{}], silent: [{}] }",
  aliases: 'a: &a [1]\nb: [*a, *a]',
  'aliases that double thirty times': `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`).join('\n')}`,
  'an alias to itself': 'a: &a [*a]',
  'a hundred thousand brackets': '['.repeat(100_000),
  'no samples': 'id: x\nname: X\nkind: mining\nsource: [a]',
}
for (const [name, text] of Object.entries(bad)) {
  test(`a signature with ${name} is refused with a typed error`, () =>
    assert.throws(
      () => parseSignature(text, 'x.yaml'),
      (error) => error instanceof AssayError && error.code === 'BAD_SIGNATURE',
    ))
}
test('any text is a signature or a typed error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      try {
        parseSignature(text, 'x.yaml')
        return false
      } catch (error) {
        return error instanceof AssayError
      }
    }),
  )
})

const good =
  'id: x\nname: X\nkind: mining\nsource: [a]\nhosts: [miner.example]\nsamples: { fires: [{ url: https://miner.example/x.js }], silent: [{ html: <p>miner.example</p> }] }\n'
const places: Record<string, { text: string; at: string; says: RegExp }> = {
  'a member that is misspelled': { text: good.replace('hosts', 'hots'), at: '5:1', says: /there is no member "hots"/ },
  'a kind that there is not': { text: good.replace('mining', 'minning'), at: '3:7', says: /kind: / },
  'a pattern that does not compile': { text: `${good}scriptPaths:\n  - a\n  - '('\n`, at: '9:5', says: /is no regular expression/ },
  'a pattern that matches everything': { text: `${good}startUrls: ['x*']\n`, at: '7:13', says: /matches everything/ },
  'an id that is not the name of its file': { text: good.replace('id: x', 'id: y'), at: '1:5', says: /is called x.yaml/ },
  'a sample that is two things': { text: good.replace('url:', 'js: "1", url:'), at: '6:20', says: /one of html, js and url/ },
  'no near miss': { text: good.replace('[{ html: <p>miner.example</p> }]', '[]'), at: '6:66', says: /at least one sample/ },
  'a bracket that is not closed': { text: `${good}poolHosts: [a`, at: '7:14', says: /no YAML/ },
}
for (const [name, { text, at, says }] of Object.entries(places)) {
  test(`${name} is told with its place`, () => {
    const [first, ...others] = readSignature(text, 'own/x.yaml').faults
    assert.ok(first !== undefined && others.length === 0)
    assert.equal(faultText(first).replace(first.message, ''), `own/x.yaml:${at}: `)
    assert.match(first.message, says)
  })
}

test('a signature without samples says why', () => {
  const text = good.replace(/samples.*/, 'unsupported: how it is embedded is not known')
  assert.deepEqual(readSignature(text, 'x.yaml').faults, [])
})

test("of the user's own, bad files are told and left out; one with the id of ours takes its place", async (context) => {
  const own = await mkdtemp(join(tmpdir(), 'assay-own-'))
  context.after(() => rm(own, { recursive: true }))
  await writeFile(join(own, 'x.yaml'), good)
  await writeFile(join(own, 'coinhive.yaml'), good.replace('id: x', 'id: coinhive'))
  await writeFile(join(own, 'bad.yaml'), 'id: bad\n')
  await mkdir(join(own, 'more'))
  await writeFile(join(own, 'more', 'x.yaml'), good)
  const { files, faults, replaced } = await loadAllSignatures([own])
  assert.deepEqual(
    files.filter((each) => each.own).map(({ signature }) => signature.id),
    ['coinhive', 'x'],
  )
  assert.equal(files.length, signatures.length + 1)
  assert.deepEqual(replaced, ['coinhive'])
  assert.deepEqual(new Set(faults.map(({ file }) => basename(file))), new Set(['bad.yaml', 'x.yaml']))
})
