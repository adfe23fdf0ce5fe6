import { spawnSync } from 'node:child_process'
import { AssayError } from '#model/errors.ts'

/** How to start a program that refuses to be root: as ourselves, or as an unprivileged user. */
export interface ProcessUser {
  uid: number
  gid: number
  /** For `spawn`. */
  options: { uid: number; gid: number } | Record<never, never>
  /** Words before the command. */
  prefix: string[]
}

/** `nobody` on every Linux. */
const nobody = 65534

/**
 * The user for a PostgreSQL whose programs and folder are at these paths. A folder of root's that nobody else may enter (`/root`) is
 * opened to that one process by the right to pass directories (CAP_DAC_OVERRIDE), where the system lets us hand it on.
 * Throws `STORE_DENIED`.
 */
export function unprivilegedUser(mustEnter: string[]): ProcessUser {
  const uid = process.getuid?.() ?? nobody
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? nobody, options: {}, prefix: [] }
  const test = ['sh', '-c', 'for path; do test -x "$path" || exit 1; done', 'sh', ...mustEnter]
  const options = { uid: nobody, gid: nobody }
  if (spawnSync(test[0]!, test.slice(1), { ...options, cwd: '/' }).status === 0) return { ...options, options, prefix: [] }
  const prefix = [
    'setpriv',
    '--reuid',
    String(nobody),
    '--regid',
    String(nobody),
    '--clear-groups',
    '--inh-caps',
    '+dac_override',
    '--ambient-caps',
    '+dac_override',
    '--',
  ]
  if (spawnSync(prefix[0]!, [...prefix.slice(1), ...test], { cwd: '/' }).status === 0) return { ...options, options: {}, prefix }
  throw new AssayError('STORE_DENIED', `PostgreSQL does not run as root, and user ${nobody} may not enter ${mustEnter.join(' or ')}`, {
    hint: 'Run assay as an ordinary user, or choose a data folder that others may enter: --data /var/lib/assay',
  })
}
