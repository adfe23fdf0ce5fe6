import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lookahead } from './lookahead.ts'

/** What goes on, written down as it does; each piece of work ends when it is told to. */
function world() {
  const log: string[] = []
  const ends = new Map<number, () => void>()
  const work = (item: number): Promise<number> => {
    log.push(`begin ${item}`)
    return new Promise((done) => ends.set(item, () => done(item)))
  }
  return { log, ends, work }
}
const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

test('results come in the order of their items, whichever ends first', async () => {
  const { log, ends, work } = world()
  const results = Array.fromAsync(new Lookahead(3).over([1, 2, 3, 4], work))
  await turn()
  assert.deepEqual(log, ['begin 1', 'begin 2', 'begin 3'])
  ends.get(3)?.()
  ends.get(2)?.()
  await turn()
  assert.equal(ends.has(4), false, 'the first is still worked on')
  ends.get(1)?.()
  await turn()
  ends.get(4)?.()
  assert.deepEqual(await results, [1, 2, 3, 4])
})

test('what stands before an error is given out before it', async () => {
  const seen: number[] = []
  async function* items(): AsyncGenerator<number> {
    yield 1
    yield 2
    throw new Error('cut')
  }
  await assert.rejects(async () => {
    for await (const item of new Lookahead(4).over(items(), async (one) => one)) seen.push(item)
  }, /cut/)
  assert.deepEqual(seen, [1, 2])
})

test('reading that must be alone waits until all before it was given out and done with', async () => {
  const ahead = new Lookahead(4)
  const log: string[] = []
  async function* items(): AsyncGenerator<number> {
    yield 1
    yield 2
    await ahead.settled()
    log.push('alone')
    yield 3
  }
  for await (const item of ahead.over(items(), async (one) => one)) {
    await turn()
    log.push(`done with ${item}`)
  }
  assert.deepEqual(log, ['done with 1', 'done with 2', 'alone', 'done with 3'])
})

test('who leaves early lets the reading end', { timeout: 10_000 }, async () => {
  const ahead = new Lookahead(2)
  let closed = false
  async function* items(): AsyncGenerator<number> {
    try {
      yield 1
      await ahead.settled()
      yield 2
    } finally {
      closed = true
    }
  }
  for await (const _ of ahead.over(items(), async (one) => one)) break
  assert.equal(closed, true)
})
