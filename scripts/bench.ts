// bench.ts NAME [ARGUMENT…]: runs one of the benchmarks in bench/, alone. docs/benchmarks.md has results, with the command of each.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../bench/', import.meta.url))
const [name = '', ...rest] = process.argv.slice(2)
const file = join(folder, `${name}.ts`)
const names = readdirSync(folder)
  .map((entry) => entry.replace(/\.ts$/, ''))
  .filter((entry) => entry !== 'process-usage')
if (!names.includes(name) || !existsSync(file)) {
  console.error(`npm run bench -- NAME, with one of: ${names.join(', ')}`)
  process.exit(2)
}
process.exitCode = spawnSync(process.execPath, ['--expose-gc', file, ...rest], { stdio: 'inherit' }).status ?? 1
