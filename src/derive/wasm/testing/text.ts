import wabtInit from 'wabt'

let wabt: Awaited<ReturnType<typeof wabtInit>> | null = null

/** Assembles WebAssembly text, with every proposal that wabt knows. For tests. */
export async function assemble(text: string): Promise<Uint8Array> {
  wabt ??= await wabtInit()
  const module = wabt.parseWat('test.wat', text, {
    exceptions: true,
    mutable_globals: true,
    sat_float_to_int: true,
    sign_extension: true,
    simd: true,
    threads: true,
    multi_value: true,
    tail_call: true,
    bulk_memory: true,
    reference_types: true,
    gc: false,
    extended_const: true,
    multi_memory: true,
    memory64: true,
    relaxed_simd: true,
  } as Parameters<typeof wabt.parseWat>[2])
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
