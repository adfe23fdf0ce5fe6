import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCaptures } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { openLedger } from '#ledger/ledger.ts'
import { temporaryData } from '../ledger/testing/data-folder.ts'
import { hits } from './hits.ts'
import { rejudge } from './rejudge.ts'
import { newSignature } from './signatures.ts'

const account = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'

test('in a data folder with a ledger, what is judged again is in the index, and what was believed stays readable', async (context) => {
  const temporary = await temporaryData('rejudge')
  const data = temporary.dir
  const ledger = await openLedger({ dataDir: data })
  const page = join(temporary.dir, 'shop.html')
  await mkdir(data, { recursive: true })
  await writeFile(
    page,
    `<!doctype html><title>A page</title><p>Welcome to this page.</p><script src="https://coin-own.example/c.js"></script><script>new CoinOwn.Anonymous("${account}").start()</script>`,
  )
  const judge = createJudge({ blobs: ledger.files, signatures: await loadSignatures() })
  context.after(async () => {
    await judge.close()
    await ledger.close()
    await temporary.remove()
  })
  for await (const { capture } of readCaptures(page, ledger.files, { classify: pageReached })) {
    await ledger.files.putCapture(capture)
    await ledger.record(await judge.judge(capture))
  }
  // A start with a key is suspected without a signature.
  const before = new Date()
  const own = join(data, 'signatures')
  await newSignature('coin-own', own)
  const events = { onProgress: () => {}, onNote: () => {} }
  const { signal } = new AbortController()
  const ask = () => hits({ subject: account, data, database: null }, events, signal)
  assert.deepEqual([(await ask()).captures, (await ask()).looked], [1, 1])

  const request = { data, database: null, since: null, knowledge: { signatures: [], blockLists: [] } }
  const lines = await Array.fromAsync(rejudge(request, events, signal))
  assert.deepEqual(
    lines.map(({ schema }) => schema),
    ['assay.rejudged', 'assay.rejudge'],
  )
  const statuses = async (asOf?: Date) =>
    (await ledger.listVisits(asOf === undefined ? {} : { asOf })).map(({ observed }) => observed?.status)
  assert.deepEqual([await statuses(), await statuses(before)], [['loaded'], ['suspected']])

  const found = await ask()
  assert.deepEqual([found.captures, found.looked, found.sites.length, found.hits[0]?.as], [1, 1, 1, 'account'])
  const { before: was, after: is } = await ledger.reindex()
  assert.equal(is, was)
})
