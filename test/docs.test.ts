import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { signatureSchema } from '#model/signature.ts'
import { generatedDocs } from '../scripts/generate-docs.ts'
import { mayImport, pureRooms } from '../scripts/layout/table.ts'

const checkout = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(checkout, path), 'utf8')

test('docs/errors.md lists exactly the error codes', async () => {
  const union = /export type ErrorCode =\n([\s\S]*?)\n\n/.exec(await read('src/model/errors.ts'))?.[1] ?? ''
  const codes = [...union.matchAll(/^ *\| '([A-Z_]+)'$/gm)].map((match) => match[1] ?? '')
  const listed = [...(await read('docs/errors.md')).matchAll(/^\| `([A-Z_]+)` \| .+ \| .+ \|$/gm)].map((match) => match[1] ?? '')
  assert.ok(codes.length > 20)
  assert.deepEqual(listed.toSorted(), codes.toSorted())
})

test('generated pages of docs/ are what scripts/generate-docs.ts writes', async () => {
  for (const [path, text] of Object.entries(await generatedDocs())) assert.equal(await read(path), text, path)
})

test('docs/ARCHITECTURE.md has the import table that is enforced', async () => {
  const rows = [...(await read('docs/ARCHITECTURE.md')).matchAll(/^\| `(?:src\/)?([a-z]+)` \| [^|]+ \| ([^|]+) \|$/gm)]
  const table = Object.fromEntries(rows.map(([, room, others]) => [room, others?.trim() === '–' ? [] : others?.trim().split(', ')]))
  assert.deepEqual(table, mayImport)
})

test('docs/ARCHITECTURE.md names the pure rooms', async () => {
  const sentence = /^`derive`[\s\S]*? have no I\/O/m.exec((await read('docs/ARCHITECTURE.md')).replace(/fill them\. /, '\n'))?.[0] ?? ''
  assert.deepEqual([...sentence.matchAll(/`([a-z]+)`/g)].map((match) => match[1] ?? '').toSorted(), [...pureRooms].toSorted())
})

test("CONTRIBUTING.md's example is a signature", async () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(await read('CONTRIBUTING.md'))?.[1] ?? ''
  const parsed = signatureSchema.safeParse(parse(yaml))
  assert.equal(parsed.error?.message, undefined)
})

test('links and paths in the docs lead somewhere', async () => {
  const docs = (await readdir(join(checkout, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs]
  const missing: string[] = []
  let looked = 0
  for (const page of pages) {
    const text = await read(page)
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => join(dirname(page), match[1] ?? ''))
    const paths = [...text.matchAll(/`((?:src|scripts|test|docs|lab|signatures)\/[A-Za-z0-9_/.-]+?)`/g)].map((match) => match[1] ?? '')
    for (const path of [...links, ...paths]) {
      looked++
      // Rooms that later issues fill stand in the table before they have a folder.
      if (/^src\/(brand|connect|api)$/.test(path)) continue
      if (
        !(await stat(join(checkout, path)).then(
          () => true,
          () => false,
        ))
      )
        missing.push(`${page}: ${path}`)
    }
  }
  assert.ok(looked > 30)
  assert.deepEqual(missing, [])
})
