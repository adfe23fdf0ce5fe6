import { type Command, Option } from 'commander'

export interface FolderFlags {
  data: string
  dir?: string
}

/** The data folder, by the name that it has in every command; `--dir` is what it was called in some. */
export const folderOption = (command: Command, is: string): Command =>
  command.option('--data <dir>', is, 'assay-out').addOption(new Option('--dir <dir>').hideHelp())

export const folderOf = ({ data, dir }: FolderFlags): string => dir ?? data
