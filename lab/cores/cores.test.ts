import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Assembly } from '../machine/program.ts'
import { javascriptOf } from '../machine/javascript.ts'
import { narrow } from '../machine/narrow.ts'
import { engine } from '../machine/webassembly.ts'
import { encodeWasm } from '../machine/wasm.ts'
import { drawVariation, vary } from '../machine/vary.ts'
import { Random } from '../random.ts'
import { aes } from './aes.ts'
import { buildCore, coreFamilies } from './build.ts'
import { keccakAbsorb, keccakPermutation } from './keccak.ts'
import { sha1 } from './sha1.ts'
import { sha256 } from './sha256.ts'
import { blake256, groestl, skein } from './finalists.ts'

interface Running {
  memory: Uint8Array
  call(name: string, ...args: number[]): number
}

/** Builds all functions of an assembly as exports, in each of the three forms. */
function run(assembly: Assembly, form: 'wasm' | 'asm.js' | 'javascript', seed = 1): Running {
  const random = new Random(seed)
  const program = {
    functions: assembly.functions,
    exports: assembly.functions.map((callee) => ({ name: callee.name, callee })),
    data: assembly.data,
    pages: Math.ceil(assembly.top / 65536),
    memory: { export: 'memory' },
  }
  const varied = vary(program, drawVariation(random), random)
  if (form === 'wasm') {
    const { exports } = new engine.Instance(new engine.Module(encodeWasm(varied, random)))
    assert.ok(exports.memory instanceof engine.Memory)
    return { memory: new Uint8Array(exports.memory.buffer), call: callOf(exports) }
  }
  const heap = new ArrayBuffer(65536 << Math.ceil(Math.log2(program.pages)))
  const text = javascriptOf(narrow(varied, assembly), random, form === 'asm.js')
  const made = new Function('stdlib', 'heap', `return (${text})(${form === 'asm.js' ? 'stdlib,{},heap' : 'heap'})`)(
    globalThis,
    heap,
  ) as Record<string, (...args: number[]) => number>
  const memory = new Uint8Array(heap)
  for (const { at, bytes } of assembly.data) memory.set(bytes, at)
  return { memory, call: (name, ...args) => made[name]?.(...args) ?? 0 }
}

function callOf(exports: Record<string, unknown>): Running['call'] {
  return (name, ...args) => {
    const callee = exports[name]
    if (typeof callee !== 'function') throw new Error(`no ${name}`)
    return Number(callee(...args))
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

for (const form of ['wasm', 'asm.js', 'javascript'] as const) {
  for (const seed of [1, 2, 3]) {
    test(`SHA3-256 over the Keccak core equals node's (${form}, seed ${seed})`, () => {
      const assembly = new Assembly()
      const permutation = keccakPermutation(assembly, new Random(seed))
      keccakAbsorb(assembly, permutation, 6)
      const state = assembly.reserve(256)
      const input = assembly.reserve(256)
      const running = run(assembly, form, seed)
      for (const length of [1, 32, 76, 135]) {
        const message = new Random(length).bytes(length)
        running.memory.set(message, input)
        running.call('keccakAbsorb', state, input, length)
        // At 135 octets both ends of the padding fall on one octet.
        assert.equal(hex(running.memory.slice(state, state + 32)), createHash('sha3-256').update(message).digest('hex'))
      }
    })

    test(`SHA-256 equals node's (${form}, seed ${seed})`, () => {
      const assembly = new Assembly()
      sha256(assembly, new Random(seed))
      const input = assembly.reserve(512)
      const running = run(assembly, form, seed)
      for (const length of [0, 1, 55, 56, 63, 64, 80, 119, 120, 200]) {
        const message = new Random(length).bytes(length)
        running.memory.set(message, input)
        running.call('sha256', input + 256, input, length)
        assert.equal(
          hex(running.memory.slice(input + 256, input + 288)),
          createHash('sha256').update(message).digest('hex'),
          `${length} octets`,
        )
      }
    })

    test(`SHA-1 with a decimal counter equals node's (${form}, seed ${seed})`, () => {
      const core = sha1({ random: new Random(seed), light: false })
      const running = run(core.assembly, form, seed)
      const text = 'a'.repeat(40)
      running.memory.set(Buffer.from(text), core.input)
      for (const counter of [0, 9, 10, 99, 100, 1234567]) {
        running.call('sha1Counted', 40, counter)
        assert.equal(
          hex(running.memory.slice(core.output, core.output + 20)),
          createHash('sha1')
            .update(text + counter)
            .digest('hex'),
          String(counter),
        )
      }
      const target = createHash('sha1').update(`${text}777`).digest().readInt32LE(0)
      assert.equal(running.call('search', 40, 700, 100, target), 777)
      assert.equal(running.call('search', 40, 800, 100, target), -1)
    })

    test(`an AES round equals FIPS 197's example (${form}, seed ${seed})`, () => {
      const assembly = new Assembly()
      aes(assembly, new Random(seed))
      const at = assembly.reserve(64)
      const running = run(assembly, form, seed)
      running.call('aesFill')
      // FIPS 197, appendix B: round 1.
      running.memory.set(Buffer.from('193de3bea0f4e22b9ac68d2ae9f84808', 'hex'), at)
      running.memory.set(Buffer.from('a0fafe1788542cb123a339392a6c7605', 'hex'), at + 16)
      running.call('aesRound', at + 32, at, at + 16)
      assert.equal(hex(running.memory.slice(at + 32, at + 48)), 'a49c7ff2689f352b6b5bea43026a5049')
    })
  }
}

test('BLAKE-256, Skein and Groestl give the same in every form, and change with their input', () => {
  for (const make of [blake256, skein, (assembly: Assembly) => groestl(assembly, aes(assembly, new Random(1)))]) {
    const digests = (['wasm', 'asm.js', 'javascript'] as const).map((form) => {
      const assembly = new Assembly()
      const finalist = make(assembly)
      const at = assembly.reserve(512)
      const running = run(assembly, form)
      if (finalist.fill) {
        running.call('aesFill')
        running.call(finalist.fill.name)
      }
      running.memory.set(new Random(1).bytes(200), at)
      running.call(finalist.hash.name, at + 256, at)
      const first = hex(running.memory.slice(at + 256, at + 288))
      running.memory[at + 100] = 255 - (running.memory[at + 100] ?? 0)
      running.call(finalist.hash.name, at + 256, at)
      assert.notEqual(hex(running.memory.slice(at + 256, at + 288)), first)
      return first
    })
    assert.equal(new Set(digests).size, 1)
    assert.notEqual(digests[0], '0'.repeat(64))
  }
})

for (const family of coreFamilies) {
  for (const form of ['wasm', 'asm.js', 'javascript'] as const) {
    test(`${family} as ${form} hashes: every nonce gives another digest, and a target is met`, () => {
      const built = buildCore(family, form, new Random(`${family}/${form}`))
      const { call, memory } = start(built)
      const size = family === 'sha1' ? 40 : 80
      memory.set(
        new Random(5).bytes(size).map((byte) => 97 + (byte % 26)),
        built.core.input,
      )
      const digests = new Set<string>()
      for (let nonce = 0; nonce < 3; nonce++) {
        call(built.names.search, size, nonce, 1, 0)
        digests.add(hex(memory.slice(built.core.output, built.core.output + built.core.outputSize)))
      }
      assert.equal(digests.size, 3)
      if (family !== 'sha1') assert.notEqual(call(built.names.search, size, 0, 20, 0x80000000 | 0), -1)
    })
  }
}

function start(built: ReturnType<typeof buildCore>): Running {
  if (built.form === 'wasm') {
    const memory = new engine.Memory({ initial: built.pages })
    const module = new engine.Module(built.bytes)
    const imports = Object.fromEntries(engine.Module.imports(module).map((wanted) => [wanted.module, { [wanted.name]: memory }]))
    const { exports } = new engine.Instance(module, imports)
    const own = Object.values(exports).find((exported) => exported instanceof engine.Memory) ?? memory
    const call = callOf(exports)
    call(built.names.prepare)
    return { memory: new Uint8Array(own.buffer), call }
  }
  const heap = new ArrayBuffer(built.heapSize)
  const made = new Function('stdlib', 'heap', `return (${built.text})(${built.form === 'asm.js' ? 'stdlib,{},heap' : 'heap'})`)(
    globalThis,
    heap,
  ) as Record<string, (...args: number[]) => number>
  const memory = new Uint8Array(heap)
  for (const { at, bytes } of built.core.assembly.data) memory.set(bytes, at)
  made[built.names.prepare]?.()
  return { memory, call: (name, ...args) => made[name]?.(...args) ?? 0 }
}

test('every seed gives a module that is valid', () => {
  for (let seed = 100; seed < 180; seed++) {
    for (const family of coreFamilies) {
      const built = buildCore(family, 'wasm', new Random(seed))
      assert.ok(built.form === 'wasm' && engine.validate(built.bytes) && new engine.Module(built.bytes), `${family}, seed ${seed}`)
    }
  }
})

test('the same seed gives the same octets; another seed other octets and other names', () => {
  for (const family of coreFamilies) {
    const of = (seed: number) => buildCore(family, 'wasm', new Random(seed))
    const [a, again, b] = [of(1), of(1), of(2)]
    assert.ok(a.form === 'wasm' && again.form === 'wasm' && b.form === 'wasm')
    assert.deepEqual(a.bytes, again.bytes)
    assert.notDeepEqual(a.bytes, b.bytes)
    assert.notEqual(a.names.search, b.names.search)
  }
})
