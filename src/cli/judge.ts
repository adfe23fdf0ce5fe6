import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { judgeFiles } from '#app/judge.ts'
import { type ExitCode, type FailOn, answerOf, defaultFailOn, exitCodeOf, failedAnswer, worstExitCode } from '#model/answer.ts'
import { answerLine, jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { type ReportedPage, htmlReport } from '#report/html.ts'
import { sarif } from '#report/sarif.ts'
import { terminalAnswer } from '#report/terminal.ts'
import { exit } from './exit.ts'
import { failOn } from './options.ts'
import { Progress, colourOn, interruptible } from './progress.ts'
import { version } from './version.ts'

export function define(command: Command): void {
  command
    .argument('<files...>', 'captures, data folders, .wasm, .js, .html, .har, .warc(.gz), .wacz, folders of them')
    .option('--json', 'one line of JSON a page or file')
    .option('--html <file>', 'write a report for people')
    .option('--sarif <file>', 'write SARIF 2.1.0 for code hosts')
    .option('--fail-on <list>', 'statuses and kinds that make the exit code 1; "found", "never"', failOn, defaultFailOn)
    .action(run)
}

async function run(files: string[], flags: { json?: boolean; html?: string; sarif?: string; failOn: FailOn }): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  const codes: ExitCode[] = []
  const reported: ReportedPage[] = []
  for await (const judged of judgeFiles(
    files,
    { onProgress: (text) => progress.now(text), onNote: (text) => progress.line(inert(text)) },
    signal,
  )) {
    progress.clear()
    if ('error' in judged) {
      process.stdout.write(
        flags.json
          ? jsonLine(failedAnswer(judged.file, judged.error, new Date().toISOString()))
          : `${inert(judged.file)}\n  Error ${judged.error.code}: ${inert(judged.error.message)}\n\n`,
      )
      codes.push(3)
      continue
    }
    const { file, observation } = judged
    process.stdout.write(flags.json ? answerLine(observation, file) : `${terminalAnswer(observation, { colour: colourOn(), file })}\n`)
    codes.push(exitCodeOf(answerOf(observation), flags.failOn))
    if (flags.html !== undefined || flags.sarif !== undefined)
      reported.push({ observation, capture: judged.capture, screenshot: null, file })
  }
  progress.clear()
  if (flags.html !== undefined) await writeFile(flags.html, htmlReport(reported, version))
  if (flags.sarif !== undefined)
    await writeFile(
      flags.sarif,
      sarif(
        reported.map((page) => page.observation),
        version,
      ),
    )
  exit(signal.aborted ? 130 : worstExitCode(codes))
}
