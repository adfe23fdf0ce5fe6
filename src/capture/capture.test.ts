import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { artifacts, type Capture } from '#model/capture.ts'
import { sha256 } from '#model/digest.ts'
import { seedOf } from '#model/seed.ts'
import { openWorld, namedModule } from './testing/world.ts'
import { probePlaces, probeRoutes } from './testing/probe.ts'

describe('a probe page that runs code in every kind of place', () => {
  it('is captured with every socket, frames both ways, and every module with its bytes', async () => {
    await using world = await openWorld({ routes: probeRoutes, onSocket: (socket) => socket.on('message', (data) => socket.send(`heard ${String(data)}`)) })
    const capture = await world.capturer.capture(seedOf('https://probe.lab/'), { dwellMs: 1_500, screenshot: false })
    assert.deepEqual(missing(capture), { sockets: [], modules: [] })
  })
})

function missing(capture: Capture): { sockets: string[]; modules: string[] } {
  const sockets = artifacts(capture, 'websocket').items
  const digests = new Set(artifacts(capture, 'wasm').items.map(({ body }) => (body.status === 'stored' ? body.digest : null)))
  return {
    sockets: probePlaces.filter((place) => {
      const socket = sockets.find(({ url }) => url === `wss://socket.probe.lab/${place}`)
      return socket?.frames.find(({ direction }) => direction === 'sent')?.text !== `hello from ${place}` || socket.frames.find(({ direction }) => direction === 'received')?.text !== `heard hello from ${place}`
    }),
    modules: probePlaces.filter((place) => !digests.has(sha256(namedModule(place)))),
  }
}
