import type { Capture } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import type { Capturer, VisitOptions } from '#capture/browser/capturer.ts'
import type { Judge } from '#judge/judge.ts'
import type { FileStore } from '#ledger/file-store.ts'

/** What the line is made of once it is wired. */
export interface Line {
  capturer: Capturer
  judge: Judge
  store: FileStore
}

/** Seed → capture, which is kept → observation, which whoever asked for it keeps. */
export async function visit(
  line: Line,
  seed: Seed,
  options: VisitOptions,
  signal?: AbortSignal,
): Promise<{ capture: Capture; observation: Observation }> {
  const capture = await line.capturer.capture(seed, options, signal)
  await line.store.putCapture(capture)
  const observation = await line.judge.judge(capture)
  return { capture, observation }
}
