// check.ts: holds the tree against the import table and the rules of the pure rooms. Exits 1 with what to do.
import { fileURLToPath } from 'node:url'
import { checkImports } from './imports.ts'
import { checkPurity } from './purity.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const imports = await checkImports(root, ['src', 'lab', 'test', 'scripts'])
const purity = await checkPurity(root)
const violations = [...imports.violations, ...purity.violations]
for (const violation of violations) console.log(violation)
if (imports.modules === 0 || imports.imports === 0 || purity.files === 0) {
  console.log('The layout check read no file: it is broken, not the tree clean.')
  process.exit(1)
}
console.log(`${imports.modules} files with ${imports.imports} imports: ${violations.length} against the layout`)
process.exit(violations.length === 0 ? 0 : 1)
