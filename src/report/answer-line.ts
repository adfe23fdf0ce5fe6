import { answerOf } from '#model/answer.ts'
import type { Observation } from '#model/observation.ts'

/** One line of `--json`: an Answer, as `docs/schemas/answer.schema.json` has it. */
export function answerLine(observation: Observation, file?: string): string {
  return `${JSON.stringify(answerOf(observation, file))}\n`
}
