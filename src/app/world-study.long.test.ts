import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WorldTruth } from '#lab/world/truth.ts'
import { untilStopped } from '../ledger/testing/data-folder.ts'
import { studyReport } from './study-report.ts'
import { scoreOfWorld } from './testing/world-score.ts'

const cli = join(import.meta.dirname, '../cli/main.ts')
const assay = (args: string[], stderr: 'pipe' | 'ignore'): ChildProcess =>
  spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', stderr] })

/** Until it says so. */
async function says(child: ChildProcess, words: RegExp): Promise<void> {
  for await (const chunk of child.stderr!) if (words.test(String(chunk))) return
  throw new Error(`it ended before it said ${words}`)
}

test('500 sites over eight weeks, killed in the third: the report beside the truth', { timeout: 600_000 }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'assay-world-long-'))
  const [dir, data] = [join(root, 'lab'), join(root, 'data')]
  const lab = assay(['lab', '--world', '500', '--weeks', '8', '--seed', '2', '--mining', '0.25', '--dir', dir], 'pipe')
  try {
    await says(lab, /Ready/)
    const run = (stderr: 'pipe' | 'ignore'): ChildProcess =>
      assay(['study', 'run', join(dir, 'study.yaml'), '--lab', dir, '--lane', 'http', '--data', data], stderr)
    const killed = run('pipe')
    await says(killed, /round 3/)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const [code] = (await once(run('ignore'), 'exit')) as [number | null]
    assert.equal(code, 0)
    const built = await studyReport({ data, database: null, crawl: null, asOf: null })
    const score = scoreOfWorld(built, JSON.parse(await readFile(join(dir, 'truth.json'), 'utf8')) as WorldTruth)
    assert.equal(built.report.population.visits, 4000)
    assert.deepEqual(score.falseSites, [])
    assert.ok(score.looks > 200)
    assert.equal(score.seen, score.looks)
    assert.ok(score.rounds.right >= 7, JSON.stringify(score.rounds))
    const { truth, low, high, stays } = score.median
    assert.ok(stays >= 15 && truth !== null && (low ?? 0) <= truth && truth <= (high ?? Infinity), JSON.stringify(score.median))
    assert.deepEqual([score.compromise?.isFound, score.compromise?.days, score.compromise?.others], [true, 7, 0])
    const { said, right, true: pairs, found } = score.campaigns
    assert.ok(pairs > 50 && right / said >= 0.99 && found / pairs >= 0.9, JSON.stringify(score.campaigns))
  } finally {
    lab.kill('SIGTERM')
    if (lab.exitCode === null) await once(lab, 'exit')
    await untilStopped(data)
    await rm(root, { recursive: true, force: true })
  }
})
