/**
 * Rewrites modules so that they do the same by other instructions: what an attacker does who knows which constants and shapes are looked for.
 * Constants are split into two that are joined by xor or sum, logic and turns move into functions of their own, shifts become products, and
 * dead code stands between. Deterministic by seed. Returns null for a module that the oracle decoder does not read.
 */
import { BinaryReader } from 'wasmparser'
import { decodeModule } from '#derive/wasm/decode.ts'

const oracle = { operator: 30, bodyBegin: 28, bodyEnd: 31, end: 2, failed: -1 }

/** Numbers in [0, 2³²), xorshift32. */
function randomly(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function unsigned(value: number): number[] {
  const octets: number[] = []
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return [...octets, rest]
    octets.push((rest & 0x7f) | 0x80)
  }
}

function signed(value: bigint): number[] {
  const octets: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const octet = Number(rest & 0x7fn)
    if ((rest >> 7n === 0n && octet < 0x40) || (rest >> 7n === -1n && octet >= 0x40)) return [...octets, octet]
    octets.push(octet | 0x80)
  }
}

function readSigned(bytes: Uint8Array, from: number): bigint {
  let value = 0n
  let shift = 0n
  for (let at = from; ; at++) {
    value |= BigInt(bytes[at]! & 0x7f) << shift
    shift += 7n
    if (bytes[at]! < 0x80) return (bytes[at]! & 0x40) !== 0 ? value - (1n << shift) : value
  }
}

/** Functions that stand for one instruction of two operands each; type 0 is of i32, type 1 of i64. */
const outlined: readonly { opcode: number; wide: boolean }[] = [0x71, 0x73, 0x77, 0x78, 0x83, 0x85, 0x89, 0x8a].map((opcode) => ({
  opcode,
  wide: opcode >= 0x79,
}))

interface Bounds {
  id: number
  from: number
  to: number
}

function sectionsOf(bytes: Uint8Array): Bounds[] {
  const found: Bounds[] = []
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++]!
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const octet = bytes[at++]!
      size |= (octet & 0x7f) << shift
      if (octet < 0x80) break
    }
    found.push({ id, from: at, to: at + size })
    at += size
  }
  return found
}

/** Ends of all instructions by body, from the oracle, so that a fault of our own decoder cannot hide here. */
function instructionEnds(bytes: Uint8Array): number[][] | null {
  const reader = new BinaryReader()
  const copy = new Uint8Array(bytes)
  reader.setData(copy.buffer, 0, copy.length)
  const bodies: number[][] = []
  for (;;) {
    if (!reader.read()) return null
    const state = reader.state as number
    if (state === oracle.bodyBegin) bodies.push([])
    else if (state === oracle.operator) bodies.at(-1)?.push(reader.position)
    else if (state === oracle.failed) return null
    if (state === oracle.end) return bodies
  }
}

export function mutateModule(bytes: Uint8Array, seed: number): Uint8Array | null {
  const module = decodeModule(bytes, () => {})
  const ends = module.faultCount > 0 ? null : instructionEnds(bytes)
  if (ends === null || ends.length !== module.bodies.length) return null
  const random = randomly(seed)
  const types = module.types.length
  const firstHelper = module.functions.length
  const out: number[][] = []
  const emit = (id: number, content: readonly number[]): void => void out.push([id, ...unsigned(content.length), ...content])
  const counted = (section: Bounds, more: readonly number[][]): number[] => {
    let at = section.from
    let count = 0
    for (let shift = 0; ; shift += 7) {
      const octet = bytes[at++]!
      count |= (octet & 0x7f) << shift
      if (octet < 0x80) break
    }
    return [...unsigned(count + more.length), ...bytes.subarray(at, section.to), ...more.flat()]
  }
  for (const section of sectionsOf(bytes)) {
    if (section.id === 1)
      emit(
        1,
        counted(
          section,
          [0x7f, 0x7e].map((type) => [0x60, 2, type, type, 1, type]),
        ),
      )
    else if (section.id === 3)
      emit(
        3,
        counted(
          section,
          outlined.map(({ wide }) => unsigned(types + (wide ? 1 : 0))),
        ),
      )
    else if (section.id === 10) {
      const bodies = module.bodies.map((body, index) =>
        rewrite(bytes, body.codeAt, ends[index]!, firstHelper, random, headOf(bytes, body.codeAt, module, index)),
      )
      for (const { opcode } of outlined) bodies.push([0, 0x20, 0, 0x20, 1, opcode, 0x0b])
      const content: number[] = []
      for (const octet of unsigned(bodies.length)) content.push(octet)
      for (const body of bodies) {
        for (const octet of unsigned(body.length)) content.push(octet)
        for (const octet of body) content.push(octet)
      }
      out.push([10, ...unsigned(content.length)], content)
    } else if (section.id !== 0)
      out.push([section.id, ...unsigned(section.to - section.from)], [...bytes.subarray(section.from, section.to)])
  }
  const length = out.reduce((sum, part) => sum + part.length, 8)
  const result = new Uint8Array(length)
  result.set(bytes.subarray(0, 8))
  let at = 8
  for (const part of out) {
    result.set(part, at)
    at += part.length
  }
  return result
}

/** The declaration of locals, which ends where the code begins; a body begins behind its size. */
function headOf(bytes: Uint8Array, codeAt: number, module: ReturnType<typeof decodeModule>, index: number): number[] {
  const before = index === 0 ? (sectionsOf(bytes).find(({ id }) => id === 10)?.from ?? 0) : module.bodies[index - 1]!.end
  let at = before
  const skip = (): void => {
    while (bytes[at]! >= 0x80) at++
    at++
  }
  if (index === 0) skip()
  skip()
  return [...bytes.subarray(at, codeAt)]
}

function rewrite(
  bytes: Uint8Array,
  codeAt: number,
  ends: readonly number[],
  firstHelper: number,
  random: () => number,
  head: readonly number[],
): number[] {
  const body = [...head]
  let at = codeAt
  for (const end of ends) {
    const opcode = bytes[at]!
    const chance = random() % 100
    const helper = outlined.findIndex((known) => known.opcode === opcode)
    if (opcode === 0x41 && chance < 60) {
      const value = BigInt.asIntN(32, readSigned(bytes, at + 1))
      const key = BigInt.asIntN(32, BigInt(random()))
      if (chance < 30) body.push(0x41, ...signed(BigInt.asIntN(32, value ^ key)), 0x41, ...signed(key), 0x73)
      else body.push(0x41, ...signed(BigInt.asIntN(32, value - key)), 0x41, ...signed(key), 0x6a)
    } else if (opcode === 0x42 && chance < 60) {
      const value = readSigned(bytes, at + 1)
      const key = BigInt.asIntN(64, (BigInt(random()) << 32n) | BigInt(random()))
      if (chance < 30) body.push(0x42, ...signed(BigInt.asIntN(64, value ^ key)), 0x42, ...signed(key), 0x85)
      else body.push(0x42, ...signed(BigInt.asIntN(64, value - key)), 0x42, ...signed(key), 0x7c)
    } else if (helper >= 0 && chance < 50) body.push(0x10, ...unsigned(firstHelper + helper))
    else {
      if (chance >= 95) body.push(0x41, ...signed(BigInt(random() % 1_000)), 0x1a)
      for (let index = at; index < end; index++) body.push(bytes[index]!)
    }
    at = end
  }
  return body
}
