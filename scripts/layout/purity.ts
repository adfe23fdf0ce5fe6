import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript6'
import { pureRooms } from './table.ts'

/** Globals that reach out, ask the clock or throw dice: none of them in a room that must give the same answer again. */
const impureGlobals = new Set([
  'fetch',
  'WebSocket',
  'EventSource',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'crypto',
  'process',
  'console',
])
/** The rest of node:crypto makes keys and random numbers. */
const pureCrypto = new Set(['createHash', 'hash', 'Hash', 'createHmac', 'timingSafeEqual'])
const impureMembers = new Set(['Date.now', 'Math.random', 'Temporal.Now'])

export interface PurityChecked {
  files: number
  violations: string[]
}

/**
 * Reads the source of pure rooms for clock, randomness and I/O by globals, and all of `src` and `lab` for `console` and `process.exit`,
 * which are the command line's.
 */
export async function checkPurity(root: string): Promise<PurityChecked> {
  const files = (await Array.fromAsync(glob('{src,lab}/**/*.ts', { cwd: root })))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .sort()
  const violations: string[] = []
  for (const file of files) {
    const source = ts.createSourceFile(file, await readFile(join(root, file), 'utf8'), ts.ScriptTarget.ESNext, true)
    const pure = pureRooms.some((room) => file.startsWith(`src/${room}/`))
    const complain = (node: ts.Node, what: string, advice: string): void => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      violations.push(`${file}:${line + 1} uses ${what}\n    ${advice}`)
    }
    visit(source, (node) => {
      if (pure) {
        const impure = impurity(node)
        if (impure !== null)
          complain(
            node,
            impure,
            `${pureRooms.join(', ')} have no I/O, clock or randomness: let the caller hand in the time, the value or the text.`,
          )
      }
      if (!file.startsWith('src/cli/') && isCommandLine(node)) {
        complain(
          node,
          node.getText(source),
          'Only src/cli prints and ends the process: return the value, throw an AssayError, or take a callback for progress.',
        )
      }
    })
  }
  return { files: files.length, violations }
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node)
  ts.forEachChild(node, (child) => visit(child, look))
}

function impurity(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier) && /^(node:)?crypto$/.test(node.moduleSpecifier.text)) {
    const bindings = node.importClause?.namedBindings
    const digestsOnly =
      bindings !== undefined &&
      ts.isNamedImports(bindings) &&
      bindings.elements.every(({ name, propertyName }) => pureCrypto.has((propertyName ?? name).text))
    return digestsOnly ? null : 'more of node:crypto than digests'
  }
  if (ts.isNewExpression(node) && named(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0) return 'new Date() without a time'
  if (ts.isCallExpression(node) && named(node.expression, 'Date')) return 'Date() without a time'
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`
    if (impureMembers.has(member)) return member
  }
  if (ts.isIdentifier(node) && impureGlobals.has(node.text) && isReference(node)) return node.text
  return null
}

function isCommandLine(node: ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return false
  return (
    (node.expression.text === 'console' && isReference(node.expression)) ||
    (node.expression.text === 'process' && node.name.text === 'exit')
  )
}

/** A use of the global itself: not a member, key, parameter or declaration of that name. A local of that name is a reason to rename it. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent) || ts.isTypeElement(parent) || ts.isClassElement(parent))
    return ts.isPropertyDeclaration(parent) && parent.initializer === node
  if (ts.isVariableDeclaration(parent) || ts.isBindingElement(parent)) return parent.initializer === node
  if (
    ts.isParameter(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isFunctionExpression(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  )
    return false
  return true
}

function named(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name
}
