import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The same cases on every machine and day as far as it gets; `npm run fuzz` without `--from` goes where nobody was. */
const from = '20261126'

test('generated and mutated input of every format is read or refused with a code, in bounded time and memory', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../scripts/fuzz.ts', import.meta.url)), '--seconds', '60', '--from', from],
    { encoding: 'utf8', timeout: 900_000 },
  )
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  const rows = [...stdout.matchAll(/^\| ([a-z-]+) \| (\d+) \|/gm)]
  assert.equal(rows.length, 11)
  for (const [, name, cases] of rows) assert.ok(Number(cases) > 0, `${name} was not tried`)
})
