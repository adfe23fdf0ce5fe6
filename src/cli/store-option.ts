import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { keepFilesIn } from '#app/data-folder.ts'

/** Every command that is told a data folder may be told where that one keeps its files; it remembers. */
export function storeOptions(command: Command): void {
  for (const each of [command, ...command.commands]) {
    const names = new Set(each.options.map(({ long }) => long))
    // Those that read captures by their identifier ask the folder where it keeps them.
    if (names.has('--store') || !names.has('--data') || (names.has('--dir') && each.name() !== 'verify')) continue
    each.addOption(
      new Option(
        '--store <url>',
        'the folder keeps its files here from now on: s3://bucket/prefix?endpoint=…&region=… (docs/operating.md)',
      ).env('ASSAY_STORE'),
    )
    each.hook('preAction', async (_, called) => {
      const { store, data } = called.opts<{ store?: string; data?: string }>()
      // Only `verify` is told its folder without a flag, too.
      const isUnnamed = called.name() === 'verify' && called.getOptionValueSource('data') === 'default'
      const folder = isUnnamed ? called.args[0] : data
      // An empty variable, as compose.yaml sets it, says nothing; and one that is always set makes no folder of what is only to be looked at.
      if (store === undefined || store === '' || folder === undefined) return
      const isAsked = called.getOptionValueSource('store') === 'cli'
      if (isAsked || called.name() !== 'verify' || existsSync(folder)) await keepFilesIn(folder, store)
    })
  }
}
