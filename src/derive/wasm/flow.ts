import type { FunctionType } from './decode.ts'
import type { Tape } from './decode-code.ts'
import type { FlowFacts } from './flow-facts.ts'
import { Definitions, row } from './definitions.ts'
import { Observer } from './observer.ts'
import { op, prefixBase } from './opcodes.ts'
import { memoryEffects, stackEffects } from './stack-effects.ts'
import { flag, origin, Values } from './values.ts'

/** What is known of a parameter from all call sites seen. */
interface ParameterFacts {
  mayLow: number
  mayHigh: number
  mustLow: number
  mustHigh: number
  flags: number
}

/** A short straight function, evaluated where it is called: its instructions as on a tape, the last `end` left out of `length`. */
interface Inlined {
  words: Int32Array
  length: number
  params: number
  locals: number
}

export interface FlowContext {
  functionTypes: (functionIndex: number) => FunctionType
  typeAt: (typeIndex: number) => FunctionType
  /** Value of a global that never changes. */
  constantGlobal: (globalIndex: number) => { low: number; high: number } | null
  /** Four octets of a data segment at an address, or null. */
  dataWord: (address: number) => number | null
  /** A folded constant was reached. */
  constant: (functionIndex: number, low: number, high: number, wide: boolean) => void
  /** Functions called within a loop, or from such a function. */
  calledInLoop: (functionIndex: number) => boolean
}

const inlineLocals = 64
const maxSlots = 2_048
/** Longest function that is evaluated at its call sites. */
export const maxInlineInstructions = 48
const maxFrames = 100_004

/**
 * Follows values through functions: once to learn what each local may hold whichever way it was reached and with what parameters functions
 * are called, a second time with that knowledge. Everything is bounded by the count of instructions, which `spent` adds up.
 */
export class Flow {
  private readonly context: FlowContext
  private readonly values = new Values()
  private stack = new Int32Array(1024)
  private height = 0
  private locals = new Int32Array(inlineLocals + 256)
  private localCount = 0
  private base = inlineLocals
  private defined = new Uint8Array(256)
  private position = new Int32Array(256)
  private stamp = new Int32Array(256)
  private stampNow = 0
  private loopAssigned: Int32Array[] = []
  private logLocal = new Int32Array(1024)
  private logOld = new Int32Array(1024)
  private logNew = new Int32Array(1024)
  private logLength = 0
  private frameKind = new Uint8Array(64)
  private frameHeight = new Int32Array(64)
  private frameResults = new Int32Array(64)
  private frameParams = new Int32Array(64)
  private frameLog = new Int32Array(64)
  private frameBranched = new Uint8Array(64)
  private frames = 0
  private loopDepth = 0
  private slots = new Map<number, number>()
  private framePointers = 0
  /** What this pass learns, and what an earlier one learned of the same function. */
  private readonly definitions = new Definitions()
  private known: Int32Array = new Int32Array(0)
  private readonly learned = new Map<number, { rows: Int32Array; loopSlots: Int32Array[] }>()
  /** Frame slots that each loop assigns, from the first pass; before it is known, every slot. */
  private knownSlots: Int32Array[] = []
  private loopSlots: Int32Array[] = []
  private slotLog: number[] = []
  private openLoops: { loop: number; from: number }[] = []
  private learning = true
  private functionIndex = 0
  private readonly parameters = new Map<number, ParameterFacts[]>()
  private readonly inlined = new Map<number, Inlined>()
  private readonly storedAddresses = new Set<number>()
  private readonly observer = new Observer(this.values)
  spent = 0

  constructor(context: FlowContext) {
    this.context = context
  }

  /** Keeps a function for evaluation at its call sites, where it is short and straight. */
  offerInline(functionIndex: number, words: Int32Array, locals: number): void {
    const length = words.length / 3 - 1
    const { params, results } = this.context.functionTypes(functionIndex)
    if (results !== 1 || params + locals > inlineLocals) return
    for (let index = 0; index < length; index++) {
      const opcode = words[index * 3]!
      if (opcode < op.drop || opcode === op.tryTable || (stackEffects[opcode] === 0 && (opcode < op.localGet || opcode > op.globalGet)))
        return
    }
    this.inlined.set(functionIndex, { words, length, params, locals })
  }

  /** First pass over a function: what its locals may hold, what it calls others with, and which constant addresses are written. */
  learn(functionIndex: number, tape: Tape, locals: number): void {
    this.prepare(functionIndex, tape, locals)
    this.learning = true
    this.known = new Int32Array(0)
    this.knownSlots = []
    this.walk(tape, locals)
    this.learned.set(functionIndex, { rows: this.definitions.rows.slice(0, this.definitions.size * row.width), loopSlots: this.loopSlots })
  }

  /** Second pass, with what all functions' first passes taught. */
  follow(functionIndex: number, tape: Tape, locals: number): FlowFacts {
    this.prepare(functionIndex, tape, locals)
    this.learning = false
    const learned = this.learned.get(functionIndex)
    this.known = learned?.rows ?? new Int32Array(0)
    this.knownSlots = learned?.loopSlots ?? []
    this.walk(tape, locals)
    return this.observer.facts
  }

  /** Finds what each loop assigns. */
  private prepare(functionIndex: number, tape: Tape, locals: number): void {
    this.functionIndex = functionIndex
    const { params } = this.context.functionTypes(functionIndex)
    this.localCount = params + locals
    const size = this.localCount + maxSlots
    if (this.defined.length < size) {
      this.defined = new Uint8Array(size)
      this.position = new Int32Array(size)
      this.stamp = new Int32Array(size)
    }
    if (this.locals.length < inlineLocals + size) this.locals = new Int32Array(inlineLocals + size)
    this.loopAssigned = []
    const { words, length } = tape
    const assigned: number[] = []
    const open: { loop: number; from: number }[] = []
    let work = 0
    for (let index = 0; index < length; index++) {
      const opcode = words[index * 3]!
      if (opcode === op.localSet || opcode === op.localTee) {
        const local = words[index * 3 + 1]!
        if (local < this.localCount) {
          if (open.length > 0) assigned.push(local)
        }
      } else if (opcode === op.loop) {
        open.push({ loop: this.loopAssigned.length, from: assigned.length })
        this.loopAssigned.push(new Int32Array(0))
      } else if (opcode === op.block || opcode === op.if || opcode === op.try || opcode === op.tryTable) open.push({ loop: -1, from: 0 })
      else if ((opcode === op.end || opcode === op.delegate) && open.length > 0) {
        const { loop, from } = open.pop()!
        if (loop < 0) continue
        work += assigned.length - from
        // Deep nests would make this quadratic: beyond four times the body, a loop is taken to assign every local.
        this.loopAssigned[loop] = work > 4 * length + 4_096 ? this.everyLocal() : this.distinct(assigned, from)
      }
    }
    this.spent += length + work
  }

  private everyLocal(): Int32Array {
    return Int32Array.from({ length: Math.min(this.localCount, 4_096) }, (_, index) => index)
  }

  private distinct(assigned: readonly number[], from: number): Int32Array {
    const mark = this.nextStamp()
    const found: number[] = []
    for (let index = from; index < assigned.length; index++) {
      const local = assigned[index]!
      if (this.stamp[local] === mark) continue
      this.stamp[local] = mark
      found.push(local)
    }
    return Int32Array.from(found)
  }

  private nextStamp(): number {
    if (++this.stampNow > 0x7ffffff0) {
      this.stamp.fill(0)
      this.stampNow = 1
    }
    return this.stampNow
  }

  private walk(tape: Tape, locals: number): void {
    const { context, values } = this
    const { params } = context.functionTypes(this.functionIndex)
    values.reset()
    this.observer.reset(this.functionIndex)
    this.height = 0
    this.frames = 0
    this.logLength = 0
    this.loopDepth = context.calledInLoop(this.functionIndex) ? 1 : 0
    this.slots.clear()
    this.loopSlots = []
    this.slotLog = []
    this.openLoops = []
    this.framePointers = 0
    this.base = inlineLocals
    this.defined.fill(0, 0, this.localCount)
    this.definitions.size = 0
    this.definitions.extend(this.localCount)
    const known = this.parameters.get(this.functionIndex)
    for (let index = 0; index < params; index++) {
      const facts = known?.[index]
      this.locals[inlineLocals + index] =
        facts === undefined
          ? values.opaque(flag.wide)
          : values.add(origin.opaque, 0, 0, facts.mayLow, facts.mayHigh, facts.mustLow, facts.mustHigh, facts.flags, 0)
      this.defined[index] = 1
      this.definitions.join(index, values, this.locals[inlineLocals + index]!)
    }
    const zero = values.constant(0, 0, false)
    this.locals.fill(zero, inlineLocals + params, inlineLocals + params + locals)
    this.pushFrame(3, 0, 0)
    const { words, length } = tape
    let loop = 0
    for (let index = 0; index < length; index++) {
      const opcode = words[index * 3]!
      const a = words[index * 3 + 1]!
      switch (opcode) {
        case op.block:
        case op.try:
        case op.tryTable:
          this.openBlock(0, a)
          break
        case op.loop:
          this.openBlock(1, a)
          this.enterLoop(loop++)
          break
        case op.if:
          this.pop()
          this.openBlock(2, a)
          break
        case op.else:
          this.otherwise()
          break
        case op.catch:
        case op.catchAll:
          this.height = this.frameHeight[this.frames - 1]!
          this.push(0)
          break
        case op.end:
        case op.delegate:
          if (this.frames > 1) this.close()
          break
        case op.br:
          this.branch(a)
          this.height = this.frameHeight[this.frames - 1]!
          break
        case op.brIf:
          this.pop()
          this.branch(a)
          break
        case op.brTable:
          this.pop()
          this.frameBranched.fill(1, 0, this.frames)
          this.height = this.frameHeight[this.frames - 1]!
          break
        case op.brOnNull:
        case op.brOnNonNull:
          this.branch(a)
          break
        case op.unreachable:
        case op.return:
        case op.throw:
        case op.rethrow:
        case op.throwRef:
          this.height = this.frameHeight[this.frames - 1]!
          break
        case op.call:
          this.call(a)
          break
        case op.returnCall:
          this.call(a)
          this.height = this.frameHeight[this.frames - 1]!
          break
        case op.callIndirect:
        case op.returnCallIndirect:
          this.pop()
          this.opaqueCall(context.typeAt(a))
          break
        case op.callRef:
        case op.returnCallRef:
          this.pop()
          this.opaqueCall(context.typeAt(a))
          break
        default:
          this.step(opcode, a, words[index * 3 + 2]!)
      }
    }
    this.spent += length
  }

  private push(value: number): void {
    if (this.height === this.stack.length) {
      const larger = new Int32Array(this.stack.length * 2)
      larger.set(this.stack)
      this.stack = larger
    }
    this.stack[this.height++] = value
  }

  /** Behind a branch the stack may be empty where the specification lets it hold anything. */
  private pop(): number {
    return this.height > this.frameHeight[this.frames - 1]! ? this.stack[--this.height]! : 0
  }

  private pushFrame(kind: number, params: number, results: number): void {
    if (this.frames === this.frameKind.length) {
      const size = Math.min(maxFrames, this.frames * 2)
      const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
        const next = new Int32Array(size)
        next.set(old)
        return next
      }
      const kinds = new Uint8Array(size)
      kinds.set(this.frameKind)
      this.frameKind = kinds
      const branched = new Uint8Array(size)
      branched.set(this.frameBranched)
      this.frameBranched = branched
      this.frameHeight = larger(this.frameHeight)
      this.frameResults = larger(this.frameResults)
      this.frameParams = larger(this.frameParams)
      this.frameLog = larger(this.frameLog)
    }
    const frame = this.frames++
    this.frameKind[frame] = kind
    this.frameHeight[frame] = Math.max(frame === 0 ? 0 : this.frameHeight[frame - 1]!, this.height - params)
    this.frameParams[frame] = params
    this.frameResults[frame] = results
    this.frameLog[frame] = this.logLength
    this.frameBranched[frame] = 0
  }

  private openBlock(kind: number, type: number): void {
    if (type >= 0) {
      const { params, results } = this.context.typeAt(type)
      this.pushFrame(kind, params, results)
    } else this.pushFrame(kind, 0, type === -64 ? 0 : 1)
  }

  private branch(depth: number): void {
    const frame = this.frames - 1 - depth
    if (frame >= 0) this.frameBranched[frame] = 1
  }

  /** What a loop assigns is, at its head, what it was before or any of its definitions. */
  private enterLoop(loop: number): void {
    this.loopDepth++
    const assigned = this.loopAssigned[loop]
    if (assigned !== undefined) for (const local of assigned) this.carry(local)
    const stored = this.knownSlots[loop]
    if (stored === undefined) for (let slot = 0; slot < this.slots.size; slot++) this.carry(this.localCount + slot)
    else for (const slot of stored) if (slot < this.slots.size) this.carry(this.localCount + slot)
    this.spent += (assigned?.length ?? 0) + (stored?.length ?? this.slots.size)
    this.openLoops.push({ loop, from: this.slotLog.length })
  }

  private carry(local: number): void {
    const { values } = this
    const before = this.locals[inlineLocals + local]!
    let value: number
    const known = this.known
    const at = local * row.width
    if (at >= known.length) value = values.add(origin.carried, before, 0, -1, -1, 0, 0, flag.wide | flag.carried, 0)
    else {
      const flags = known[at + row.flags]! | (values.flags[before]! & flag.loaded)
      let term = values.term[before]!
      const may = known[at + row.termMay]!
      if (may !== 0) term = values.wider(term, this.pseudoTerm(may, flags))
      value = values.add(
        origin.carried,
        before,
        0,
        values.mayLow[before]! | known[at]!,
        values.mayHigh[before]! | known[at + row.mayHigh]!,
        values.mustLow[before]! & known[at + row.mustLow]!,
        values.mustHigh[before]! & known[at + row.mustHigh]!,
        flags | flag.carried,
        term,
      )
    }
    this.assign(local, value, false)
  }

  private pseudoTerm(may: number, flags: number): number {
    const id = this.values.add(origin.opaque, 0, 0, may, 0, 0, 0, (flags & flag.loaded) | flag.bounded, 0)
    this.values.term[id] = id
    return id
  }

  private assign(local: number, value: number, definition: boolean): void {
    if (this.logLength === this.logLocal.length) {
      const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
        const next = new Int32Array(old.length * 2)
        next.set(old)
        return next
      }
      this.logLocal = larger(this.logLocal)
      this.logOld = larger(this.logOld)
      this.logNew = larger(this.logNew)
    }
    const at = this.logLength++
    this.logLocal[at] = local
    this.logOld[at] = this.locals[inlineLocals + local]!
    this.logNew[at] = value
    this.locals[inlineLocals + local] = value
    if (definition) this.definitions.join(local, this.values, value)
  }

  private otherwise(): void {
    const frame = this.frames - 1
    this.height = this.frameHeight[frame]! + this.frameParams[frame]!
    for (let at = this.logLength - 1; at >= this.frameLog[frame]!; at--) this.locals[inlineLocals + this.logLocal[at]!] = this.logOld[at]!
    this.frameBranched[frame] = 1
  }

  private close(): void {
    const frame = --this.frames
    const kind = this.frameKind[frame]!
    const results = this.frameResults[frame]!
    if (kind === 1) {
      this.loopDepth--
      const open = this.openLoops.pop()
      if (this.learning && open !== undefined) this.loopSlots[open.loop] = Int32Array.from(new Set(this.slotLog.slice(open.from)))
    } else if (kind === 2 || this.frameBranched[frame] === 1) this.merge(this.frameLog[frame]!)
    const height = this.frameHeight[frame]!
    // One result of a block that nothing leaves early is the value on top.
    const top = results === 1 && this.height > height ? this.stack[this.height - 1]! : 0
    this.height = height
    for (let index = 0; index < results; index++) {
      this.push(
        index === 0 && top !== 0
          ? this.frameBranched[frame] === 1 && kind !== 1
            ? this.values.join(top, this.values.opaque(this.values.flags[top]! & flag.wide))
            : top
          : 0,
      )
    }
  }

  /** Joins, for every local assigned since `from`, what it was and all that it was assigned. */
  private merge(from: number): void {
    const end = this.logLength
    if (end === from) return
    this.spent += end - from
    const mark = this.nextStamp()
    let kept = from
    for (let at = from; at < end; at++) {
      const local = this.logLocal[at]!
      const value = this.logNew[at]!
      if (this.stamp[local] !== mark) {
        this.stamp[local] = mark
        this.logLocal[kept] = local
        const old = this.logOld[at]!
        this.logOld[kept] = old
        this.logNew[kept] =
          this.defined[local] === 0 && local < this.localCount && old !== 0 && this.values.isConstant(old) && this.values.mustLow[old] === 0
            ? value
            : this.values.join(old, value)
        this.position[local] = kept
        kept++
      } else {
        const position = this.position[local]!
        this.logNew[position] = this.values.join(this.logNew[position]!, value)
      }
    }
    for (let at = from; at < kept; at++) {
      this.locals[inlineLocals + this.logLocal[at]!] = this.logNew[at]!
      this.defined[this.logLocal[at]!] = 1
    }
    this.logLength = kept
  }

  private opaqueCall(type: FunctionType): void {
    for (let index = 0; index < type.params; index++) this.pop()
    for (let index = 0; index < type.results; index++) this.push(this.values.opaque(flag.wide | flag.loaded))
  }

  private call(callee: number): void {
    const { values } = this
    const type = this.context.functionTypes(callee)
    const from = Math.max(this.frameHeight[this.frames - 1]!, this.height - type.params)
    if (this.learning && this.height - from === type.params && type.params <= 16) this.learnParameters(callee, from, type.params)
    const inlined = this.inlined.get(callee)
    if (inlined !== undefined && this.base === inlineLocals && this.height - from === type.params) {
      for (let index = 0; index < inlined.params; index++) this.locals[index] = this.stack[from + index]!
      if (inlined.locals > 0) this.locals.fill(values.constant(0, 0, false), inlined.params, inlined.params + inlined.locals)
      this.height = from
      this.base = 0
      for (let index = 0; index < inlined.length; index++)
        this.step(inlined.words[index * 3]!, inlined.words[index * 3 + 1]!, inlined.words[index * 3 + 2]!)
      this.base = inlineLocals
      this.spent += inlined.length
      const result = this.pop()
      this.height = from
      this.push(result)
      return
    }
    this.height = from
    for (let index = 0; index < type.results; index++) this.push(values.opaque(flag.wide | flag.loaded))
  }

  private learnParameters(callee: number, from: number, count: number): void {
    const { values } = this
    const known = this.parameters.get(callee)
    const seen: ParameterFacts[] = []
    for (let index = 0; index < count; index++) {
      const value = this.stack[from + index]!
      const facts = {
        mayLow: values.mayLow[value]!,
        mayHigh: values.mayHigh[value]!,
        mustLow: values.mustLow[value]!,
        mustHigh: values.mustHigh[value]!,
        flags: values.flags[value]! & (flag.loaded | flag.wide),
      }
      const before = known?.[index]
      if (before !== undefined) {
        facts.mayLow |= before.mayLow
        facts.mayHigh |= before.mayHigh
        facts.mustLow &= before.mustLow
        facts.mustHigh &= before.mustHigh
        facts.flags |= before.flags
      }
      seen.push(facts)
    }
    this.parameters.set(callee, seen)
  }

  /** Callers outside the module may give anything. */
  forgetParameters(functionIndex: number): void {
    this.parameters.delete(functionIndex)
  }

  /** Any instruction that neither branches nor calls. */
  private step(opcode: number, a: number, b: number): void {
    const { values } = this
    switch (opcode) {
      case op.localGet:
        this.push(a < (this.base === 0 ? inlineLocals : this.localCount) ? this.locals[this.base + a]! : 0)
        return
      case op.localSet:
      case op.localTee: {
        const value = opcode === op.localTee && this.height > this.frameHeight[this.frames - 1]! ? this.stack[this.height - 1]! : this.pop()
        if (this.base === 0) this.locals[a & (inlineLocals - 1)] = value
        else if (a < this.localCount) this.assign(a, value, true)
        return
      }
      case op.i32Const:
        this.push(values.constant(a, 0, false))
        return
      case op.i64Const:
        this.push(values.constant(a, b, true))
        return
      case op.globalGet: {
        const constant = this.context.constantGlobal(a)
        if (constant !== null) this.push(values.constant(constant.low, constant.high, true))
        else this.push(values.add(origin.opaque, ++this.framePointers, 0, -1, 0, 0, 0, flag.frame, 0))
        return
      }
      case op.globalSet:
      case op.drop:
        this.pop()
        return
      case op.select:
      case op.selectTyped: {
        this.pop()
        const second = this.pop()
        this.push(values.join(this.pop(), second))
        return
      }
    }
    const memory = memoryEffects[opcode]!
    if (memory !== 0) {
      if ((memory & 1) !== 0) this.load(opcode, a, memory >> 2)
      else this.store(opcode, a, memory >> 2)
      return
    }
    if ((opcode >= op.i32Add && opcode <= op.i32Rotr) || (opcode >= op.i64Add && opcode <= op.i64Rotr)) {
      const right = this.pop()
      const left = this.pop()
      this.push(this.arithmetic(opcode, left, right))
      return
    }
    if (opcode >= op.i32Eqz && opcode <= op.i64GeU) {
      if (opcode === op.i32Eqz || opcode === op.i64Eqz) this.push(values.unary(opcode, this.pop()))
      else {
        const right = this.pop()
        const left = this.pop()
        if (this.loopDepth > 0 && !this.learning) this.observer.comparison(opcode, left, right)
        this.push(values.binary(opcode, left, right))
      }
      return
    }
    if (
      opcode === op.i32WrapI64 ||
      opcode === op.i64ExtendI32S ||
      opcode === op.i64ExtendI32U ||
      (opcode >= op.i32Extend8S && opcode <= op.i64Extend32S) ||
      (opcode >= op.i32Clz && opcode <= op.i32Popcnt) ||
      (opcode >= op.i64Clz && opcode <= op.i64Popcnt)
    ) {
      this.push(values.unary(opcode, this.pop()))
      return
    }
    const effect = stackEffects[opcode]!
    const pops = effect >> 4
    let flags = flag.wide as number
    let second = 0
    let first = 0
    for (let index = 0; index < pops; index++) {
      second = first
      first = this.pop()
      flags |= values.flags[first]! & flag.loaded
    }
    if ((effect & 15) === 0) return
    // Vectors keep their operands, so that a turn of lanes is seen as one.
    const id = values.add(opcode, first, second, -1, -1, 0, 0, flags, 0)
    if (!this.learning && (opcode === prefixBase.simd + 80 || opcode === prefixBase.simd + 81)) this.observer.vectorTurn(first, second)
    this.push(id)
  }

  private arithmetic(opcode: number, left: number, right: number): number {
    const { values } = this
    const id = values.binary(opcode, left, right)
    if (values.isConstant(id)) {
      if (!this.learning) {
        const low = values.mustLow[id]!
        const high = values.mustHigh[id]!
        if (low > 0xffff || low < -0x10000 || high !== 0) this.context.constant(this.functionIndex, low, high, values.wide(id))
      }
      return id
    }
    if (!this.learning) this.observer.arithmetic(opcode, left, right)
    return id
  }

  /** Index of the frame slot at an address, or -1 where it is none. */
  private slotOf(address: number, offset: number, create: boolean): number {
    const { values } = this
    if ((values.flags[address]! & flag.frame) === 0 || this.base === 0) return -1
    const at = values.right[address]! + offset
    if (at < -0x100000 || at > 0x100000) return -1
    const key = values.left[address]! * 0x400000 + at
    const known = this.slots.get(key)
    if (known !== undefined) return this.localCount + known
    if (!create || this.slots.size >= maxSlots) return -1
    const slot = this.slots.size
    this.slots.set(key, slot)
    this.locals[inlineLocals + this.localCount + slot] = 0
    this.defined[this.localCount + slot] = 0
    this.definitions.extend(this.localCount + slot + 1)
    return this.localCount + slot
  }

  private load(opcode: number, offset: number, octets: number): void {
    const { values } = this
    const address = this.pop()
    const wide = opcode === op.i64Load || (opcode >= op.i64Load8S && opcode <= op.i64Load32U)
    if (octets >= 4) {
      const slot = this.slotOf(address, offset, false)
      if (slot >= 0) {
        const value = this.locals[inlineLocals + slot]!
        if (value !== 0) {
          this.push(!wide && values.wide(value) && octets === 4 ? values.unary(op.i32WrapI64, value) : value)
          return
        }
      }
      if (values.isConstant(address) && octets <= 8) {
        const at = (values.mustLow[address]! + offset) >>> 0
        const low = this.storedAddresses.has(at) ? null : this.context.dataWord(at)
        const high = octets === 8 && low !== null ? this.context.dataWord(at + 4) : 0
        if (low !== null && high !== null && (low | high) !== 0) {
          this.push(values.constant(low, high, wide))
          return
        }
      }
    }
    if (!this.learning) this.observer.access(address, 1, octets, this.loopDepth)
    const signed =
      opcode === op.i32Load8S || opcode === op.i32Load16S || opcode === op.i64Load8S || opcode === op.i64Load16S || opcode === op.i64Load32S
    const may = signed || octets >= 4 ? -1 : octets === 2 ? 0xffff : 0xff
    this.push(values.loaded(may, wide && (octets === 8 || signed) ? -1 : octets > 8 ? -1 : 0, wide || octets > 8, address))
  }

  private store(opcode: number, offset: number, octets: number): void {
    const { values } = this
    const value = this.pop()
    const address = this.pop()
    if (octets >= 4 && octets <= 8 && opcode < 0x100) {
      const slot = this.slotOf(address, offset, true)
      if (slot >= 0) {
        if (this.learning && this.openLoops.length > 0) this.slotLog.push(slot - this.localCount)
        this.assign(slot, value, true)
        return
      }
    }
    if (values.isConstant(address) && this.storedAddresses.size < 10_000)
      this.storedAddresses.add((values.mustLow[address]! + offset) >>> 0)
    if (!this.learning) this.observer.store(address, value, octets, this.loopDepth)
  }
}
