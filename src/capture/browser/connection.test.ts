import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { CdpConnection } from './connection.ts'

const sessionId = 'ABCDEF0123456789ABCDEF0123456789'

/** A connection to a browser that a test plays. */
function openConnection(): {
  connection: CdpConnection
  sent(): Promise<{ id: number; method: string; sessionId?: string }[]>
  tell(message: unknown): void
  hangUp(): void
} {
  const incoming = new PassThrough()
  const outgoing = new PassThrough()
  const connection = new CdpConnection(incoming, outgoing)
  return {
    connection,
    async sent() {
      await new Promise(setImmediate)
      return String(outgoing.read() ?? '')
        .split('\0')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text))
    },
    tell: (message) => void incoming.write(`${JSON.stringify(message)}\0`),
    hangUp: () => void incoming.destroy(),
  }
}

const attached = {
  method: 'Target.attachedToTarget',
  params: { sessionId, targetInfo: { targetId: 'T', type: 'page', url: '' }, waitingForDebugger: true },
}

describe('a connection', () => {
  it('gives each answer to who asked, whatever their order', async () => {
    const { connection, sent, tell } = openConnection()
    const first = connection.browser.send('Browser.getVersion')
    const second = connection.browser.send('Target.getTargets')
    const [one, two] = await sent()
    tell({ id: two!.id, result: { targetInfos: [] } })
    tell({ id: one!.id, result: { product: 'Chrome/1' } })
    assert.deepEqual([await first, await second], [{ product: 'Chrome/1' }, { targetInfos: [] }])
  })

  it('rejects with the code PROTOCOL_ERROR what the browser refuses', async () => {
    const { connection, sent, tell } = openConnection()
    const asked = connection.browser.send('Target.closeTarget', { targetId: 'gone' })
    const [message] = await sent()
    tell({ id: message!.id, error: { code: -32602, message: 'No target with given id found' } })
    await assert.rejects(asked, { code: 'PROTOCOL_ERROR', message: /No target with given id found/ })
  })

  it('has a session before its event is told, tells events to their session only, and writes what one turn sends in order', async () => {
    const { connection, sent, tell } = openConnection()
    const heard: string[] = []
    connection.browser.on('Target.attachedToTarget', ({ sessionId: id }) => {
      const session = connection.session(id)
      session?.on('Page.loadEventFired', ({ timestamp }) => heard.push(`session ${timestamp}`))
      session?.post('Page.enable', {})
      session?.post('Runtime.runIfWaitingForDebugger')
    })
    connection.browser.on('Page.loadEventFired', () => heard.push('browser'))
    tell(attached)
    tell({ method: 'Page.loadEventFired', params: { timestamp: 5 }, sessionId })
    tell({ method: 'Page.loadEventFired', params: { timestamp: 6 }, sessionId: '0'.repeat(32) })
    const messages = await sent()
    assert.deepEqual(heard, ['session 5'])
    assert.deepEqual(
      messages.map(({ method, sessionId: id }) => [method, id]),
      [
        ['Page.enable', sessionId],
        ['Runtime.runIfWaitingForDebugger', sessionId],
      ],
    )
  })

  it('rejects what waits with TARGET_CRASHED when the session goes, and what is sent to it later', async () => {
    const { connection, sent, tell } = openConnection()
    tell(attached)
    await sent()
    const session = connection.session(sessionId)!
    let isClosed = false
    session.onClose(() => (isClosed = true))
    const asked = session.send('Page.getFrameTree')
    tell({ method: 'Target.detachedFromTarget', params: { sessionId } })
    await assert.rejects(asked, { code: 'TARGET_CRASHED' })
    await assert.rejects(session.send('Page.getFrameTree'), { code: 'TARGET_CRASHED' })
    assert.deepEqual([isClosed, session.closed, connection.session(sessionId)], [true, true, undefined])
  })

  it('rejects everything when the browser is gone', async () => {
    const { connection, sent, tell, hangUp } = openConnection()
    tell(attached)
    await sent()
    const asked = [connection.browser.send('Browser.getVersion'), connection.session(sessionId)!.send('Page.getFrameTree')]
    hangUp()
    for (const each of asked) await assert.rejects(each, { code: 'TARGET_CRASHED' })
    assert.equal(connection.closed, true)
  })

  it('does not stumble over what is no message', async () => {
    const { connection, sent, tell } = openConnection()
    const asked = connection.browser.send('Browser.getVersion')
    const [message] = await sent()
    for (const odd of ['{"id":', {}, [], 'text', { id: 999_999, result: {} }, { method: 'No.such' }]) tell(odd)
    tell({ id: message!.id, result: { product: 'still here' } })
    assert.deepEqual(await asked, { product: 'still here' })
  })
})
