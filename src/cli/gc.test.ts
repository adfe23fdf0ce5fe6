import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openFileStore } from '#ledger/file-store.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import type { Digest } from '#model/digest.ts'
import { gcReportSchema, purgeReportSchema } from '#model/retention.ts'

/** gc and purge as processes of their own, on a folder of `scan --out`: three weeks of a page, and a page of a person. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
const ids: Digest[] = []

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-gc-'))
  const store = await openFileStore(join(dir, 'out'))
  for (const startedAt of ['2025-01-05T10:00:00.000Z', '2025-01-12T10:00:00.000Z', '2025-01-19T10:00:00.000Z']) {
    const capture = sampleCapture({ startedAt }, [await store.put(Buffer.from(`page of ${startedAt}`))])
    await store.putCapture(capture)
    await store.appendObservation(sampleObservation(capture))
    ids.push(capture.id)
  }
  const person = sampleCapture({ url: 'https://person.test/' }, [await store.put(Buffer.from('private'))])
  await store.putCapture(person)
  ids.push(person.id)
})
after(() => rm(dir, { recursive: true, force: true }))

async function assay(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, out, err }
}

test('what is asked wrongly is told, and nothing is removed', async () => {
  for (const [args, says] of [
    [['gc', '--data', 'nowhere'], /NOT_FOUND: nowhere is no data folder/],
    [['gc', '--data', 'out', '--keep', 'firts'], /all, or a list of: first, last, changed, suspicious/],
    [['gc', '--data', 'out', '--older-than', 'long'], /BAD_ARGUMENT: "long" is no span of time/],
    [['purge', '--data', 'out'], /BAD_ARGUMENT: one page, one host, or captures/],
    [['purge', '--data', 'out', 'a/b'], /BAD_ARGUMENT: "a\/b" is neither/],
    [['purge', '--data', 'out', '--capture', 'abcdef0123'], /NOT_FOUND: no capture abcdef0123/],
  ] as const) {
    const { code, err } = await assay(...args)
    assert.match(err, says)
    assert.equal(code, 4)
  }
  assert.equal((await Array.fromAsync((await openFileStore(join(dir, 'out'))).listCaptures())).length, 4)
})

test('gc thins, verify holds and tells of it, a report of a thinned capture says what it was', async () => {
  const asked = await assay('gc', '--data', 'out', '--dry-run')
  assert.match(
    asked.out,
    /^would be done in .*\n {2}captures: 1 thinned of 4 whole \(0 thinned earlier\); 3 stay: 1 unjudged, 1 first, 1 last\n/,
  )
  const done = await assay('gc', '--data', 'out', '--grace', '0', '--json')
  assert.deepEqual([done.code, done.err], [0, ''])
  const report = gcReportSchema.parse(JSON.parse(done.out))
  assert.deepEqual([report.captures.thinned, report.blobs.removed, report.interrupted], [1, 1, false])

  const folder = await assay('verify', 'out')
  assert.equal(folder.code, 0, folder.err)
  assert.match(folder.out, /^holds .*: 3 captures, .*, 1 thinned capture\n/)
  const one = await assay('verify', ids[1]!, '--dir', 'out')
  assert.equal(one.code, 0)
  assert.match(
    one.out,
    /manifest: none: capture .* was thinned on .*: https:\/\/shop\.test\/ of 2025-01-12T10:00:00\.000Z, none; its answers are kept/,
  )
  const told = await assay('report', ids[1]!.slice(7, 20), '--dir', 'out')
  assert.match(told.err, /NOT_FOUND: capture .* was thinned on/)
  assert.equal(told.code, 4)
  const all = await assay('report', 'out', '--json')
  assert.match(all.err, /assay: out: 1 captures were thinned or purged and are not in this report/)
  assert.equal(all.out.trim().split('\n').length, 3)
})

test('purge removes, says with 1 that nothing is left, and verify tells of it', async () => {
  const done = await assay('purge', 'person.test', '--data', 'out', '--reason', 'letter 7', '--grace', '0', '--json')
  assert.deepEqual([done.code, done.err], [0, ''])
  const report = purgeReportSchema.parse(JSON.parse(done.out))
  assert.deepEqual([report.captures, report.blobs.removed, report.reason], [[ids[3]], 1, 'letter 7'])
  assert.equal((await assay('purge', 'person.test', '--data', 'out')).code, 1)
  const folder = await assay('verify', 'out')
  assert.equal(folder.code, 0, folder.err)
  assert.match(folder.out, /1 thinned capture, 1 purged capture\n/)
})
