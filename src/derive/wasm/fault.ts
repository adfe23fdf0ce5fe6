/** Why a module, or one function of it, could not be read. */
export type FaultCode =
  /** No `\0asm` and version 1 at its start. */
  | 'NOT_WASM'
  /** The octets end within something. */
  | 'TRUNCATED'
  /** A variable-length number is longer than its type allows. */
  | 'OVERLONG_NUMBER'
  /** A count or size is more than what holds it can have. */
  | 'LYING_COUNT'
  /** An instruction that no specification has. */
  | 'UNKNOWN_INSTRUCTION'
  /** A section, type or form that no specification has. */
  | 'UNKNOWN_FORM'
  /** Blocks are closed more or less often than opened. */
  | 'UNBALANCED'
  /** More than this decoder is ready to read. */
  | 'TOO_MUCH'

export interface Fault {
  code: FaultCode
  /** Octet in the module. */
  at: number
  /** Section's name, `header` before the first. */
  section: string
  /** Index in the function index space, where it happened in a body. */
  functionIndex: number | null
}

/** Thrown inside the decoder only; `decodeModule` returns faults. */
export class WasmFault extends Error {
  readonly code: FaultCode
  readonly at: number

  constructor(code: FaultCode, at: number) {
    super(`${code} at octet ${at}`)
    this.name = 'WasmFault'
    this.code = code
    this.at = at
  }
}
