import { type Command, Option } from 'commander'
import { AssayError } from '#model/errors.ts'

export interface FolderFlags {
  data: string
  dir?: string
}

/** Where `scan` and `capture import` keep pages that a person asked for, and where a crawl keeps its own. */
export const pagesFolder = 'assay-out'
export const crawlFolder = 'assay-data'

/** The data folder of commands about single captures, by the name that it has in every command; `--dir` is what it was called in some. */
export const folderOption = (command: Command, is: string): Command =>
  command.option('--data <dir>', is, pagesFolder).addOption(new Option('--dir <dir>').hideHelp())

export function folderOf({ data, dir }: FolderFlags): string {
  if (dir !== undefined && data !== pagesFolder) throw new AssayError('BAD_ARGUMENT', '--dir is another word for --data: give one of them')
  return dir ?? data
}
