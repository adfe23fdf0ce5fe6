import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seedOf } from '#model/seed.ts'
import { missingOfProbe, probeRoutes } from './testing/probe.ts'
import { openWorld, textOf } from './testing/world.ts'

/** `ASSAY_PROBE_RUNS=100` is what a release is held against; it takes a quarter of an hour. */
const runs = Number(process.env['ASSAY_PROBE_RUNS'] ?? 50)
/** A busy machine may need longer than the visit lasts; on an idle one no run is late. */
const maxLateRuns = runs / 10

describe('the probe page', () => {
  for (const { jobs, dwellMs } of [
    { jobs: 1, dwellMs: 2_500 },
    { jobs: 4, dwellMs: 6_000 },
  ]) {
    it(`is captured whole ${runs} times of ${runs}, ${jobs} at a time`, { timeout: 25 * 60_000 }, async () => {
      await using world = await openWorld({
        routes: probeRoutes,
        capturer: { jobs },
        onSocket: (socket) => socket.on('message', (data) => socket.send(`heard ${textOf(data)}`)),
      })
      const captures = await Promise.all(
        Array.from({ length: runs }, () => world.capturer.capture(seedOf('https://probe.lab/'), { dwellMs, screenshot: false })),
      )
      const missing = captures.map((capture, run) => ({
        run,
        ...missingOfProbe(capture),
        ended: capture.manifest.ended,
        error: capture.manifest.error,
      }))
      assert.deepEqual(
        missing.filter(({ lost, error }) => lost.length > 0 || error !== null),
        [],
      )
      const late = missing.filter((each) => each.late.length > 0)
      assert.ok(late.length <= maxLateRuns, `${late.length} runs were late: ${JSON.stringify(late)}`)
    })
  }
})
