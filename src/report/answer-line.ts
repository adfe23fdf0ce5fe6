import { answerOf } from '#model/answer.ts'
import type { Observation } from '#model/observation.ts'

/** JSON leaves these as they are: C1 controls, which steer terminals, and what turns the order of a line around. */
const unsafeInJson = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

/** One line of JSON that may be shown on a terminal: the same value, with what could do harm there escaped. */
export const jsonLine = (value: unknown): string => jsonText(value)

/** The same over several lines, indented. */
export function jsonText(value: unknown, indent = 0): string {
  return `${JSON.stringify(value, null, indent).replace(unsafeInJson, (char) =>
    char
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )}\n`
}

/** One line of `--json`: an Answer, as `docs/schemas/answer.schema.json` has it. */
export function answerLine(observation: Observation, file?: string): string {
  return jsonLine(answerOf(observation, file))
}
