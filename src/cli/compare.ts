import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { comparePages } from '#app/compare.ts'
import { type FailOn, defaultFailOn } from '#model/answer.ts'
import type { Comparison } from '#model/comparison.ts'
import { jsonLine } from '#report/answer-line.ts'
import { comparisonMarkdown, comparisonText } from '#report/comparison.ts'
import { exit } from './exit.ts'
import { folderOf, folderOption, type FolderFlags } from './folder-option.ts'
import { signaturesFromEnvironment } from './knowledge-options.ts'
import { checkMarkdown, failOn } from './options.ts'
import { Progress, colourOn } from './progress.ts'
import { version } from './version.ts'

interface Flags extends FolderFlags {
  json?: boolean
  markdown?: string | true
  failOn: FailOn & { changed?: boolean }
}

export function define(command: Command): void {
  folderOption(command, 'data folder of captures that are named by their identifier')
    .argument('<before>', 'a capture: its identifier (the first digits do), its manifest, or a data folder that holds only it')
    .argument('<after>', 'another one')
    .option('--json', 'one line of JSON')
    .option('--markdown [file.md]', 'write Markdown; without a file, to standard output')
    .option(
      '--fail-on <list>',
      'statuses and kinds in the later capture that make the exit code 1; "changed" where any code came, went or changed; "found", "never"',
      failOnChange,
      defaultFailOn,
    )
    .addHelpText('after', "\nExit: as the later capture's answer says (0, 1, 2), 4 wrong use, 5 a capture is damaged.")
    .action(run)
}

function failOnChange(text: string): Flags['failOn'] {
  const words = text.split(',').map((word) => word.trim())
  const others = words.filter((word) => word !== 'changed')
  return { ...(others.length === 0 ? { statuses: [], kinds: [] } : failOn(others.join(','))), changed: others.length < words.length }
}

async function run(before: string, after: string, flags: Flags): Promise<void> {
  checkMarkdown(flags)
  const progress = new Progress()
  const comparison = await comparePages(
    { before, after, dir: folderOf(flags), knowledge: { signatures: signaturesFromEnvironment(), blockLists: [] } },
    (text) => progress.now(text),
  )
  progress.clear()
  if (typeof flags.markdown === 'string') await writeFile(flags.markdown, comparisonMarkdown(comparison, version))
  process.stdout.write(
    flags.json
      ? jsonLine(comparison)
      : flags.markdown === true
        ? comparisonMarkdown(comparison, version)
        : comparisonText(comparison, { colour: colourOn() }),
  )
  exit(codeOf(comparison, flags.failOn))
}

function codeOf({ after, findings, isChanged }: Comparison, wanted: Flags['failOn']): number {
  const { status } = after.miner
  if (wanted.statuses.includes(status) || (wanted.changed === true && isChanged)) return 1
  if (findings.came.some(({ kind }) => wanted.kinds.includes(kind))) return 1
  return status === 'inconclusive' || status === 'not-observed' ? 2 : 0
}
