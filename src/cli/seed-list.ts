import { readSeedFile } from '#app/seed-file.ts'
import { inert } from '#report/escape.ts'
import type { Progress } from './progress.ts'

const toldLines = 20

/** The list that a flag names; lines that are no addresses are told, and the others are kept. */
export async function readSeedList(
  path: string,
  progress: Progress,
  options: Parameters<typeof readSeedFile>[1] = {},
): ReturnType<typeof readSeedFile> {
  const list = await readSeedFile(path, options)
  for (const { line, reason } of list.bad.slice(0, toldLines)) progress.line(`line ${line}: ${inert(reason, 200)}`)
  if (list.bad.length > toldLines) progress.line(`${list.bad.length - toldLines} more lines are no addresses`)
  return list
}
