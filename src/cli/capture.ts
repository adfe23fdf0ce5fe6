import type { Command } from 'commander'
import { exportCapture, importCaptures } from '#app/captures.ts'
import { AssayError } from '#model/errors.ts'
import { inert } from '#report/escape.ts'
import { exit } from './exit.ts'
import { folderOf, folderOption, type FolderFlags } from './folder-option.ts'
import { version } from './version.ts'

export function define(command: Command): void {
  const exported = command
    .command('export')
    .description('write a capture as WACZ or HAR; both come back as the same capture')
    .argument('<capture>', 'its identifier, or the beginning of it')
  folderOption(exported, 'data folder where it is kept')
    .option('--wacz <file>', 'write a WACZ, which replays in a browser')
    .option('--har <file>', 'write a HAR')
    .action(async (id: string, flags: FolderFlags & { wacz?: string; har?: string }) => {
      if (flags.wacz === undefined && flags.har === undefined)
        throw new AssayError('BAD_ARGUMENT', 'nothing to write', { hint: 'Give --wacz FILE or --har FILE.' })
      for (const format of ['wacz', 'har'] as const) {
        const out = flags[format]
        if (out !== undefined) await exportCapture({ dir: folderOf(flags), id, format, out, software: `Assay ${version}` })
      }
      exit(0)
    })
  const imported = command
    .command('import')
    .description('take archives, saved pages and exported captures into a data folder')
    .argument('<files...>', '.har, .warc(.gz), .wacz, .html, .js, .wasm, folders')
  folderOption(imported, 'data folder to keep them in').action(async (files: string[], flags: FolderFlags) => {
    let failed = 0
    await importCaptures(
      {
        dir: folderOf(flags),
        files,
        onKept: ({ file, id }) => process.stdout.write(`${id} ${inert(file, 500)}\n`),
        onFailed: (file, { code, message }) => {
          failed++
          process.stderr.write(`assay: ${code}: ${inert(file, 500)}: ${inert(message)}\n`)
        },
      },
      (text) => process.stderr.write(`${inert(text)}\n`),
    )
    exit(failed > 0 ? 4 : 0)
  })
}
