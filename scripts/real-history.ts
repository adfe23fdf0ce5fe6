/**
 * Tables from dated observations of real mining sites, made by others in 2017 and 2018:
 *
 *   npm run real-history -- [BLOCK…] [--data DIR] [--pages DIR] [--mirrors DIR] [--write | --check | --csv FILE]
 *
 * Without BLOCK all of them. What is absent is named and skipped: the data may not be committed, only figures made from it. `--write` puts the
 * blocks between their marks in docs/real-history.md, `--check` exits 1 where the page has others; both do nothing where anything is absent.
 * `--csv` writes the observations for `assay study import`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { blocks } from './history/blocks.ts'
import { observationsCsv } from './history/observations.ts'
import { filled, type Block } from './history/page.ts'
import { readSources } from './history/sources.ts'

const folder = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname
const page = new URL('../docs/real-history.md', import.meta.url)

const { values, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: folder('shared/data') },
    pages: { type: 'string', default: folder('shared/pages') },
    mirrors: { type: 'string', default: folder('.mirror') },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    csv: { type: 'string' },
  },
  allowPositionals: true,
})
const wanted = positionals.length > 0 ? positionals : Object.keys(blocks)
const unknown = wanted.filter((name) => !(name in blocks))
if (unknown.length > 0) {
  console.error(`no block ${unknown.join(', ')}; there are ${Object.keys(blocks).join(', ')}`)
  process.exit(2)
}

const sources = readSources(values)
if (values.csv !== undefined) {
  writeFileSync(values.csv, observationsCsv(sources))
  if (sources.absent.length > 0) console.error(`absent: ${sources.absent.join(', ')}`)
  process.exit(0)
}
const made: Record<string, Block> = {}
for (const name of wanted) {
  const block = blocks[name]?.(sources) ?? null
  if (block === null) console.error(`skipped: ${name}`)
  else made[name] = block
}
if (sources.absent.length > 0) console.error(`absent: ${sources.absent.join(', ')}`)
if (values.write || values.check) {
  if (sources.absent.length > 0) {
    console.error('docs/real-history.md is neither written nor checked without them')
    process.exit(values.write ? 1 : 0)
  }
  const before = readFileSync(page, 'utf8')
  const after = filled(before, made, Object.keys(blocks))
  if (values.write) writeFileSync(page, after)
  else if (after !== before) {
    console.error('docs/real-history.md has other figures: npm run real-history -- --write')
    process.exitCode = 1
  }
} else for (const [name, block] of Object.entries(made)) console.log(['', `## ${name}`, '', ...block].join('\n'))
