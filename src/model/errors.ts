/** Why something could not be done. The code is stable and documented in `docs/errors.md`; exit codes follow from it. */
export type ErrorCode =
  // what the user gave
  | 'BAD_ARGUMENT'
  | 'BAD_URL'
  | 'BAD_INPUT_FILE'
  | 'BAD_SIGNATURE'
  | 'NOT_FOUND'
  | 'TOO_LARGE'
  | 'UNSUPPORTED'
  // the way to the page
  | 'DNS_FAILED'
  | 'ADDRESS_REFUSED'
  | 'NOT_ALLOWED'
  | 'CONNECT_FAILED'
  | 'TLS_FAILED'
  | 'HTTP_ERROR'
  | 'NAVIGATION_FAILED'
  | 'TIMEOUT'
  | 'REDIRECT_LOOP'
  // the browser
  | 'BROWSER_MISSING'
  | 'BROWSER_FAILED'
  | 'TARGET_CRASHED'
  | 'PROTOCOL_ERROR'
  | 'INTERRUPTED'
  // judging and keeping
  | 'DERIVATION_FAILED'
  | 'STORE_CORRUPT'
  | 'STORE_BUSY'
  | 'STORE_DENIED'
  | 'STORE_UNREACHABLE'
  | 'DATABASE_FAILED'
  | 'DISK_FULL'
  | 'INTERNAL'

/** What passes: the disk has room again, the object store answers. A visit that met it is made again, and not kept with holes. */
export const passingCodes: ReadonlySet<ErrorCode> = new Set(['DISK_FULL', 'STORE_UNREACHABLE'])

export class AssayError extends Error {
  readonly code: ErrorCode
  /** What the reader can do about it, as one sentence. */
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AssayError'
    this.code = code
    this.hint = options.hint
  }
}

/** An error as it stands in a file: never a stack, which would name this machine's paths. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  /** What the reader can do about it, as one sentence. */
  hint?: string
}

export function toErrorRecord(error: unknown, fallback: ErrorCode = 'INTERNAL'): ErrorRecord {
  if (error instanceof AssayError)
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  return { code: systemCodes[systemCodeOf(error)] ?? fallback, message: messageOf(error) }
}

/** What the operating system says (errno(3)) about a file, where nobody nearer to it knew better. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STORE_DENIED',
  EPERM: 'STORE_DENIED',
  EROFS: 'STORE_DENIED',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EISDIR: 'BAD_ARGUMENT',
  ENAMETOOLONG: 'BAD_ARGUMENT',
}

function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What is known of anything that was thrown, as a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
