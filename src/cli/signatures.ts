import type { Command } from 'commander'
import { listSignatures, newSignature, testSignatures } from '#app/signatures.ts'
import type { SignatureFault } from '#model/signature.ts'
import type { TestedSignature } from '#model/signature-report.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { yearsOf } from '#report/signature-table.ts'
import { exit } from './exit.ts'
import { signaturesFromEnvironment } from './knowledge-options.ts'
import { repeated } from './options.ts'
import { Progress, interruptible } from './progress.ts'

interface Flags {
  signatures: string[]
  data?: string
  json?: boolean
}

const asked = (flags: Flags): [{ signatures: string[]; blockLists: never[] }, string | null] => [
  { signatures: [...flags.signatures, ...signaturesFromEnvironment()], blockLists: [] },
  flags.data ?? null,
]

const withFolders = (command: Command): Command =>
  command
    .option('--signatures <dir>', 'signatures of your own, beside ours (also ASSAY_SIGNATURES); may be given again', repeated, [])
    .option('--data <dir>', 'and those in the folder signatures/ of this data folder')

export function define(command: Command): void {
  withFolders(command.command('list'))
    .description('what is known by name: ours, and your own')
    .option('--json', 'one line of JSON a signature')
    .action(list)
  withFolders(command.command('test'))
    .description('read signatures, and try their samples; without files all that are in use')
    .argument('[files...]', 'files or folders')
    .option('--json', 'one line of JSON a file')
    .addHelpText('after', '\nExit: 0 all is well, 1 a file is wrong or a sample does not do what it says, 4 wrong use, 130 interrupted.')
    .action(test)
  command
    .command('new')
    .description('write a commented signature to go on from')
    .argument('<name>', 'its id: small letters, digits and hyphens')
    .option('--out <dir>', 'write it here', 'signatures')
    .action(async (name: string, { out }: { out: string }) => {
      const file = await newSignature(name, out)
      process.stdout.write(`${file}\n  assay signatures test ${file}\n  assay scan --signatures ${out} https://…\n`)
      exit(0)
    })
}

async function list(flags: Flags): Promise<void> {
  const { signatures, faults } = await listSignatures(...asked(flags))
  tellFaults(faults)
  const widest = signatures.reduce((most, { id }) => Math.max(most, id.length), 0)
  for (const signature of signatures)
    process.stdout.write(
      flags.json
        ? jsonLine(signature)
        : `${[
            inert(signature.id).padEnd(widest),
            signature.kind.padEnd(14),
            yearsOf({ active: signature.active ?? undefined }).padEnd(18),
            inert(signature.families.join(' ') || '–').padEnd(20),
            `${signature.unsupported === null ? signature.by.join(' ') : 'known but unsupported'}${signature.own ? `  (${inert(signature.file, 300)})` : ''}`,
          ].join('  ')}\n`,
    )
  if (!flags.json) process.stdout.write(`${signatures.length} signatures, ${signatures.filter(({ own }) => own).length} of your own\n`)
  exit(faults.length > 0 ? 1 : 0)
}

async function test(files: string[], flags: Flags): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  let [tested, wrong, samples] = [0, 0, 0]
  for await (const result of testSignatures(files, ...asked(flags), signal)) {
    tested++
    samples += result.samples.fires + result.samples.silent
    if (!result.ok) wrong++
    progress.now(`${tested} files`)
    if (flags.json || !result.ok) progress.clear()
    if (flags.json) process.stdout.write(jsonLine(result))
    else for (const fault of result.faults) process.stdout.write(`${faultLine(fault)}\n`)
  }
  progress.clear()
  if (!flags.json)
    process.stdout.write(
      `${tested} files, ${samples} samples: ${wrong === 0 ? 'all is well' : `${wrong} ${wrong === 1 ? 'file is' : 'files are'} wrong`}\n`,
    )
  exit(signal.aborted ? 130 : wrong > 0 ? 1 : 0)
}

const faultLine = ({ file, line, column, message }: TestedSignature['faults'][number] | SignatureFault): string =>
  `${inert(file, 500)}:${line}:${column}: BAD_SIGNATURE: ${inert(message, 500)}`

function tellFaults(faults: readonly SignatureFault[]): void {
  for (const fault of faults) process.stderr.write(`${faultLine(fault)}\n`)
}
