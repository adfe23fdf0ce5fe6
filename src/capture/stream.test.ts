import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, it } from 'node:test'
import { artifacts } from '#model/capture.ts'
import { seedOf } from '#model/seed.ts'
import { openWorld, page, type World } from './testing/world.ts'

const lines = ['{"command":"job","n":1}\n', '{"command":"job","n":2}\n']

/** The first line comes with the head, the second later; then the connection breaks, as when a pool is cut. */
function stream(_: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  response.write(lines[0])
  setTimeout(() => response.write(lines[1]), 500)
  setTimeout(() => response.destroy(), 1_200)
}

let world: World
before(async () => {
  world = await openWorld({
    routes: {
      'stream.lab/': page(
        `<script>fetch('/jobs').then((answer) => { const reader = answer.body.getReader(); (function next() { reader.read().then(({ done }) => { if (!done) next() }).catch(() => {}) })() })</script>`,
      ),
      'stream.lab/jobs': stream,
    },
  })
})
after(() => world[Symbol.asyncDispose]())

it('a stream that broke off has all that it said, also what came before it was followed', async () => {
  const captured = await world.capturer.capture(seedOf('https://stream.lab/'), { dwellMs: 2_500, screenshot: false, interact: false })
  const [transport] = artifacts(captured, 'transport').items
  assert.deepEqual([transport?.type, transport?.status], ['fetch-stream', 'failed'])
  assert.equal(transport?.messages.map(({ text }) => text).join(''), lines.join(''))
})
