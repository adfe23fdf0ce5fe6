import { type Command, InvalidArgumentError } from 'commander'
import { crawlFolder } from './folder-option.ts'

export interface PlaceFlags {
  data: string
  database?: string
}

export function placeOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
}

export const placeFrom = ({ data, database }: PlaceFlags): { data: string; database: string | null } => ({
  data,
  database: database ?? null,
})

/** A subcommand's flags: those before its name are parsed by `study`, which has some of the same. */
export function flagsOf(command: Command): object {
  return { ...command.opts(), ...given(command.parent), ...given(command) }
}

/** What was given by hand, not what holds otherwise. */
function given(command: Command | null): object {
  if (command === null) return {}
  return Object.fromEntries(Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli'))
}

/** A day, to its end in UTC, or a time. */
export function day(text: string): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const date = new Date(isDay ? `${text}T23:59:59.999Z` : text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 7) !== text.slice(0, 7))
    throw new InvalidArgumentError('a day such as 2026-01-31.')
  return date
}
