import { type Command, InvalidArgumentError } from 'commander'
import { verifyCaptures } from '#app/verify.ts'
import { type Verification, type VerifiedCapture, type VerifiedFolder, holds, verificationSchemaVersion } from '#model/verification.ts'
import { AssayError } from '#model/errors.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { counted } from '#report/words.ts'
import { exit } from './exit.ts'
import { folderOf, folderOption, type FolderFlags } from './folder-option.ts'
import { Progress, interruptible } from './progress.ts'

interface Flags extends FolderFlags {
  key?: string
  json?: boolean
}

export function define(command: Command): void {
  folderOption(command, 'data folder: all of it, or of captures that are named by their identifier')
    .argument('[captures...]', 'identifiers (their first digits do), manifest files, or data folders: everything in them')
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

async function run(captures: string[], flags: Flags, command: Command): Promise<void> {
  const isNamed = flags.dir !== undefined || command.getOptionValueSource('data') === 'cli'
  if (captures.length === 0 && !isNamed) throw new AssayError('BAD_ARGUMENT', 'nothing to verify', { hint: 'assay verify --data DIR' })
  const names = captures.length === 0 ? [folderOf(flags)] : captures
  const progress = new Progress()
  const signal = interruptible(progress)
  let failed = false
  let wrongName = false
  for await (const verified of verifyCaptures(
    { names, dir: folderOf(flags), key: flags.key ?? null },
    (text) => progress.now(text),
    signal,
  )) {
    progress.clear()
    if ('error' in verified) {
      const isMissing = verified.error.code === 'NOT_FOUND' || verified.error.code === 'BAD_ARGUMENT'
      wrongName ||= isMissing
      failed ||= !isMissing
      const { code, message, hint } = verified.error
      process.stderr.write(`assay: ${code}: ${inert(message)}${hint === undefined ? '' : `. ${inert(hint)}`}\n`)
      continue
    }
    failed ||= !holds(verified)
    process.stdout.write(
      flags.json
        ? jsonLine({ schema: 'assay.verification', schemaVersion: verificationSchemaVersion, holds: holds(verified), ...verified })
        : shown(verified),
    )
  }
  progress.clear()
  exit(signal.aborted ? 130 : failed ? 1 : wrongName ? 4 : 0)
}

function shown(verified: Verification): string {
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

function folderLines(folder: VerifiedFolder): string {
  const { dir, report, key, keyFault } = folder
  const counts = [
    counted(report.captures, 'capture', 'captures'),
    counted(report.blobs, 'blob', 'blobs'),
    counted(report.observations, 'answer', 'answers'),
    counted(report.visits, 'visit of a crawl', 'visits of crawls'),
    ...(report.thinned > 0 ? [counted(report.thinned, 'thinned capture', 'thinned captures')] : []),
    ...(report.purged > 0 ? [counted(report.purged, 'purged capture', 'purged captures')] : []),
    ...(report.imports > 0 ? [counted(report.imports, 'import', 'imports')] : []),
  ]
  return [
    `${holds({ folder }) ? 'holds' : 'FAILS'}  ${inert(dir, 500)}: ${counts.join(', ')}`,
    ...report.faults.map(({ kind, name, fault, detail }) => `  ${kind}: ${fault}: ${inert(name, 100)}: ${inert(detail, 300)}`),
    ...report.unlisted.map(({ kind, name }) => `  ${kind}: unlisted, harmless: ${inert(name, 100)}`),
    ...(keyFault === null
      ? [key === null ? '  it has no key of its own' : `  its key is ${key.keyId}`]
      : [
          `  FAILS: its private key: ${keyFault.code}: ${inert(keyFault.message, 400)}`,
          `    captures are checked without it; no visit is signed until it is back${keyFault.hint === undefined ? '' : `. ${inert(keyFault.hint, 300)}`}`,
        ]),
    ...(key?.exposed
      ? [
          `  FAILS: others than its owner may read the private key: chmod 600 ${inert(`${dir}/key/ed25519.pem`, 500)}; whoever has read it can sign as this instance`,
        ]
      : []),
    '',
  ].join('\n')
}
