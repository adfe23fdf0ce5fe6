// check.ts [STEP…]: what no test says: types, lint, format, dead code, layout, lock file, paths of one machine. Runs all, then exits 1 if any failed.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const tool = (path: string, ...args: string[]): string[] => [`node_modules/${path}`, ...args]

const steps: Record<string, { args: string[]; onFailure: string }> = {
  types: { args: tool('typescript/bin/tsc', '--project', '.', '--pretty', 'false'), onFailure: 'TypeScript, strict.' },
  lint: {
    args: tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--format', 'unix'),
    onFailure: 'The rules are in .oxlintrc.json.',
  },
  format: { args: tool('oxfmt/bin/oxfmt', '--list-different'), onFailure: 'npm run format' },
  'dead-code': {
    args: tool('knip/bin/knip.js', '--no-progress'),
    onFailure: 'Remove what nothing uses, or use it; knip.json names the entries.',
  },
  layout: { args: ['scripts/layout/check.ts'], onFailure: 'The table is in docs/ARCHITECTURE.md and scripts/layout/table.ts.' },
  tracked: { args: ['scripts/tracked.ts'], onFailure: 'What is committed must work on any machine.' },
}

async function run(args: string[]): Promise<{ ok: boolean; output: string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise, resolve } = Promise.withResolvers<{ ok: boolean; output: string }>()
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.once('error', (error) => resolve({ ok: false, output: error.message }))
  child.once('close', (code) => resolve({ ok: code === 0, output: output.trim() }))
  return promise
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in steps))
if (unknown.length > 0) {
  console.log(`no step ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}`)
  process.exit(2)
}

let failures = 0
for (const [name, { args, onFailure }] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const started = performance.now()
  const { ok, output } = await run(args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (!ok) failures++
  console.log(`${ok ? '✓' : '✗'} ${name}  ${seconds} s${ok ? '' : `\n${output.replace(/^/gm, '    ')}\n    → ${onFailure}`}`)
}
console.log(failures === 0 ? 'check: all is well' : `check: ${failures} of ${wanted.length || Object.keys(steps).length} failed`)
process.exit(failures === 0 ? 0 : 1)
