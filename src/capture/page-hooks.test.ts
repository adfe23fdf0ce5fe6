import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BoundedList } from './bounded-list.ts'
import type { CdpSession } from './browser/cdp.ts'
import type { Target } from './collector.ts'
import { VisitHooks } from './page-hooks.ts'

/** A document with two hooks; `say` is what the browser tells when our function was called in it. */
function visitedPage() {
  const listeners = new Map<string, (params: object) => void>()
  let binding = ''
  const session = {
    on: (event: string, listener: (params: object) => void) => void listeners.set(event, listener),
    post: (method: string, params: { name?: string }) => {
      if (method === 'Runtime.addBinding') binding = params.name ?? ''
    },
  } as unknown as CdpSession
  const hooks = new VisitHooks((id) => (id === 'F' ? 'frame-1' : undefined))
  const heard: unknown[] = []
  for (const name of ['flood', 'quiet']) {
    hooks.add(name, '() => {}')
    hooks.onReport(name, (_target, payload, frameId) => heard.push([name, payload, frameId]))
  }
  hooks.attach({ type: 'page', session } as Target)
  listeners.get('Runtime.executionContextCreated')!({ context: { id: 7, auxData: { frameId: 'F' } } })
  const say = (payload: string, name = binding): void => listeners.get('Runtime.bindingCalled')!({ name, payload, executionContextId: 7 })
  return { hooks, heard, say }
}

describe('reports from inside the page', () => {
  it('come with the frame that they were made in', () => {
    const { heard, say } = visitedPage()
    say('["quiet",{"a":1}]')
    assert.deepEqual(heard, [['quiet', { a: 1 }, 'frame-1']])
  })

  it('of another function, or of no hook, are none', () => {
    const { hooks, heard, say } = visitedPage()
    say('["quiet",1]', 'another')
    say('["nobody",1]')
    say('{}')
    assert.deepEqual([heard, hooks.lost('quiet'), hooks.lost('nobody')], [[], 0, 0])
  })

  it('that are too many are counted, and do not silence another hook', () => {
    const { hooks, heard, say } = visitedPage()
    for (let i = 0; i < 20_003; i++) say('["flood",0]')
    say('["quiet",1]')
    assert.equal(heard.length, 20_001)
    assert.equal(hooks.lost('flood'), 3)
    assert.equal(hooks.lost('quiet'), 0)
  })

  it('that are too long or broken are counted, and the list says that it is not whole', () => {
    const { hooks, heard, say } = visitedPage()
    say(`["quiet","${'x'.repeat(300_000)}"]`)
    say('["quiet",{')
    assert.deepEqual(heard, [])
    const collection = new BoundedList<never>(10, 'things').collection(hooks.lost('quiet'))
    assert.equal(collection.status === 'truncated' && collection.dropped, 2)
  })
})
