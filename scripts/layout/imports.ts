import { registerHooks } from 'node:module'
import type { ICruiseResult, IForbiddenRuleType, IViolation } from 'dependency-cruiser'
import { advice, mayImport, pureNodeModules, pureRooms } from './table.ts'

// dependency-cruiser needs TypeScript's JavaScript API, which TypeScript 7 does not have: without it, it finds no module and reports success.
registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^typescript(?=$|\/package\.json$)/, 'typescript6'), context),
})

/** Tests, and what only they share: a folder `testing` in a room. */
const testFile = '([.]test[.]ts$|/testing/)'
const pathOf = (room: string): string => (room === 'lab' ? '^lab/' : `^src/${room}/`)
const anyRoom = '^(src/[^/]+|lab)/'

/** One rule a room of the table, and those that hold for all. */
export const rules: IForbiddenRuleType[] = [
  ...Object.entries(mayImport).map(([room, others]): IForbiddenRuleType => ({
    name: `${room}-imports`,
    comment: `${room} may import ${others.length === 0 ? 'no other room' : others.join(', ')}. ${advice[room]}`,
    severity: 'error',
    from: { path: pathOf(room), pathNot: testFile },
    to: { path: anyRoom, pathNot: [room, ...others].map(pathOf) },
  })),
  {
    name: 'pure-rooms',
    comment: `${pureRooms.join(', ')} have no I/O, clock or randomness. Let the caller do it and hand in the result.`,
    severity: 'error',
    from: { path: pureRooms.map(pathOf), pathNot: testFile },
    to: { dependencyTypes: ['core'], pathNot: pureNodeModules.flatMap((name) => [`^${name}$`, `^${name.slice(5)}$`]) },
  },
  {
    name: 'known-room',
    comment:
      'A file of src/ belongs to a room of scripts/layout/table.ts. Put it into one, or add the room to the table and to docs/ARCHITECTURE.md with its reason.',
    severity: 'error',
    from: { path: '^src/', pathNot: Object.keys(mayImport).map(pathOf) },
    to: {},
  },
  {
    name: 'no-tests-in-code',
    comment: 'What only tests need is imported by tests only: move what is shared out of the test.',
    severity: 'error',
    from: { path: anyRoom, pathNot: testFile },
    to: { path: [testFile, '^test/', '^scripts/'] },
  },
  {
    name: 'runtime-dependencies',
    comment: 'Code that runs needs it installed: move the package from devDependencies to dependencies in package.json.',
    severity: 'error',
    from: { path: anyRoom, pathNot: testFile },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'named-dependencies',
    comment: 'The package is not in package.json: npm install --ignore-scripts --save-exact it, or import what is there.',
    severity: 'error',
    from: { path: [anyRoom, '^test/', '^scripts/'] },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'resolvable',
    comment: 'No such file or package.',
    severity: 'error',
    from: { path: [anyRoom, '^test/', '^scripts/'] },
    to: { couldNotResolve: true },
  },
  {
    name: 'no-cycles',
    comment: 'Files that import each other cannot be read, or tested, one at a time: move what both need into a third.',
    severity: 'error',
    from: { path: anyRoom },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
]

export interface ImportsChecked {
  /** Our own files that were read; zero means that the check itself is broken. */
  modules: number
  imports: number
  /** Each a line: what imports what, the rule and what to do. */
  violations: string[]
}

/** Checks the folders `src`, `lab`, `test` and `scripts` below a root. */
export async function checkImports(root: string, folders: readonly string[]): Promise<ImportsChecked> {
  const { cruise } = await import('dependency-cruiser')
  const { output } = await cruise(
    [...folders],
    {
      baseDir: root,
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      validate: true,
      ruleSet: { forbidden: rules },
    },
    { extensions: ['.ts', '.js', '.json'], conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  )
  const result = output as ICruiseResult
  const own = result.modules.filter((module) => /^(src|lab|test|scripts)\/.*\.ts$/.test(module.source))
  return {
    modules: own.length,
    imports: own.reduce((total, module) => total + module.dependencies.length, 0),
    violations: result.summary.violations.map(sentence),
  }
}

function sentence({ rule, from, to, cycle }: IViolation): string {
  const comment = rules.find(({ name }) => name === rule.name)?.comment ?? ''
  const way = cycle === undefined ? `imports ${to}` : `imports itself by ${cycle.map(({ name }) => name).join(' → ')}`
  return `${from} ${way} (${rule.name})\n    ${comment}`
}
