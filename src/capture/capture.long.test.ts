import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seedOf } from '#model/seed.ts'
import { missingOfProbe, probeRoutes } from './testing/probe.ts'
import { openWorld } from './testing/world.ts'

/** The page's places open their sockets when the machine lets them: a busy one needs a visitor's patience. */
const dwellMs = 6_000
const runs = 100

describe('the probe page', () => {
  for (const jobs of [1, 4]) {
    it(`is captured whole ${runs} times of ${runs}, ${jobs} at a time`, { timeout: 30 * 60_000 }, async () => {
      await using world = await openWorld({ routes: probeRoutes, capturer: { jobs }, onSocket: (socket) => socket.on('message', (data) => socket.send(`heard ${String(data)}`)) })
      const captures = await Promise.all(Array.from({ length: runs }, () => world.capturer.capture(seedOf('https://probe.lab/'), { dwellMs: dwellMs / (jobs === 1 ? 3 : 1), screenshot: false })))
      const wrong = captures.flatMap((capture, run) => {
        const missing = missingOfProbe(capture)
        const incomplete = Object.entries(capture.manifest.artifacts).filter(([, { status }]) => status === 'failed' || status === 'truncated')
        return missing.sockets.length + missing.modules.length + incomplete.length === 0 && capture.manifest.error === null ? [] : [{ run, ...missing, incomplete: incomplete.map(([kind]) => kind), ended: capture.manifest.ended, error: capture.manifest.error }]
      })
      assert.deepEqual(wrong, [])
    })
  }
})
