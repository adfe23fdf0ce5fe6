import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batched } from './batched.ts'

/** Runs that end when they are let go. */
function held(fails: (items: number[]) => boolean = () => false) {
  const runs: { items: number[]; letGo: () => void }[] = []
  const call = batched<number, number>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    runs.push({
      items,
      letGo: () => (fails(items) ? reject(new RangeError(`no ${items.join()}`)) : resolve(items.map((item) => item * 10))),
    })
    return promise
  }, 3)
  return { runs, call }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('the first goes at once; what comes meanwhile goes together, so many at the most', async () => {
  const { runs, call } = held()
  const results = [1, 2, 3, 4, 5].map(call)
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1]],
  )
  for (let at = 0; at < 3; at++) {
    runs[at]!.letGo()
    await turn()
  }
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1], [2, 3, 4], [5]],
  )
  assert.deepEqual(await Promise.all(results), [10, 20, 30, 40, 50])
})

test('one bad call fails alone', async () => {
  const { runs, call } = held((items) => items.includes(3))
  const results = [1, 2, 3, 4].map((item) => call(item).catch((error: Error) => error.message))
  for (let at = 0; at < 5; at++) {
    runs[at]!.letGo()
    await turn()
  }
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1], [2, 3, 4], [2], [3], [4]],
  )
  assert.deepEqual(await Promise.all(results), [10, 20, 'no 3', 40])
})
