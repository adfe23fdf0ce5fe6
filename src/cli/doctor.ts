import type { Command } from 'commander'
import { doctor } from '#app/doctor.ts'
import { inert } from '#report/escape.ts'
import { exit } from './exit.ts'

export function define(command: Command): void {
  command
    .option('--dir <dir>', 'folder whose disk is looked at', '.')
    .option('--browser <path>', 'look at this Chromium')
    .option('--json', 'as JSON')
    .action(async (flags: { dir: string; browser?: string; json?: boolean }) => {
      const checks = await doctor({ dir: flags.dir, browser: flags.browser ?? null })
      const words = { ok: 'ok     ', poor: 'poor   ', missing: 'MISSING' }
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(checks, null, 2)}\n`
          : checks
              .map(
                (check) =>
                  `${words[check.state]} ${check.title}: ${inert(check.found)}\n${check.todo ? `        ${inert(check.todo)}\n` : ''}`,
              )
              .join(''),
      )
      exit(checks.some((check) => check.state === 'missing') ? 5 : 0)
    })
}
