import type { Command } from 'commander'
import { reportCaptures } from '#app/report.ts'
import { type ExitCode, type FailOn, answerOf, defaultFailOn, exitCodeOf, worstExitCode } from '#model/answer.ts'
import type { ErrorCode } from '#model/errors.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { answerLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { markdownReport } from '#report/markdown.ts'
import { terminalAnswer } from '#report/terminal.ts'
import { exit } from './exit.ts'
import { folderOf, folderOption, type FolderFlags } from './folder-option.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { checkMarkdown, failOn } from './options.ts'
import { Progress, colourOn, interruptible } from './progress.ts'
import { ReportFiles } from './report-files.ts'
import { version } from './version.ts'

interface Flags extends KnowledgeFlags, FolderFlags {
  again?: boolean
  json?: boolean
  html?: string
  markdown?: string | true
  sarif?: string
  failOn: FailOn
}

export function define(command: Command): void {
  folderOption(knowledgeOptions(command), 'data folder of captures that are named by their identifier')
    .argument('<captures...>', 'identifiers (their first digits do), manifest files, data folders')
    .option('--again', 'judge again by what is known today, instead of the answer that was kept')
    .option('--json', 'one line of JSON a capture')
    .option('--html <file>', 'write a report for people')
    .option('--markdown [file.md]', 'write Markdown; without a file, to standard output')
    .option('--sarif <file>', 'write SARIF 2.1.0 for code hosts')
    .option('--fail-on <list>', 'statuses and kinds that make the exit code 1; "found", "never"', failOn, defaultFailOn)
    .action(run)
}

async function run(names: string[], flags: Flags): Promise<void> {
  checkMarkdown(flags)
  const progress = new Progress()
  const signal = interruptible(progress)
  const codes: ExitCode[] = []
  const failures: ErrorCode[] = []
  const toOutput: ReportedPage[] = []
  const { markdown, ...others } = flags
  const files = new ReportFiles({ ...others, ...(typeof markdown === 'string' ? { markdown } : {}) })
  for await (const each of reportCaptures(
    { names, dir: folderOf(flags), again: flags.again === true, knowledge: knowledgeOf(flags) },
    (text) => progress.now(text),
    signal,
    (text) => progress.line(`assay: ${inert(text, 600)}`),
  )) {
    progress.clear()
    if ('error' in each) {
      process.stderr.write(`assay: ${inert(each.name, 200)}: ${each.error.code}: ${inert(each.error.message)}\n`)
      failures.push(each.error.code)
      continue
    }
    const { page } = each
    const { observation } = page
    if (flags.json) process.stdout.write(answerLine(observation))
    else if (markdown === true) toOutput.push(page)
    else process.stdout.write(`${terminalAnswer(observation, { colour: colourOn() })}\n`)
    await files.add(async () => page)
    codes.push(exitCodeOf(answerOf(observation), flags.failOn))
  }
  progress.clear()
  if (markdown === true && toOutput.length > 0) process.stdout.write(markdownReport(toOutput, version))
  if (codes.length > 0) await files.write()
  const worst = worstExitCode(codes)
  const wrongName = failures.some((code) => code === 'NOT_FOUND' || code === 'BAD_ARGUMENT')
  exit(signal.aborted ? 130 : worst === 1 ? 1 : wrongName ? 4 : failures.length > 0 ? 5 : worst)
}
