import { type Command, InvalidArgumentError } from 'commander'
import { type Verified, type VerifiedCapture, verifyCaptures } from '#app/verify.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { exit } from './exit.ts'
import { Progress, interruptible } from './progress.ts'

interface Flags {
  dir: string
  key?: string
  json?: boolean
}

export function define(command: Command): void {
  command
    .argument('<captures...>', 'identifiers (their first digits do), manifest files, or data folders: everything in them')
    .option('--dir <dir>', 'data folder of captures that are named by their identifier', 'assay-out')
    .option('--key <id>', 'accept only signatures of this key (16 hex digits of its identifier or more)', keyIdentifier)
    .option('--json', 'one line of JSON a capture, and one a data folder')
    .addHelpText(
      'after',
      '\nExit: 0 everything that can be checked holds, 1 a check failed, 4 wrong use, 130 interrupted.\nWhat that proves and what not: docs/evidence.md',
    )
    .action(run)
}

function keyIdentifier(text: string): string {
  if (!/^(sha256:)?[0-9a-f]{16,64}$/i.test(text)) throw new InvalidArgumentError('16 to 64 hex digits of a key identifier.')
  return text
}

async function run(names: string[], flags: Flags): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  let failed = false
  let wrongName = false
  for await (const verified of verifyCaptures({ names, dir: flags.dir, key: flags.key ?? null }, (text) => progress.now(text), signal)) {
    progress.clear()
    if ('error' in verified) {
      const isMissing = verified.error.code === 'NOT_FOUND' || verified.error.code === 'BAD_ARGUMENT'
      wrongName ||= isMissing
      failed ||= !isMissing
      process.stderr.write(`assay: ${verified.error.code}: ${inert(verified.error.message)}\n`)
      continue
    }
    failed ||= !holds(verified)
    process.stdout.write(
      flags.json ? jsonLine({ schema: 'assay.verification', schemaVersion: 1, holds: holds(verified), ...verified }) : shown(verified),
    )
  }
  progress.clear()
  exit(signal.aborted ? 130 : failed ? 1 : wrongName ? 4 : 0)
}

type Outcome = Exclude<Verified, { error: unknown }>

function holds(verified: Outcome): boolean {
  return 'capture' in verified
    ? verified.capture.checks.every(({ outcome }) => outcome !== 'fails')
    : verified.folder.report.faults.length === 0 && verified.folder.key?.exposed !== true
}

function shown(verified: Outcome): string {
  return 'capture' in verified ? captureLines(verified.capture) : folderLines(verified.folder)
}

const outcomeWords = { holds: 'holds', fails: 'FAILS', 'not-made': 'none' } as const

function captureLines(capture: VerifiedCapture): string {
  const head = capture.checks.some(({ outcome }) => outcome === 'fails') ? 'FAILS' : capture.keyId === null ? 'holds, unsigned' : 'holds'
  return [
    `${head}  ${capture.captureId}  ${inert(capture.url ?? '', 300)}`,
    ...capture.checks.map(({ check, outcome, detail }) => `  ${check}: ${outcomeWords[outcome]}: ${inert(detail, 400)}`),
    ...(capture.keyId === null
      ? []
      : [`  that key is ${capture.isOwnKey ? "this data folder's own" : "another instance's: compare it with what its owner told you"}`]),
    '',
  ].join('\n')
}

function folderLines({ dir, report, key }: Extract<Outcome, { folder: unknown }>['folder']): string {
  return [
    `${report.faults.length === 0 ? 'holds' : 'FAILS'}  ${inert(dir, 500)}: ${report.captures} captures, ${report.blobs} blobs, ${report.observations} answers, ${report.visits} visits`,
    ...report.faults.map(({ kind, name, fault, detail }) => `  ${kind}: ${fault}: ${inert(name, 100)}: ${inert(detail, 300)}`),
    ...report.unlisted.map(({ kind, name }) => `  ${kind}: unlisted, harmless: ${inert(name, 100)}`),
    key === null ? '  it has no key of its own' : `  its key is ${key.keyId}`,
    ...(key?.exposed ? ['  FAILS: others than its owner may read the private key'] : []),
    '',
  ].join('\n')
}
