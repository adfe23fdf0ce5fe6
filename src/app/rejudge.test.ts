import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openFileStore } from '#ledger/file-store.ts'
import { AssayError } from '#model/errors.ts'
import { type RejudgedChange, rejudgeLineSchema, type RejudgeSummary } from '#model/rejudgement.ts'
import { importCaptures } from './captures.ts'
import { hits } from './hits.ts'
import { lastAnswer } from './kept-answers.ts'
import { manifestIn } from './kept-captures.ts'
import { rejudge, type RejudgeRequest } from './rejudge.ts'
import { newSignature } from './signatures.ts'

const account = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'
const pages: Record<string, string> = {
  'shop.html': `<script src="https://cdn.coin-own.example/c.js"></script><script>new CoinOwn.Anonymous("${account}").start()</script>`,
  'blog.html': '<p>Nothing runs here.</p>',
  'news.html': `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("${account}").start()</script>`,
}

/** A data folder with three pages, and a folder of signatures that knows one more miner than we do. */
async function kept(context: TestContext): Promise<{ data: string; own: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-rejudge-'))
  context.after(() => rm(dir, { recursive: true }))
  const files = Object.entries(pages).map(([name, body]) => ({ file: join(dir, name), body }))
  for (const { file, body } of files) await writeFile(file, `<!doctype html><title>A page</title><p>Welcome to this page.</p>${body}`)
  const data = join(dir, 'data')
  await importCaptures(
    { dir: data, files: files.map(({ file }) => file), onKept: () => {}, onFailed: (_, error) => assert.fail(error.message) },
    () => {},
  )
  const own = join(dir, 'own')
  await newSignature('coin-own', own)
  return { data, own }
}

type Lines = { changes: RejudgedChange[]; failed: string[]; summary: RejudgeSummary }

async function judgedAgain(
  request: Partial<RejudgeRequest> & { data: string; own?: string },
  signal: AbortSignal = new AbortController().signal,
  onProgress: (done: number) => void = () => {},
): Promise<Lines> {
  const lines: Lines = { changes: [], failed: [], summary: undefined as unknown as RejudgeSummary }
  const knowledge = { signatures: request.own === undefined ? [] : [request.own], blockLists: [] }
  for await (const line of rejudge({ database: null, since: null, knowledge, ...request }, { onProgress, onNote: () => {} }, signal)) {
    rejudgeLineSchema.parse(line)
    if (line.schema === 'assay.rejudged') lines.changes.push(line)
    else if (line.schema === 'assay.rejudge-failure') lines.failed.push(line.error.code)
    else lines.summary = line
  }
  return lines
}

test('a new signature changes what is said of one page, says why, and leaves what was believed before', async (context) => {
  const { data, own } = await kept(context)
  const first = await judgedAgain({ data })
  // A miner of no known name is suspected by the way in which it is started.
  assert.deepEqual([first.summary.judged, first.changes.map(({ after }) => after.status).sort()], [3, ['loaded', 'suspected']])
  assert.deepEqual((await judgedAgain({ data })).summary, { ...first.summary, judged: 0, judgedBefore: 3, changed: 0 })

  const again = await judgedAgain({ data, own })
  const [change, ...others] = again.changes
  assert.ok(change !== undefined && others.length === 0)
  assert.deepEqual([change.before?.status, change.after.status, change.why], ['suspected', 'loaded', ['new signature coin-own']])
  assert.deepEqual(
    change.came.map(({ service, account: paid }) => [service, paid]),
    [['coin-own', account]],
  )
  // The same again, without judging.
  const third = await judgedAgain({ data, own })
  assert.deepEqual([third.changes, third.summary.judged, third.summary.judgedBefore], [again.changes, 0, 3])

  const store = await openFileStore(data)
  const id = change.captureId as `sha256:${string}`
  assert.equal((await lastAnswer({ id, store, file: manifestIn(data, id) }))?.judgement, change.after.judgement)
  assert.equal((await store.getObservation(id, change.before?.judgement ?? ''))?.conclusion.status, 'suspected')

  // What is believed now is what is asked.
  const events = { onProgress: () => {}, onNote: () => {} }
  const asked = await hits({ subject: account, data, database: null }, events, new AbortController().signal)
  assert.deepEqual([asked.captures, asked.looked], [2, 3])
})

test('what was interrupted goes on where it stopped', async (context) => {
  const { data } = await kept(context)
  const stop = new AbortController()
  const first = await judgedAgain({ data }, stop.signal, () => stop.abort())
  const rest = await judgedAgain({ data })
  assert.equal(first.summary.interrupted, first.summary.judged < 3)
  assert.deepEqual(
    [first.summary.judged + rest.summary.judged, rest.summary.judgedBefore, rest.summary.interrupted],
    [3, first.summary.judged, false],
  )
})

test('only visits since a day are looked at', async (context) => {
  const { data } = await kept(context)
  const { summary } = await judgedAgain({ data, since: new Date('2999-01-01') })
  assert.deepEqual([summary.captures, summary.looked, summary.judged], [3, 0, 0])
})

test('a capture that is damaged is told, and the others are judged; hits say what they could not read', async (context) => {
  const { data } = await kept(context)
  const folder = (await readdir(join(data, 'captures'))).find((name) => name !== 'log')
  const [file] = await readdir(join(data, 'captures', folder ?? ''))
  await writeFile(join(data, 'captures', folder ?? '', file ?? ''), '{}')
  const { failed, summary } = await judgedAgain({ data })
  assert.deepEqual([failed, summary.failed, summary.judged], [['STORE_CORRUPT'], 1, 2])

  const observed = (await readdir(join(data, 'observations'))).find((name) => name !== 'log')
  const [answer] = await readdir(join(data, 'observations', observed ?? ''))
  await writeFile(join(data, 'observations', observed ?? '', answer ?? ''), 'x')
  const notes: string[] = []
  const asked = await hits(
    { subject: 'nowhere.example', data, database: null },
    { onProgress: () => {}, onNote: (text) => notes.push(text) },
    new AbortController().signal,
  )
  assert.deepEqual([asked.captures, asked.unreadable, notes.length], [0, 1, 1])
})

test('a folder that is none is told', async () => {
  await assert.rejects(
    judgedAgain({ data: join(tmpdir(), 'assay-absent') }),
    (error) => error instanceof AssayError && error.code === 'NOT_FOUND',
  )
})
