import type { Deriver } from '../deriver.ts'
import { AssayError } from '#model/errors.ts'
import { analyseModule } from './analyse.ts'

/** WebAssembly module → what it shows. A module that is none fails with `DERIVATION_FAILED`; one that breaks off gives what was read. */
export const wasmDeriver: Deriver<'wasm'> = {
  kind: 'wasm',
  version: '1',
  maxBytes: 128_000_000,
  derive(bytes) {
    const features = analyseModule(bytes)
    const first = features.faults[0]
    if (first?.code === 'NOT_WASM') throw new AssayError('DERIVATION_FAILED', 'The octets are no WebAssembly module of version 1.')
    return { features, inner: [] }
  },
}
