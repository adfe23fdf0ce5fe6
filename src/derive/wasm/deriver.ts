import type { Deriver } from '../deriver.ts'
import { AssayError } from '#model/errors.ts'
import { analyseModule } from './analyse.ts'
import { wasmFeatures } from './version.ts'

/** WebAssembly module → what it shows. Octets that are none fail with `UNSUPPORTED`: they run nowhere, whatever their name says; one that breaks off gives what was read. */
export const wasmDeriver: Deriver<'wasm'> = {
  kind: 'wasm',
  version: wasmFeatures.version,
  maxBytes: 128_000_000,
  derive(bytes) {
    const features = analyseModule(bytes)
    const first = features.faults[0]
    if (first?.code === 'NOT_WASM') throw new AssayError('UNSUPPORTED', 'The octets are no WebAssembly module of version 1.')
    return { features, inner: [] }
  },
}
