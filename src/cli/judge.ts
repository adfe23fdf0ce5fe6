import type { Command } from 'commander'
import { judgeFiles } from '#app/judge.ts'
import { type ExitCode, type FailOn, answerOf, defaultFailOn, exitCodeOf, failedAnswer, worstExitCode } from '#model/answer.ts'
import { answerLine, jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { terminalAnswer } from '#report/terminal.ts'
import { exit } from './exit.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { failOn } from './options.ts'
import { Progress, colourOn, interruptible } from './progress.ts'
import { ReportFiles, type ReportFlags } from './report-files.ts'

export function define(command: Command): void {
  knowledgeOptions(command)
    .argument(
      '<files...>',
      'captures, data folders, .wasm, .js, .html, .har, .warc(.gz), .wacz, folders of them or of the sources of a site',
    )
    .option('--json', 'one line of JSON a page or file')
    .option('--html <file>', 'write a report for people')
    .option('--markdown <file>', 'write the report as Markdown')
    .option('--sarif <file>', 'write SARIF 2.1.0 for code hosts')
    .option('--fail-on <list>', 'statuses and kinds that make the exit code 1; "found", "never"', failOn, defaultFailOn)
    .action(run)
}

async function run(files: string[], flags: ReportFlags & KnowledgeFlags & { json?: boolean; failOn: FailOn }): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  const codes: ExitCode[] = []
  const reports = new ReportFiles(flags)
  for await (const judged of judgeFiles(
    files,
    { onProgress: (text) => progress.now(text), onNote: (text) => progress.line(inert(text)) },
    signal,
    knowledgeOf(flags),
  )) {
    progress.clear()
    if ('error' in judged) {
      process.stdout.write(
        flags.json
          ? jsonLine(failedAnswer(judged.file, judged.error, new Date().toISOString()))
          : `${inert(judged.file)}\n  Error ${judged.error.code}: ${inert(judged.error.message)}\n${judged.error.hint ? `    ${inert(judged.error.hint)}\n` : ''}\n`,
      )
      codes.push(3)
      continue
    }
    const { file, observation } = judged
    process.stdout.write(flags.json ? answerLine(observation, file) : `${terminalAnswer(observation, { colour: colourOn(), file })}\n`)
    codes.push(exitCodeOf(answerOf(observation), flags.failOn))
    await reports.add(judged.reported)
  }
  progress.clear()
  await reports.write()
  exit(signal.aborted ? 130 : worstExitCode(codes))
}
