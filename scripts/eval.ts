/**
 * `npm run eval -- MANIFEST=DIR [MANIFEST=DIR …] [--part test|tuning] [--wrong]`: both harnesses over labelled material, one after the other: modules
 * (scripts/eval-wasm.ts), then scripts, pages and archives (scripts/eval-pages.ts). See eval/README.md. Without material it says what it wants and ends with 2.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const given = process.argv.slice(2)
const peersAt = given.indexOf('--peers')
const after = peersAt < 0 ? [] : given.slice(peersAt + 1).filter((argument) => !argument.includes('='))
const folders = after.slice(0, after.findIndex((argument) => argument.startsWith('--')) >>> 0)
const pairs = given.filter((argument) => argument.includes('='))
const rest = given.filter((argument) => !argument.includes('=') && argument !== '--peers' && !folders.includes(argument))
if (pairs.length === 0 || pairs.some((pair) => pair.split('=').some((path) => !existsSync(path)))) {
  console.log(
    'npm run eval -- MANIFEST=DIR [MANIFEST=DIR …] [--part test|tuning] [--wrong] [--peers [FOLDER …]]: MANIFEST lists samples, DIR is what was extracted of it',
  )
  process.exit(2)
}

async function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  const { promise, resolve } = Promise.withResolvers<number>()
  child.once('error', () => resolve(1))
  child.once('close', (code) => resolve(code ?? 1))
  return promise
}

if (peersAt >= 0) {
  const samples = pairs.flatMap((pair) => ['--samples', pair])
  process.exit(await run(['scripts/eval-peers.ts', ...samples, ...folders.flatMap((folder) => ['--peers', folder]), ...rest]))
}
let worst = 0
for (const pair of pairs) {
  const [manifest = '', directory = ''] = pair.split('=')
  console.log(`\n## Modules of ${manifest.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}\n`)
  worst = Math.max(worst, await run(['scripts/eval-wasm.ts', manifest, directory, ...rest]))
}
console.log('\n## Scripts, pages, archives\n')
worst = Math.max(
  worst,
  await run(['scripts/eval-pages.ts', ...pairs.flatMap((pair) => ['--samples', pair]), '--kinds', 'js,html,har,site', ...rest]),
)
process.exit(worst)
