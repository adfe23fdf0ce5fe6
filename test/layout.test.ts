import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ImportsChecked, checkImports, rules } from '../scripts/layout/imports.ts'
import { checkPurity } from '../scripts/layout/purity.ts'
import { mayImport, pureRooms } from '../scripts/layout/table.ts'

const checkout = fileURLToPath(new URL('../', import.meta.url))
const rooms = Object.keys(mayImport)
const folderOf = (room: string): string => (room === 'lab' ? 'lab' : `src/${room}`)

let root = ''
/** A tree of its own: purity is asked of one file at a time. */
let alone = ''
before(async () => {
  alone = await mkdtemp(join(tmpdir(), 'assay-purity-'))
  root = await mkdtemp(join(tmpdir(), 'assay-layout-'))
  await symlink(join(checkout, 'node_modules'), join(root, 'node_modules'))
  const imports = Object.fromEntries(rooms.map((room) => [`#${room}/*`, `./${folderOf(room)}/*`]))
  await write(
    'package.json',
    JSON.stringify({ type: 'module', imports, dependencies: { zod: '*' }, devDependencies: { 'fast-check': '*' } }),
  )
  for (const room of rooms) await write(`${folderOf(room)}/thing.ts`, 'export const thing = 1\nexport interface Thing { a: number }\n')
})
after(async () => {
  for (const folder of [root, alone]) await rm(folder, { recursive: true, force: true })
})

async function write(path: string, text: string, below = root): Promise<void> {
  await mkdir(dirname(join(below, path)), { recursive: true })
  await writeFile(join(below, path), text)
}

/** The rules that a file broke. */
function broken({ violations }: ImportsChecked, path: string): string[] {
  return violations.filter((line) => line.startsWith(`${path} `)).map((line) => /\(([a-z-]+)\)\n/.exec(line)?.[1] ?? '?')
}

describe('the import table', () => {
  const ways = {
    value: (room: string) => `import { thing } from '#${room}/thing.ts'\nexport const copy = thing\n`,
    type: (room: string) => `import type { Thing } from '#${room}/thing.ts'\nexport type Copy = Thing\n`,
    reexport: (room: string) => `export { thing } from '#${room}/thing.ts'\n`,
    dynamic: (room: string) => `export const copy = () => import('#${room}/thing.ts')\n`,
    inline: (room: string) => `export type Copy = import('#${room}/thing.ts').Thing\n`,
  }
  const name = (from: string, way: string, to: string): string => `${folderOf(from)}/${way}-${to}.ts`
  let checked: ImportsChecked
  before(async () => {
    for (const from of rooms)
      for (const to of rooms) for (const [way, code] of Object.entries(ways)) await write(name(from, way, to), code(to))
    checked = await checkImports(root, ['src', 'lab'])
  })

  test('every file of the copy was read', () => {
    assert.equal(checked.modules, rooms.length + rooms.length ** 2 * Object.keys(ways).length)
    assert.equal(checked.imports, rooms.length ** 2 * Object.keys(ways).length)
  })

  for (const from of rooms) {
    const allowed = [from, ...(mayImport[from] ?? [])]
    test(`${from} may import ${allowed.slice(1).join(', ') || 'no other room'}`, () => {
      for (const to of allowed)
        for (const way of Object.keys(ways)) assert.deepEqual(broken(checked, name(from, way, to)), [], `${way} import of ${to}`)
    })
    test(`${from} may import nothing else, types included`, () => {
      const others = rooms.filter((room) => !allowed.includes(room))
      for (const to of others)
        for (const way of Object.keys(ways))
          assert.deepEqual(broken(checked, name(from, way, to)), [`${from}-imports`], `${way} import of ${to}`)
    })
  }

  test('a violation says what to do', () => {
    const line = checked.violations.find((violation) => violation.startsWith('src/detect/value-ledger.ts '))
    assert.match(line ?? '', /detect may import model, derive\. A detector sees what it asked for/)
  })
})

describe('the other rules', () => {
  const cases: Record<string, { path: string; code: string; rule: string | null; more?: Record<string, string> }> = {
    'a pure room that reads files': {
      path: 'src/derive/reads.ts',
      code: "import { readFile } from 'node:fs/promises'\nexport const a = readFile\n",
      rule: 'pure-rooms',
    },
    'a pure room that opens sockets': {
      path: 'src/detect/net.ts',
      code: "import net from 'net'\nexport const a = net\n",
      rule: 'pure-rooms',
    },
    'a pure room that starts programs': {
      path: 'src/report/child.ts',
      code: "import { spawn } from 'node:child_process'\nexport const a = spawn\n",
      rule: 'pure-rooms',
    },
    'a pure room that takes digests': {
      path: 'src/derive/digest.ts',
      code: "import { createHash } from 'node:crypto'\nexport const a = createHash\n",
      rule: null,
    },
    'a room that does I/O reads files': {
      path: 'src/ledger/reads.ts',
      code: "import { readFile } from 'node:fs/promises'\nexport const a = readFile\n",
      rule: null,
    },
    'a file outside every room': {
      path: 'src/shared/a.ts',
      code: "import { thing } from '#model/thing.ts'\nexport const a = thing\n",
      rule: 'known-room',
    },
    'code that imports a test': {
      path: 'src/model/uses.ts',
      code: "import { a } from './x.test.ts'\nexport const b = a\n",
      rule: 'no-tests-in-code',
      more: { 'src/model/x.test.ts': 'export const a = 1\n' },
    },
    'code that imports what tests share': {
      path: 'src/model/shares.ts',
      code: "import { a } from './testing/a.ts'\nexport const b = a\n",
      rule: 'no-tests-in-code',
      more: { 'src/model/testing/a.ts': 'export const a = 1\n' },
    },
    'what tests share imports anything': {
      path: 'src/model/testing/far.ts',
      code: "import { thing } from '#cli/thing.ts'\nexport const b = thing\n",
      rule: null,
    },
    'a test that imports anything': {
      path: 'src/model/far.test.ts',
      code: "import { thing } from '#cli/thing.ts'\nexport const b = thing\n",
      rule: null,
    },
    'code that runs on a development dependency': {
      path: 'src/model/dev.ts',
      code: "import fc from 'fast-check'\nexport const a = fc\n",
      rule: 'runtime-dependencies',
    },
    'code that takes a type from a development dependency': {
      path: 'src/model/dev-type.ts',
      code: "import type { Arbitrary } from 'fast-check'\nexport type A = Arbitrary<number>\n",
      rule: null,
    },
    'a test on a development dependency': {
      path: 'src/model/dev.test.ts',
      code: "import fc from 'fast-check'\nexport const a = fc\n",
      rule: null,
    },
    'a package that package.json does not name': {
      path: 'src/model/unnamed.ts',
      code: "import ws from 'ws'\nexport const a = ws\n",
      rule: 'named-dependencies',
    },
    'a file that is not there': {
      path: 'src/model/gone.ts',
      code: "import { a } from './nowhere.ts'\nexport const b = a\n",
      rule: 'resolvable',
    },
    'two files that import each other': {
      path: 'src/model/one.ts',
      code: "import { two } from './two.ts'\nexport const one = () => two\n",
      rule: 'no-cycles',
      more: { 'src/model/two.ts': "import { one } from './one.ts'\nexport const two = () => one\n" },
    },
    'two files that know each other by type only': {
      path: 'src/model/tick.ts',
      code: "import type { Tock } from './tock.ts'\nexport interface Tick { next: Tock }\n",
      rule: null,
      more: { 'src/model/tock.ts': "import type { Tick } from './tick.ts'\nexport interface Tock { next: Tick }\n" },
    },
  }
  let checked: ImportsChecked
  before(async () => {
    for (const { path, code, more = {} } of Object.values(cases)) {
      await write(path, code)
      for (const [file, text] of Object.entries(more)) await write(file, text)
    }
    checked = await checkImports(root, ['src', 'lab'])
  })
  for (const [title, { path, rule }] of Object.entries(cases)) {
    test(`${title}: ${rule ?? 'allowed'}`, () => assert.deepEqual(broken(checked, path), rule === null ? [] : [rule]))
  }

  test('every rule has a case', () => {
    const tried = new Set(Object.values(cases).map(({ rule }) => rule))
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !tried.has(name ?? '') && !rooms.some((room) => name === `${room}-imports`)),
      [],
    )
  })
})

describe('purity', () => {
  const impure: Record<string, string> = {
    'Date.now': 'export const a = Date.now()\n',
    'new Date() without a time': 'export const a = new Date()\n',
    'Math.random': 'export const a = [Math.random()]\n',
    fetch: "export const a = fetch('http://x')\n",
    setTimeout: 'setTimeout(() => undefined, 1)\n',
    process: 'export const a = process.env\n',
    performance: 'export const a = performance.now()\n',
    'more of node:crypto than digests': "import { createHash, randomUUID } from 'node:crypto'\nexport const a = [createHash, randomUUID]\n",
  }
  const pure: Record<string, string> = {
    'a time that was handed in': 'export const a = (at: string) => new Date(at).getTime()\n',
    'a member of that name': 'export const a = (x: { process: number; fetch(): void }) => x.process\n',
    'a text that names it': "export const a = 'Date.now()' // Math.random()\n",
    digests: "import { createHash } from 'node:crypto'\nexport const a = createHash\n",
  }
  const about = async (path: string, code: string): Promise<string[]> => {
    await write(path, code, alone)
    const { violations } = await checkPurity(alone)
    await rm(join(alone, path))
    return violations.filter((line) => line.startsWith(`${path}:`))
  }

  for (const [what, code] of Object.entries(impure)) {
    test(`${what} is refused in each pure room and allowed elsewhere`, async () => {
      for (const room of pureRooms) {
        const violations = await about(`src/${room}/impure.ts`, code)
        assert.equal(violations.length, 1, `${room}: ${violations.join()}`)
        assert.ok(violations[0]?.includes(`uses ${what}\n`), violations[0] ?? '')
      }
      assert.deepEqual(await about('src/ledger/impure.ts', code), [])
    })
  }
  for (const [what, code] of Object.entries(pure)) {
    test(`${what} is allowed in a pure room`, async () => {
      assert.deepEqual(await about('src/derive/pure.ts', code), [])
    })
  }
  for (const code of ["console.log('a')\n", 'process.exit(1)\n']) {
    test(`${code.trim()} belongs to the command line`, async () => {
      for (const room of ['app', 'capture', 'model', 'judge']) assert.equal((await about(`src/${room}/prints.ts`, code)).length, 1, room)
      assert.equal((await about('lab/prints.ts', code)).length, 1)
      assert.deepEqual(await about('src/cli/prints.ts', code), [])
    })
  }
})

test('this checkout keeps to the layout', async () => {
  const imports = await checkImports(checkout, ['src', 'lab', 'test', 'scripts'])
  assert.deepEqual(imports.violations, [])
  assert.ok(imports.modules > 100 && imports.imports > imports.modules)
  const purity = await checkPurity(checkout)
  assert.deepEqual(purity.violations, [])
  assert.ok(purity.files > 100)
})
