import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BinaryReader, type IOperatorInformation } from 'wasmparser'
import { analyseModule } from './analyse.ts'
import { decodeModule } from './decode.ts'
import { assemble } from './testing/text.ts'
import { scratchpadModule, maskings } from './testing/shapes.ts'

/** wasmparser's state for one operator in a body; its enum is declared `const`, which does not exist at run time. */
const codeOperator = 30
const endOfModule = 2
const failed = -1

/** Opcodes of all bodies as wasmparser reads them. */
function opcodesByOracle(bytes: Uint8Array): number[] {
  const reader = new BinaryReader()
  reader.setData(new Uint8Array(bytes).buffer, 0, bytes.length)
  const opcodes: number[] = []
  for (;;) {
    if (!reader.read()) throw reader.error ?? new Error('stopped')
    const state = reader.state as number
    if (state === codeOperator) opcodes.push((reader.result as IOperatorInformation).code)
    if (state === endOfModule) return opcodes
    if (state === failed) throw reader.error ?? new Error('failed')
  }
}

function opcodes(bytes: Uint8Array): number[] {
  const found: number[] = []
  const module = decodeModule(bytes, (_body, tape) => {
    for (let index = 0; index < tape.length; index++) found.push(tape.words[index * 3]!)
  })
  assert.deepEqual(module.faults, [])
  return found
}

/** The oracle names prefixed opcodes by prefix and sub-opcode in one number. */
function asOurs(code: number): number {
  if (code < 0x100) return code
  const bases: Record<number, number> = { 0xfb: 0x100, 0xfc: 0x200, 0xfd: 0x300, 0xfe: 0x500 }
  const prefix = code > 0xffff ? code >> 12 : code >> 8
  return bases[prefix]! + (code & (code > 0xffff ? 0xfff : 0xff))
}

const every: Record<string, string> = {
  'the first version': `(module (import "e" "f" (func (param i32 f64) (result i64))) (table 2 funcref) (memory 1 2) (global (mut i64) (i64.const -9000000000)) (export "x" (func 1))
    (func (param i32 i32) (result i32) (local i64 f32 f64)
      (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
      (block (block (block (br_table 0 1 2 (local.get 0)))))
      (if (result i32) (local.get 1) (then (i32.const -1)) (else (i32.const 2147483647)))
      (drop (i64.const 0x7fffffffffffffff)) (drop (i64.const -0x8000000000000000)) (drop (i64.const 0x100000000)) (drop (f32.const 1.5)) (drop (f64.const nan))
      (drop (i32.const 63)) (drop (i32.const 64)) (drop (i32.const -64)) (drop (i32.const -65)) (drop (i32.const 8191)) (drop (i32.const 8192)) (drop (i32.const -1048577)) (drop (i32.const 1048575))
      (i64.store offset=1000000 (i32.const 3) (i64.load32_s offset=127 (i32.const 0))) (drop (call_indirect (param i32) (result i32) (i32.const 1) (i32.const 0)))
      (global.set 0 (i64.extend_i32_u (memory.grow (memory.size)))) (drop (select (i32.const 1) (i32.const 2) (local.get 0)))
      (return))
    (elem (i32.const 0) 0 1) (data (i32.const 10) "hello") (start 2) (func))`,
  'sign extension, saturating truncation, several results': `(module (func (param f32) (result i32 i64) (i32.extend8_s (i32.trunc_sat_f32_s (local.get 0))) (i64.extend32_s (i64.const 5)))
    (func (result i32) (block (result i32 i64) (i32.const 1) (i64.const 2)) (drop)))`,
  'bulk memory, references, tables': `(module (memory 1) (table $t 3 funcref) (table 1 externref) (data "passive") (elem $e func 0) (elem declare func 0) (elem (table $t) (i32.const 0) funcref (ref.func 0) (ref.null func))
    (func (param externref) (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)
      (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e) (table.copy (i32.const 0) (i32.const 0) (i32.const 0)) (table.set 1 (i32.const 0) (local.get 0))
      (drop (ref.is_null (table.get 1 (i32.const 0)))) (drop (table.size 0)) (drop (table.grow 1 (ref.null extern) (i32.const 1))) (drop (select (result i32) (i32.const 0) (i32.const 1) (i32.const 2)))))`,
  vectors: `(module (memory 1) (func (param v128) (result v128) (v128.store (i32.const 0) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (local.get 0) (v128.const i64x2 1 -1)))
      (drop (i8x16.extract_lane_s 3 (local.get 0))) (drop (v128.load8_lane offset=300 5 (i32.const 0) (local.get 0))) (v128.store64_lane 1 (i32.const 0) (local.get 0))
      (drop (v128.load32_zero (i32.const 8))) (i64x2.mul (i64x2.shl (local.get 0) (i32.const 3)) (v128.bitselect (local.get 0) (local.get 0) (f64x2.convert_low_i32x4_u (local.get 0))))))`,
  threads:
    '(module (memory 1 1 shared) (func (param i32) (result i32) (atomic.fence) (drop (memory.atomic.wait32 (local.get 0) (i32.const 1) (i64.const -1))) (i32.atomic.rmw8.cmpxchg_u offset=9 (local.get 0) (i32.const 1) (i32.const 2))))',
  'tail calls':
    '(module (table 1 funcref) (func (param i32) (result i32) (return_call 1 (local.get 0))) (func (param i32) (result i32) (return_call_indirect (param i32) (result i32) (local.get 0) (i32.const 0))))',
  exceptions:
    '(module (tag $t (param i32)) (func (try (do (throw $t (i32.const 1))) (catch $t (drop)) (catch_all (rethrow 0)))) (func (try (do (try (do) (delegate 0))) (catch_all))))',
}
/** Only we read these: the oracle does not know them, so the count of instructions is written down. */
const oursOnly: Record<string, { text: string; instructions: number }> = {
  'several memories': {
    text: '(module (memory $a 1) (memory $b 1) (func (i32.store $b offset=5 (i32.const 0) (i32.load $a (i32.const 4))) (memory.copy $a $b (i32.const 0) (i32.const 0) (i32.const 8))))',
    instructions: 9,
  },
  'memories of 64 bits': {
    text: '(module (memory i64 1 70000) (func (param i64) (result i64) (i64.load offset=0x1000000000 (local.get 0))))',
    instructions: 3,
  },
}

describe('decoding', () => {
  for (const [name, text] of Object.entries(every)) {
    it(`reads ${name} as the oracle does`, async () => {
      const bytes = await assemble(text)
      assert.deepEqual(opcodes(bytes), opcodesByOracle(bytes).map(asOurs))
    })
  }
  for (const [name, { text, instructions }] of Object.entries(oursOnly)) {
    it(`reads ${name}`, async () => assert.equal(opcodes(await assemble(text)).length, instructions))
  }
  it('reads final exceptions, casts and structs, which no assembler here writes', () => {
    const body = [
      0x00, 0x02, 0x40, 0x1f, 0x40, 0x02, 0x00, 0x00, 0x00, 0x02, 0x01, 0x0b, 0x0b, 0xd0, 0x70, 0xfb, 0x14, 0x6b, 0x1a, 0xd0, 0x6c, 0xfb,
      0x18, 0x03, 0x00, 0x6e, 0x6b, 0x1a, 0xfb, 0x05, 0x01, 0x02, 0x1a, 0x41, 0x00, 0xfb, 0x1c, 0x1a, 0x02, 0x63, 0x70, 0xd0, 0x70, 0x0b,
      0x1a, 0x0b,
    ]
    assert.deepEqual(
      opcodes(moduleOf(body)),
      [0x02, 0x1f, 0x0b, 0x0b, 0xd0, 0x114, 0x1a, 0xd0, 0x118, 0x1a, 0x105, 0x1a, 0x41, 0x11c, 0x1a, 0x02, 0xd0, 0x0b, 0x1a, 0x0b],
    )
  })
  it('reads compact imports in both forms', () => {
    const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)]
    const compact = [
      2,
      ...name('env'),
      0,
      0x7f,
      2,
      ...name('f'),
      0,
      0,
      ...name('m'),
      2,
      0,
      7,
      ...name('lib'),
      0,
      0x7e,
      3,
      0x7f,
      0,
      2,
      ...name('a'),
      ...name('b'),
    ]
    const module = decodeModule(Uint8Array.from([...head, ...section(1, [1, 0x60, 0, 0]), ...section(2, compact), ...section(3, [1, 0])]))
    assert.deepEqual(module.faults, [])
    assert.deepEqual(
      module.imports.map((one) => `${one.module}.${one.name} ${one.kind}`),
      ['env.f function', 'env.m memory', 'lib.a global', 'lib.b global'],
    )
    assert.equal(module.importedFunctions, 1)
    assert.equal(module.functions.length, 2)
    assert.equal(module.memories[0]?.minPages, 7)
    assert.equal(module.globals.length, 2)
  })
  it('keeps immediates whole', async () => {
    const seen: number[][] = []
    decodeModule(
      await assemble(
        '(module (memory 1) (func (drop (i64.const -81985529216486896)) (drop (i32.const -2147483648)) (drop (i64.const -2)) (drop (i32.load offset=4294967295 (i32.const 200)))))',
      ),
      (_body, tape) => {
        for (let index = 0; index < tape.length; index++)
          seen.push([...tape.words.subarray(index * 3, index * 3 + (tape.words[index * 3] === 0x42 ? 3 : 2))])
      },
    )
    assert.deepEqual(seen, [
      [0x42, Number(BigInt.asIntN(32, -81985529216486896n)), Number(-81985529216486896n >> 32n)],
      [0x1a, 0],
      [0x41, -2147483648],
      [0x1a, 0],
      [0x42, -2, -1],
      [0x1a, 0],
      [0x41, 200],
      [0x28, -1],
      [0x1a, 0],
      [0x0b, 0],
    ])
  })
})

const leb = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))])
const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content]
const head = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** A module with one function of type [] → [] and this body (locals first). */
function moduleOf(body: readonly number[], after: readonly number[] = []): Uint8Array {
  return Uint8Array.from([
    ...head,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
    ...after,
  ])
}

describe('hostile octets', () => {
  const cases: Record<string, { bytes: Uint8Array; code: string; at?: number }> = {
    'nothing at all': { bytes: new Uint8Array(0), code: 'NOT_WASM', at: 0 },
    'a page': { bytes: new TextEncoder().encode('<!doctype html><title>404</title>'), code: 'NOT_WASM', at: 0 },
    'a component': { bytes: Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), code: 'NOT_WASM', at: 4 },
    'ten million locals': { bytes: moduleOf([1, ...leb(10_000_000), 0x7f, 0x0b]), code: 'TOO_MUCH' },
    'four thousand million locals in many runs': {
      bytes: moduleOf([...leb(300), ...Array.from({ length: 300 }, () => [0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f]).flat(), 0x0b]),
      code: 'TOO_MUCH',
    },
    'a giant count of types': {
      bytes: Uint8Array.from([...head, ...section(1, [0xff, 0xff, 0xff, 0xff, 0x0f, 0x60])]),
      code: 'LYING_COUNT',
    },
    'a giant count of functions': { bytes: Uint8Array.from([...head, ...section(3, [0xff, 0xff, 0xff, 0xff, 0x0f])]), code: 'LYING_COUNT' },
    'a section longer than the file': { bytes: Uint8Array.from([...head, 1, 0xff, 0xff, 0x03, 1, 0x60, 0, 0]), code: 'TRUNCATED' },
    'a branch table longer than its body': {
      bytes: moduleOf([0, 0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x0b]),
      code: 'LYING_COUNT',
    },
    'an index of six octets': { bytes: moduleOf([0, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a, 0x0b]), code: 'OVERLONG_NUMBER' },
    'an index above 32 bits': { bytes: moduleOf([0, 0x20, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a, 0x0b]), code: 'OVERLONG_NUMBER' },
    'a constant of eleven octets': {
      bytes: moduleOf([0, 0x42, ...Array.from({ length: 10 }, () => 0x80), 0x00, 0x1a, 0x0b]),
      code: 'OVERLONG_NUMBER',
    },
    'an opcode that is none': { bytes: moduleOf([0, 0xf0, 0x0b]), code: 'UNKNOWN_INSTRUCTION' },
    'a vector opcode that is none': { bytes: moduleOf([0, 0xfd, 0xff, 0x7f, 0x0b]), code: 'UNKNOWN_INSTRUCTION' },
    'a body without end': { bytes: moduleOf([0, 0x01, 0x01]), code: 'TRUNCATED' },
    'a body that ends early': { bytes: moduleOf([0, 0x0b, 0x01, 0x0b]), code: 'UNBALANCED' },
    'a constant cut off by the end of its body': { bytes: moduleOf([0, 0x43, 0x00, 0x00]), code: 'TRUNCATED' },
    'an unknown section': { bytes: Uint8Array.from([...head, ...section(77, [0])]), code: 'UNKNOWN_FORM' },
    'two hundred thousand open blocks': {
      bytes: moduleOf([0, ...Array.from({ length: 200_000 }, () => [0x02, 0x40]).flat()]),
      code: 'TOO_MUCH',
    },
  }
  for (const [name, { bytes, code, at }] of Object.entries(cases)) {
    it(`names the fault and its place: ${name}`, () => {
      const module = decodeModule(bytes, () => {})
      assert.equal(module.faults[0]?.code, code)
      if (at !== undefined) assert.equal(module.faults[0]?.at, at)
      assert.ok((module.faults[0]?.at ?? Infinity) <= bytes.length)
    })
  }
  it('keeps what stands before and behind a broken body', async () => {
    const bytes = await assemble(
      '(module (func (export "a")) (func (drop (i32.const 1))) (func (export "c") (drop (i64.const 2))) (memory 7))',
    )
    const broken = bytes.slice()
    const at = broken.findIndex((octet, index) => octet === 0x41 && broken[index + 1] === 1)
    broken[at] = 0xf1
    const indexes: number[] = []
    const module = decodeModule(broken, (body) => indexes.push(body.functionIndex))
    assert.deepEqual(indexes, [0, 2])
    assert.deepEqual(
      module.faults.map(({ code, functionIndex, section }) => ({ code, functionIndex, section })),
      [{ code: 'UNKNOWN_INSTRUCTION', functionIndex: 1, section: 'code' }],
    )
    assert.deepEqual(
      module.exports.map(({ name }) => name),
      ['a', 'c'],
    )
    assert.equal(module.memories[0]?.minPages, 7)
  })
  it('a module cut anywhere gives what was read and one fault', async () => {
    const bytes = await assemble(every['the first version']!)
    for (let length = 9; length < bytes.length; length++) {
      const module = decodeModule(bytes.subarray(0, length), () => {})
      assert.ok(module.faults.every(({ at }) => at <= length))
    }
  })
})

describe('any octets', () => {
  it('mutated modules end in features or faults, never in an exception', async () => {
    const seeds = await Promise.all([...Object.values(every), scratchpadModule({ masking: maskings['de morgan']! })].map(assemble))
    fc.assert(
      fc.property(
        fc.nat(seeds.length - 1),
        fc.array(fc.tuple(fc.nat(4_000), fc.nat(255)), { minLength: 1, maxLength: 24 }),
        fc.nat(600),
        (which, changes, cut) => {
          const bytes = seeds[which]!.slice()
          for (const [at, octet] of changes) bytes[8 + (at % (bytes.length - 8))] = octet
          const features = analyseModule(cut < 300 ? bytes.subarray(0, Math.max(8, bytes.length - cut)) : bytes)
          assert.ok(features.faults.length <= 16)
          JSON.stringify(features)
        },
      ),
      { numRuns: 1_500 },
    )
  })
  it('random bodies too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (body) => {
        const features = analyseModule(moduleOf([0, ...body]))
        assert.equal(features.functions, 1)
      }),
      { numRuns: 1_500 },
    )
  })
  it('gives the same features for the same octets', async () => {
    const bytes = await assemble(scratchpadModule({ masking: maskings['a remainder']! }))
    assert.deepEqual(analyseModule(bytes), analyseModule(bytes.slice()))
  })
})
