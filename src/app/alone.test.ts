import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alone } from './alone.ts'

test('who wants to be alone waits for the others, and they for him', async () => {
  const turns = new Alone()
  const told: string[] = []
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const beside = turns.beside(async () => {
    told.push('first begins')
    await first.promise
    told.push('first ends')
  })
  const alone = turns.alone(async () => {
    told.push('alone begins')
    await second.promise
    told.push('alone ends')
  })
  const late = turns.beside(async () => void told.push('late'))
  const alsoAlone = turns.alone(async () => void told.push('alone too'))
  first.resolve()
  await beside
  second.resolve()
  await Promise.all([alone, late, alsoAlone])
  assert.deepEqual(told.slice(0, 4), ['first begins', 'first ends', 'alone begins', 'alone ends'])
  assert.deepEqual(told.slice(4).sort(), ['alone too', 'late'])
})

test('who fails alone lets the others on', async () => {
  const turns = new Alone()
  await assert.rejects(turns.alone(() => Promise.reject(new Error('gone'))))
  assert.equal(await turns.beside(async () => 'on'), 'on')
})
