import type { ESTree } from 'meriyah'
import { arrayMethod, globals, type Machine, regex, regexMethod, textMethod } from './emulator-builtins.ts'
import { Arr, Exhausted, type Native, native, numberOf, Obj, Outside, Rx, textOf, Thrown, truthy, type Value } from './emulator-values.ts'
import { Shortcuts } from './emulator-shortcuts.ts'
import { isVisitorListener, varsIn, visitorEvents } from './emulator-syntax.ts'
import { binary, type Folded } from './fold.ts'
import { isFunction, type Node, type Parsed, parseJavaScript } from './tree.ts'

/** What a script did to things outside of it. */
export interface Emulation {
  /** Texts that it wanted to run: eval, Function, timers, Blob parts, and documents it wrote. */
  code: { text: string; by: string }[]
  markup: string[]
  /** Calls of things of the browser or of other scripts, by dotted name. */
  calls: { name: string; isNew: boolean; values: Folded[]; offset: number; byVisitor: boolean; forced: boolean }[]
  /** Calls of its own functions and members of its own objects that gave the same text each time: what its decoder hid. */
  texts: ReadonlyMap<Node, string>
  /** Constant texts set on them: `document.createElement().src`. */
  sets: { name: string; value: string }[]
  exhausted: boolean
  /** Calls one of the script's own functions with constants (a string decoder); undefined where that gives no constant. */
  ask(functionName: string, values: Folded[]): Folded
}

type Completion = { type: 'break' | 'continue'; label: string | null } | { type: 'return'; value: Value } | null

class Scope {
  readonly names = new Map<string, Value>()
  readonly parent: Scope | null

  constructor(parent: Scope | null) {
    this.parent = parent
  }

  find(name: string): Scope | null {
    return this.names.has(name) ? this : (this.parent?.find(name) ?? null)
  }
}

const maxDepth = 160
const windowNames: ReadonlySet<string> = new Set(['window', 'self', 'globalThis', 'top', 'parent', 'frames'])

/**
 * Runs a script in a small interpreter of our own, to see what its packer unpacks: no host object can be reached, every step is counted,
 * everything that belongs to a browser is a name that swallows what is done to it and writes it down. Callbacks that the script hands
 * out are run afterwards. It is no browser: what it does not know ends that statement, not the script.
 * With a `forcedBudget`, functions that nothing called are called at the end, with unknown values, and where these decide, all branches are
 * gone through: so that the texts in them are decoded too.
 */
export function emulate(source: string | Parsed, budget = 600_000, forcedBudget = 0): Emulation {
  const parsed = typeof source === 'string' ? parseJavaScript(source) : source
  const machine = new Interpreter(budget, forcedBudget)
  if (parsed !== null) machine.run(parsed.program, parsed.source)
  return machine.result()
}

/** Steps of one function that is called by force, and more for a long one: each of its texts may be enciphered by itself. */
const forcedSlice = 40_000
const forcedStepsPerSign = 10
/** Turns of a loop whose condition looked at something unknown. */
const maxUnknownTurns = 2_000
/** Characters of texts that are kept, with what keeping one costs. */
const maxTexts = 8_000_000

class Interpreter implements Machine {
  #left: number
  readonly #forcedBudget: number
  #forcing = false
  /** How often something unknown was looked at: a condition that did so is open. */
  #unknowns = 0
  /** Functions of the source, each as it was made first. */
  readonly #closures: { fn: Obj; node: Node }[] = []
  readonly #made = new Set<Node>()
  readonly #entered = new Set<Node>()
  /** Function that runs, null outside of any; and those in which a condition was open, so that only one of its branches was gone through. */
  #current: Node | null = null
  readonly #halfRead = new Set<Node | null>()
  readonly #active = new Map<Node, number>()
  readonly #ofVisitor = new Set<Obj>()
  readonly #texts = new Map<Node, string | null>()
  #textLength = 0
  readonly #shortcuts = new Shortcuts()
  #depth = 0
  readonly #global = new Scope(null)
  readonly #window = new Outside('window')
  readonly #code: Emulation['code'] = []
  readonly #markup: string[] = []
  readonly #calls: Emulation['calls'] = []
  readonly #sets: Emulation['sets'] = []
  readonly #callbacks: { fn: Obj; byVisitor: boolean }[] = []
  /** Whether what runs now was handed to a listener of the visitor's acts. */
  #byVisitor = false
  readonly #evaluated = new Set<string>()
  readonly #declared = new WeakMap<Node[], ESTree.FunctionDeclaration[]>()
  readonly #vars = new WeakMap<Node[], string[]>()
  #exhausted = false
  #source = ''
  #offset = 0

  constructor(budget: number, forcedBudget: number) {
    this.#left = budget
    this.#forcedBudget = forcedBudget
    for (const [name, value] of globals()) this.#global.names.set(name, value)
    this.#global.names.set(
      'eval',
      native((_, [text]) => (typeof text === 'string' ? this.#evaluate(text, 'eval') : text)),
    )
    const fn = native((_, values) => this.#functionOf(values), 'Function')
    // https://tc39.es/ecma262/#sec-properties-of-the-function-prototype-object: a function too.
    fn.members.set(
      'prototype',
      native(() => undefined),
    )
    this.#global.names.set('Function', fn)
  }

  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new Exhausted('out of steps')
  }

  run(program: ESTree.Program, source: string): void {
    this.#source = source
    try {
      this.#hoist(program.body, this.#global)
      // One statement that this interpreter cannot follow does not end the script.
      for (const statement of program.body as Node[]) this.#attempt(() => this.#statement(statement, this.#global, this.#window))
      for (let at = 0; at < this.#callbacks.length && at < 200; at++) {
        const { fn, byVisitor } = this.#callbacks[at]!
        this.#byVisitor = byVisitor
        this.#attempt(() => this.invoke(fn, this.#window, [new Outside('event')]))
      }
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error
      this.#exhausted = true
    }
    if (this.#forcedBudget > 0) this.#force()
  }

  /** Functions that were not called, and those that are made on the way. */
  #force(): void {
    this.#forcing = true
    let budget = this.#forcedBudget
    for (let at = 0; at < this.#closures.length && budget > 0; at++) {
      const { fn, node } = this.#closures[at]!
      if (this.#entered.has(node) && !this.#halfRead.delete(node)) continue
      const slice = Math.min(budget, forcedSlice + fn.text.length * forcedStepsPerSign)
      this.#left = slice
      this.#depth = 0
      this.#active.clear()
      this.#byVisitor = this.#ofVisitor.has(fn)
      const parameters = isFunction(node) ? node.params.length : 0
      try {
        this.#attempt(() =>
          this.invoke(
            fn,
            new Outside('this'),
            Array.from({ length: parameters }, () => new Outside('argument')),
          ),
        )
      } catch (error) {
        if (!(error instanceof Exhausted)) throw error
      }
      budget -= slice - Math.max(0, this.#left)
    }
    this.#byVisitor = false
  }

  /** Whether a condition was decided by something that is not known, in a function that is called by force. */
  #isOpen(before: number): boolean {
    if (this.#unknowns <= before) return false
    if (!this.#forcing && this.#forcedBudget > 0) this.#halfRead.add(this.#current)
    return this.#forcing
  }

  #note(node: Node, value: Value): void {
    if (typeof value !== 'string' || this.#forcedBudget === 0) return
    const known = this.#texts.get(node)
    if (known === undefined) {
      if (value.length > 4_000 || value === '' || this.#textLength > maxTexts || value.includes('[object ')) return
      this.#texts.set(node, value)
      this.#textLength += value.length + 40
    } else if (known !== null && known !== value) this.#texts.set(node, null)
  }

  result(): Emulation {
    return {
      code: this.#code,
      markup: this.#markup,
      calls: this.#calls,
      texts: new Map([...this.#texts].filter((entry): entry is [Node, string] => entry[1] !== null)),
      sets: this.#sets,
      exhausted: this.#exhausted,
      ask: (name, values) => {
        const fn = this.#global.names.get(name)
        if (!(fn instanceof Obj) || fn.call === null || this.#exhausted) return undefined
        this.#forcing = false
        let answer: Value
        this.#left = Math.max(this.#left, 0) + 2_000
        try {
          this.#attempt(() => (answer = this.invoke(fn, undefined, values)))
        } catch (error) {
          if (!(error instanceof Exhausted)) throw error
        }
        return typeof answer === 'string' || typeof answer === 'number' ? answer : undefined
      },
    }
  }

  #attempt(run: () => unknown): void {
    const depth = this.#depth
    const current = this.#current
    try {
      run()
    } catch (error) {
      // A RangeError or TypeError here is the page's (toFixed(1000), BigInt mixed with numbers), or its depth.
      if (!(error instanceof Thrown || error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError))
        throw error
    }
    this.#depth = depth
    this.#current = current
  }

  #evaluate(text: string, by: string): Value {
    if (text.length > 8 && this.#code.length < 64 && !this.#evaluated.has(text)) {
      this.#evaluated.add(text)
      this.#code.push({ text, by })
    }
    const parsed = text.length <= 2_000_000 && this.#depth < 20 ? parseJavaScript(text) : null
    return parsed === null ? undefined : this.#within(parsed.source, () => this.#program(parsed.program))
  }

  /** The value of a program is that of its last expression. */
  #program(program: ESTree.Program): Value {
    this.#hoist(program.body, this.#global)
    let last: Value
    for (const statement of program.body as Node[]) {
      if (statement.type === 'ExpressionStatement') last = this.#expression(statement.expression, this.#global, this.#window)
      else {
        const done = this.#statement(statement, this.#global, this.#window)
        if (done?.type === 'return') return done.value
      }
    }
    return last
  }

  /** Functions say their own text: that of the source in which they stand. */
  #within<T>(source: string, run: () => T): T {
    const outer = this.#source
    this.#source = source
    try {
      return run()
    } finally {
      this.#source = outer
    }
  }

  #functionOf(values: Value[]): Value {
    const body = values.length === 0 ? '' : textOf(values.at(-1))
    if (body.length > 60 && this.#code.length < 64) this.#code.push({ text: body, by: 'Function' })
    const parsed = parseJavaScript(`(function(${values.slice(0, -1).map(textOf).join(',')}){${body}\n})`)
    const statement = parsed?.program.body[0] as Node | undefined
    if (statement?.type !== 'ExpressionStatement') return new Outside('Function()')
    const made = this.#within(parsed!.source, () => this.#expression(statement.expression, this.#global, this.#window))
    // https://tc39.es/ecma262/#sec-createdynamicfunction
    if (made instanceof Obj) made.text = `function anonymous(${values.slice(0, -1).map(textOf).join(',')}\n) {\n${body}\n}`
    return made
  }

  invoke(callee: Value, self: Value, values: Value[]): Value {
    this.spend(1)
    if (callee instanceof Outside) return this.#outsideCall(callee, values, false)
    if (!(callee instanceof Obj) || callee.call === null) throw new Thrown('not a function')
    if (this.#depth > maxDepth) throw new Thrown('too deep')
    if (callee.isNative) for (const value of values) this.#charge(value)
    this.#depth++
    const value = callee.call(self, values)
    this.#depth--
    if (callee.isNative && value instanceof Arr) this.#charge(value)
    return value
  }

  /** What the host's own functions are given, or make of a number, they go through. Short texts are worth the one step that the call is. */
  #charge(value: Value): void {
    if (value instanceof Arr) this.spend(value.items.length >> 4)
    else if (typeof value === 'string' && value.length > 4_096) this.spend(value.length >> 6)
  }

  #outsideCall(callee: Outside, values: Value[], isNew: boolean): Value {
    const name = callee.path
    this.#unknowns++
    const byVisitor = isVisitorListener(name, values[0])
    for (const value of values) this.#later(value, byVisitor)
    const texts = values.map((value): Folded => (value instanceof Obj ? undefined : typeof value === 'bigint' ? Number(value) : value))
    if (this.#calls.length < 4_000)
      this.#calls.push({ name, isNew, values: texts, offset: this.#offset, byVisitor: this.#byVisitor, forced: this.#forcing })
    const [first] = values
    if (/^(setTimeout|setInterval|window\.execScript)$/.test(name) && typeof first === 'string') this.#evaluate(first, name)
    else if (/^(document\.write(ln)?)$/.test(name)) this.#markup.push(values.map(textOf).join('').slice(0, 1_000_000))
    else if (name === 'Blob' && first instanceof Arr) this.#code.push({ text: first.items.map(textOf).join(''), by: 'Blob' })
    return new Outside(`${name}()`)
  }

  #later(value: Value, byVisitor: boolean): void {
    if (byVisitor && value instanceof Obj) this.#ofVisitor.add(value)
    if (
      value instanceof Obj &&
      !(value instanceof Outside) &&
      value.call !== null &&
      !value.isNative &&
      this.#callbacks.length < 200 &&
      !this.#callbacks.some(({ fn }) => fn === value)
    ) {
      this.#callbacks.push({ fn: value, byVisitor: byVisitor || this.#byVisitor })
    }
    // Options with callbacks in them: $.ajax({ success: function () { … } }).
    else if (
      value instanceof Obj &&
      !(value instanceof Outside) &&
      !(value instanceof Arr) &&
      value.call === null &&
      value.members.size < 30
    ) {
      for (const [key, member] of value.members)
        if (member instanceof Obj && member.call !== null)
          this.#later(member, byVisitor || /^on(?:click|submit|change|touch|pointer|mouse[du])/i.test(key))
    }
  }

  #member(object: Value, key: Value): Value {
    if (object instanceof Outside) {
      this.#unknowns++
      const name = textOf(key)
      if (object.path === 'window') return this.#lookup(name)
      const known = object.members.get(name)
      if (known !== undefined) return known
      const member = new Outside(windowNames.has(object.path) ? name : `${object.path}.${name}`)
      if (object.members.size < 500) object.members.set(name, member)
      return member
    }
    if (typeof object === 'string') {
      if (key === 'length') return object.length
      const at = typeof key === 'number' ? key : typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : -1
      if (at >= 0) return object[at]
      if (key === 'constructor') return this.#global.names.get('String')
      return this.#nativeMethod(textMethod(this, object, textOf(key)), textOf(key))
    }
    if (object instanceof Arr) {
      if (typeof key === 'number') return object.items[key]
      const name = textOf(key)
      if (name === 'length') return object.items.length
      if (/^\d+$/.test(name)) return object.items[Number(name)]
      if (name === 'constructor') return this.#global.names.get('Array')
      return object.members.get(name) ?? this.#nativeMethod(arrayMethod(this, object, name), name)
    }
    if (object instanceof Rx)
      return key === 'source' ? object.regex.source : this.#nativeMethod(regexMethod(object, textOf(key)), textOf(key))
    if (object instanceof Obj) return this.#objectMember(object, textOf(key))
    if (typeof object === 'number' || typeof object === 'boolean' || typeof object === 'bigint') {
      if (textOf(key) === 'toString')
        return native((_, [radix]) => {
          const base = Math.trunc(numberOf(radix ?? 10))
          return typeof object === 'number' && base >= 2 && base <= 36 ? object.toString(base) : String(object)
        })
      if (textOf(key) === 'toFixed')
        return native((_, [digits]) => numberOf(object).toFixed(Math.min(100, Math.max(0, numberOf(digits ?? 0) || 0))))
      if (key === 'constructor') return this.#global.names.get(typeof object === 'number' ? 'Number' : 'Boolean')
      return undefined
    }
    throw new Thrown(`no members of ${String(object)}`)
  }

  #nativeMethod(method: ((self: Value, values: Value[]) => Value) | null, name: string): Value {
    return method === null ? undefined : native(method, name)
  }

  #objectMember(object: Obj, name: string): Value {
    for (let at: Obj | null = object, hops = 0; at !== null && hops < 32; at = at.proto, hops++) {
      const value = at.members.get(name)
      if (value !== undefined) return value
    }
    switch (name) {
      case 'hasOwnProperty':
        return native((_, [key]) => object.members.has(textOf(key)))
      case 'toString':
        return native(() => textOf(object))
      case 'constructor':
        return object.call ? this.#global.names.get('Function') : this.#global.names.get('Object')
      case 'name':
        return object.call ? (/^(?:async )?function\s*\*?\s*([\w$]*)/.exec(object.text)?.[1] ?? '') : undefined
      case 'call':
        return object.call ? native((_, [self, ...values]) => this.invoke(object, self, values)) : undefined
      case 'apply':
        return object.call ? native((_, [self, values]) => this.invoke(object, self, values instanceof Arr ? values.items : [])) : undefined
      case 'bind':
        return object.call ? this.#bound(object) : undefined
      case 'prototype': {
        if (!object.call) return undefined
        const prototype = new Obj()
        object.members.set('prototype', prototype)
        return prototype
      }
      default:
        return undefined
    }
  }

  #bound(fn: Obj): Obj {
    return native((_, [self, ...first]) => {
      const bound = native((__, values) => this.invoke(fn, self, [...first, ...values]))
      bound.text = fn.text
      return bound
    })
  }

  #lookup(name: string): Value {
    const known = this.#global.names.get(name)
    if (known !== undefined) return known
    if (windowNames.has(name)) return this.#window
    const outside = new Outside(name)
    this.#global.names.set(name, outside)
    return outside
  }

  #read(name: string, scope: Scope): Value {
    for (let at: Scope | null = scope; at !== null; at = at.parent) {
      const value = at.names.get(name)
      if (value !== undefined) return value
      if (at.names.has(name)) return undefined
    }
    return this.#lookup(name)
  }

  #store(target: Node, value: Value, scope: Scope, self: Value, declare = false): void {
    if (target.type === 'Identifier') {
      const holder = declare ? scope : (scope.find(target.name) ?? this.#global)
      holder.names.set(target.name, value)
    } else if (target.type === 'MemberExpression') {
      const object = this.#expression(target.object, scope, self)
      this.#setMember(object, this.#key(target, scope, self), value)
    } else if (target.type === 'AssignmentPattern') {
      this.#store(target.left, value === undefined ? this.#expression(target.right as Node, scope, self) : value, scope, self, declare)
    } else if (target.type === 'ArrayPattern') {
      for (const [at, element] of target.elements.entries())
        if (element !== null)
          this.#store(element, value instanceof Arr ? value.items[at] : value instanceof Outside ? value : undefined, scope, self, declare)
    } else if (target.type === 'ObjectPattern') {
      for (const property of target.properties as Node[]) {
        if (property.type !== 'Property') continue
        const key = property.computed
          ? this.#expression(property.key, scope, self)
          : (property.key as Node).type === 'Identifier'
            ? (property.key as ESTree.Identifier).name
            : this.#expression(property.key, scope, self)
        this.#store(property.value, value === undefined || value === null ? undefined : this.#member(value, key), scope, self, declare)
      }
    }
  }

  #setMember(object: Value, key: Value, value: Value): void {
    const name = textOf(key)
    if (object instanceof Outside) {
      this.#later(value, visitorEvents.test(name.replace(/^on/, '')) && name.startsWith('on'))
      if (object.path === 'window') this.#global.names.set(name, value)
      else if (object.members.size < 500) object.members.set(name, value)
      if (typeof value === 'string' && this.#sets.length < 1_000)
        this.#sets.push({ name: `${object.path}.${name}`, value: value.slice(0, 100_000) })
      if (typeof value === 'string' && /(^|\.)(innerHTML|outerHTML|srcdoc)$/.test(name)) this.#markup.push(value.slice(0, 1_000_000))
      if (
        typeof value === 'string' &&
        /(^|\.)(text|textContent|innerText)$/.test(name) &&
        object.path.endsWith('createElement()') &&
        value.length > 40
      )
        this.#evaluate(value, 'script element')
    } else if (object instanceof Arr && (typeof key === 'number' || /^\d+$/.test(name))) {
      const at = Number(name)
      if (at > 400_000) throw new Exhausted('a list of the page grew too long')
      object.items[at] = value
    } else if (object instanceof Arr && name === 'length')
      object.items.length = Math.min(object.items.length, Math.max(0, Math.trunc(numberOf(value)) || 0))
    else if (object instanceof Obj && object.members.size < 50_000) object.members.set(name, value)
  }

  #key(node: ESTree.MemberExpression, scope: Scope, self: Value): Value {
    if (node.computed) {
      const key = this.#expression(node.property, scope, self)
      return typeof key === 'number' ? key : textOf(key)
    }
    return (node.property as ESTree.Identifier).name
  }

  #hoist(body: Node[], scope: Scope): void {
    let functions = this.#declared.get(body)
    if (functions === undefined)
      this.#declared.set(
        body,
        (functions = body.filter(
          (statement): statement is ESTree.FunctionDeclaration => statement.type === 'FunctionDeclaration' && statement.id !== null,
        )),
      )
    for (const statement of functions) scope.names.set(statement.id!.name, this.#closure(statement, scope, this.#window))
  }

  #closure(
    node: Extract<Node, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>,
    scope: Scope,
    lexicalThis: Value,
  ): Obj {
    const fn = new Obj()
    fn.text = this.#source.slice(node.start ?? 0, node.end ?? 0) || 'function () {}'
    fn.isConstructor = node.type !== 'ArrowFunctionExpression'
    const source = this.#source
    if (this.#forcedBudget > 0 && this.#closures.length < 4_000 && !this.#made.has(node)) {
      this.#made.add(node)
      this.#closures.push({ fn, node })
    }
    fn.call = (self, values) => {
      this.spend(3)
      const known = this.#shortcuts.take(node, values)
      if (known !== undefined) {
        this.spend(12 + (known.length >> 2))
        return known
      }
      if (this.#forcedBudget > 0) {
        this.#entered.add(node)
        // Where all branches are gone through, nothing ends a function that calls itself.
        const active = this.#forcing ? (this.#active.get(node) ?? 0) : 0
        if (active >= 4) return new Outside('again')
        if (this.#forcing) this.#active.set(node, active + 1)
      }
      const outer = this.#current
      this.#current = node
      const value = source === this.#source ? run(self, values) : this.#within(source, () => run(self, values))
      this.#current = outer
      if (this.#forcing) this.#active.set(node, Math.max(0, (this.#active.get(node) ?? 1) - 1))
      if (typeof value === 'string') this.#shortcuts.watch(node, values, value)
      return value
    }
    const run: Native = (self, values) => {
      const inner = new Scope(scope)
      if (node.type !== 'ArrowFunctionExpression') inner.names.set('arguments', new Arr(values))
      if (node.type === 'FunctionExpression' && node.id) inner.names.set(node.id.name, fn)
      const receiver = node.type === 'ArrowFunctionExpression' ? lexicalThis : (self ?? this.#window)
      for (const [at, parameter] of (node.params as Node[]).entries()) {
        if (parameter.type === 'RestElement') this.#store(parameter.argument, new Arr(values.slice(at)), inner, receiver, true)
        else this.#store(parameter, values[at], inner, receiver, true)
      }
      const body = node.body as Node
      if (body.type !== 'BlockStatement') return this.#expression(body, inner, receiver)
      this.#hoistVars(body.body, inner)
      this.#hoist(body.body, inner)
      const done = this.#block(body.body, inner, receiver)
      return done?.type === 'return' ? done.value : undefined
    }
    return fn
  }

  /** `var` belongs to the function: without this a name assigned in a branch would be found outside. */
  #hoistVars(body: Node[], scope: Scope): void {
    let names = this.#vars.get(body)
    if (names === undefined) this.#vars.set(body, (names = varsIn(body)))
    for (const name of names) if (!scope.names.has(name)) scope.names.set(name, undefined)
  }

  #block(body: readonly Node[], scope: Scope, self: Value): Completion {
    for (const statement of body) {
      const done = this.#statement(statement, scope, self)
      if (done !== null) return done
    }
    return null
  }

  #statement(node: Node, scope: Scope, self: Value): Completion {
    this.spend(1)
    switch (node.type) {
      case 'ExpressionStatement':
        this.#expression(node.expression, scope, self)
        return null
      case 'VariableDeclaration':
        for (const declarator of node.declarations) {
          const value = declarator.init ? this.#expression(declarator.init, scope, self) : undefined
          if (declarator.init || node.kind !== 'var') {
            const id = declarator.id as Node
            const known =
              node.kind === 'var' && id.type === 'Identifier' && scope.find(id.name) !== null && scope.find(id.name) !== this.#global
            this.#store(id, value, scope, self, !known)
          } else if (
            (declarator.id as Node).type === 'Identifier' &&
            scope === this.#global &&
            !scope.names.has((declarator.id as ESTree.Identifier).name)
          )
            scope.names.set((declarator.id as ESTree.Identifier).name, undefined)
        }
        return null
      case 'FunctionDeclaration':
        if (node.id && !scope.names.has(node.id.name)) scope.names.set(node.id.name, this.#closure(node, scope, self))
        return null
      case 'ClassDeclaration':
        if (node.id) scope.names.set(node.id.name, this.#class(node, scope, self))
        return null
      case 'ReturnStatement':
        return { type: 'return', value: node.argument ? this.#expression(node.argument, scope, self) : undefined }
      case 'IfStatement':
        return this.#if(node, scope, self)
      case 'BlockStatement':
        this.#hoist(node.body, scope)
        return this.#block(node.body, scope, self)
      case 'ForStatement':
        if (node.init) this.#any(node.init, scope, self)
        return this.#loop(
          node.body,
          scope,
          self,
          () => !node.test || truthy(this.#expression(node.test, scope, self)),
          () => node.update && this.#expression(node.update, scope, self),
          false,
        )
      case 'WhileStatement':
        return this.#loop(
          node.body,
          scope,
          self,
          () => truthy(this.#expression(node.test, scope, self)),
          () => null,
          false,
        )
      case 'DoWhileStatement':
        return this.#loop(
          node.body,
          scope,
          self,
          () => truthy(this.#expression(node.test, scope, self)),
          () => null,
          true,
        )
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#forEach(node, scope, self)
      case 'BreakStatement':
        return { type: 'break', label: node.label?.name ?? null }
      case 'ContinueStatement':
        return { type: 'continue', label: node.label?.name ?? null }
      case 'LabeledStatement': {
        const done = this.#statement(node.body, scope, self)
        return done !== null && done.type !== 'return' && done.label === node.label.name ? null : done
      }
      case 'ThrowStatement':
        throw new Thrown(this.#expression(node.argument, scope, self))
      case 'TryStatement':
        return this.#try(node, scope, self)
      case 'SwitchStatement':
        return this.#switch(node, scope, self)
      default:
        return null
    }
  }

  #any(node: Node, scope: Scope, self: Value): void {
    if (node.type === 'VariableDeclaration') this.#statement(node, scope, self)
    else this.#expression(node, scope, self)
  }

  #if(node: ESTree.IfStatement, scope: Scope, self: Value): Completion {
    const before = this.#unknowns
    const test = this.#expression(node.test, scope, self)
    if (this.#isOpen(before)) {
      this.#statement(node.consequent, scope, self)
      if (node.alternate) this.#statement(node.alternate, scope, self)
      return null
    }
    if (truthy(test)) return this.#statement(node.consequent, scope, self)
    return node.alternate ? this.#statement(node.alternate, scope, self) : null
  }

  #loop(body: Node, scope: Scope, self: Value, test: () => boolean, update: () => unknown, first: boolean): Completion {
    let skipTest = first
    let turns = 0
    let unknownTurns = 0
    for (;;) {
      const before = this.#unknowns
      const again = skipTest || test()
      const isOpen = !skipTest && this.#isOpen(before)
      if (isOpen && turns > 0) return null
      if (!again && !isOpen) return null
      skipTest = false
      this.spend(1)
      // A condition of the browser's never turns false here; a cipher's loop is no such one, and may be long.
      if (this.#unknowns > before && ++unknownTurns > maxUnknownTurns) return null
      if (++turns > 300_000) return null
      const done = this.#statement(body, scope, self)
      if (done !== null) {
        if (done.type === 'return') return done
        if (done.label !== null) return done
        if (done.type === 'break') return null
      }
      update()
    }
  }

  #forEach(node: ESTree.ForInStatement | ESTree.ForOfStatement, scope: Scope, self: Value): Completion {
    const over = this.#expression(node.right, scope, self)
    const values: Value[] =
      node.type === 'ForOfStatement'
        ? over instanceof Arr
          ? over.items
          : typeof over === 'string'
            ? [...over]
            : []
        : over instanceof Arr
          ? over.items.map((_, at) => String(at))
          : over instanceof Obj && !(over instanceof Outside)
            ? [...over.members.keys()]
            : over instanceof Outside && this.#forcing
              ? [new Outside('item')]
              : []
    for (const value of values) {
      this.spend(1)
      const left = node.left as Node
      if (left.type === 'VariableDeclaration') this.#store(left.declarations[0]!.id, value, scope, self, true)
      else this.#store(left, value, scope, self)
      const done = this.#statement(node.body, scope, self)
      if (done !== null) {
        if (done.type === 'return' || done.label !== null) return done
        if (done.type === 'break') break
      }
    }
    return null
  }

  #try(node: ESTree.TryStatement, scope: Scope, self: Value): Completion {
    const depth = this.#depth
    const current = this.#current
    try {
      const done = this.#statement(node.block, scope, self)
      if (done !== null) return done
      if (this.#forcing && node.handler) this.#attempt(() => this.#block(node.handler!.body.body, new Scope(scope), self))
    } catch (error) {
      if (error instanceof Exhausted || !node.handler) throw error
      this.#depth = depth
      this.#current = current
      const inner = new Scope(scope)
      if (node.handler.param) this.#store(node.handler.param, error instanceof Thrown ? error.value : 'error', inner, self, true)
      const done = this.#block(node.handler.body.body, inner, self)
      if (done !== null) return done
    }
    return node.finalizer ? this.#statement(node.finalizer, scope, self) : null
  }

  #switch(node: ESTree.SwitchStatement, scope: Scope, self: Value): Completion {
    const before = this.#unknowns
    const value = this.#expression(node.discriminant, scope, self)
    if (this.#isOpen(before)) {
      for (const item of node.cases) this.#block(item.consequent, scope, self)
      return null
    }
    let at = node.cases.findIndex((item) => item.test && this.#expression(item.test, scope, self) === value)
    if (at < 0) at = node.cases.findIndex((item) => !item.test)
    for (; at >= 0 && at < node.cases.length; at++) {
      const done = this.#block(node.cases[at]!.consequent, scope, self)
      if (done?.type === 'break' && done.label === null) return null
      if (done !== null) return done
    }
    return null
  }

  #class(node: ESTree.ClassDeclaration | ESTree.ClassExpression, scope: Scope, self: Value): Obj {
    const prototype = new Obj()
    const parent = node.superClass ? this.#expression(node.superClass, scope, self) : null
    let construct: Obj | null = null
    for (const member of node.body.body as Node[]) {
      if (member.type !== 'MethodDefinition' || !member.key) continue
      const name =
        (member.key as Node).type === 'Identifier'
          ? (member.key as ESTree.Identifier).name
          : textOf(this.#expression(member.key, scope, self))
      const method = this.#closure(member.value, scope, self)
      if (member.kind === 'constructor') construct = method
      else prototype.members.set(name, method)
    }
    const made = new Obj()
    made.text = this.#source.slice(node.start ?? 0, node.end ?? 0) || 'class {}'
    made.isConstructor = true
    made.call = (receiver, values) =>
      construct === null
        ? parent instanceof Obj && parent.call
          ? parent.call(receiver, values)
          : undefined
        : construct.call!(receiver, values)
    if (parent instanceof Obj) {
      const inherited = parent.members.get('prototype')
      if (inherited instanceof Obj) prototype.proto = inherited
    }
    made.members.set('prototype', prototype)
    return made
  }

  #expression(node: Node, scope: Scope, self: Value): Value {
    this.spend(1)
    switch (node.type) {
      case 'Literal':
        if ('regex' in node && node.regex) return new Rx(regex(node.regex.pattern, node.regex.flags))
        return node.value as Value
      case 'Identifier': {
        const value = this.#read(node.name, scope)
        if (value instanceof Outside) this.#unknowns++
        return value
      }
      case 'ThisExpression':
        return self
      case 'TemplateLiteral':
        return node.quasis
          .map(
            (quasi, at) =>
              (quasi.value.cooked ?? '') +
              (node.expressions[at] ? textOf(this.#expression(node.expressions[at] as Node, scope, self)) : ''),
          )
          .join('')
      case 'ParenthesizedExpression':
        return this.#expression(node.expression, scope, self)
      case 'ChainExpression':
        return this.#expression(node.expression, scope, self)
      case 'AwaitExpression':
        return this.#expression(node.argument, scope, self)
      case 'YieldExpression':
        return node.argument ? this.#expression(node.argument, scope, self) : undefined
      case 'SequenceExpression':
        return node.expressions.map((inner) => this.#expression(inner as Node, scope, self)).at(-1)
      case 'ArrayExpression':
        return new Arr(node.elements.flatMap((item) => this.#spread(item as Node | null, scope, self)))
      case 'ObjectExpression':
        return this.#object(node, scope, self)
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#closure(node, scope, self)
      case 'ClassExpression':
        return this.#class(node, scope, self)
      case 'UnaryExpression':
        return this.#unary(node, scope, self)
      case 'UpdateExpression': {
        const before = numberOf(this.#expression(node.argument, scope, self))
        const after = node.operator === '++' ? before + 1 : before - 1
        this.#store(node.argument, after, scope, self)
        return node.prefix ? after : before
      }
      case 'BinaryExpression':
        return this.#binary(node.operator, this.#expression(node.left, scope, self), this.#expression(node.right, scope, self))
      case 'LogicalExpression': {
        const before = this.#unknowns
        const left = this.#expression(node.left, scope, self)
        if (this.#isOpen(before)) {
          const right = this.#expression(node.right, scope, self)
          return node.operator === '&&' ? right : left
        }
        if (node.operator === '&&') return truthy(left) ? this.#expression(node.right, scope, self) : left
        if (node.operator === '||') return truthy(left) ? left : this.#expression(node.right, scope, self)
        return left === null || left === undefined ? this.#expression(node.right, scope, self) : left
      }
      case 'ConditionalExpression': {
        const before = this.#unknowns
        const test = truthy(this.#expression(node.test, scope, self))
        if (this.#isOpen(before)) {
          const value = this.#expression(node.consequent, scope, self)
          this.#expression(node.alternate, scope, self)
          return value
        }
        return this.#expression(test ? node.consequent : node.alternate, scope, self)
      }
      case 'AssignmentExpression':
        return this.#assign(node, scope, self)
      case 'MemberExpression': {
        const object = this.#expression(node.object, scope, self)
        const value = this.#member(object, this.#key(node, scope, self))
        if (object instanceof Obj && !(object instanceof Outside)) this.#note(node, value)
        return value
      }
      case 'CallExpression': {
        const value = this.#call(node, scope, self)
        this.#note(node, value)
        return value
      }
      case 'NewExpression':
        return this.#new(node, scope, self)
      default:
        return new Outside(node.type)
    }
  }

  #spread(item: Node | null, scope: Scope, self: Value): Value[] {
    if (item === null) return [undefined]
    if (item.type !== 'SpreadElement') return [this.#expression(item, scope, self)]
    const value = this.#expression(item.argument, scope, self)
    return value instanceof Arr ? value.items : typeof value === 'string' ? [...value] : [value]
  }

  #object(node: ESTree.ObjectExpression, scope: Scope, self: Value): Obj {
    const object = new Obj()
    for (const property of node.properties as Node[]) {
      if (property.type === 'SpreadElement') {
        const from = this.#expression(property.argument, scope, self)
        if (from instanceof Obj) for (const [key, value] of from.members) object.members.set(key, value)
      } else if (property.type === 'Property') {
        const key = property.key as Node
        const name = !property.computed && key.type === 'Identifier' ? key.name : textOf(this.#expression(key, scope, self))
        object.members.set(
          name,
          isFunction(property.value) ? this.#closure(property.value, scope, self) : this.#expression(property.value, scope, self),
        )
      }
    }
    return object
  }

  #unary(node: ESTree.UnaryExpression, scope: Scope, self: Value): Value {
    const argument = node.argument as Node
    if (node.operator === 'typeof') {
      if (argument.type === 'Identifier' && scope.find(argument.name) === null)
        return ['exports', 'module', 'define', 'process', 'require', 'global', 'Deno'].includes(argument.name)
          ? 'undefined'
          : windowNames.has(argument.name) || argument.name === 'document' || argument.name === 'navigator'
            ? 'object'
            : 'function'
      const value = this.#expression(argument, scope, self)
      if (value instanceof Outside) return 'object'
      return value instanceof Obj ? (value.call ? 'function' : 'object') : value === null ? 'object' : typeof value
    }
    if (node.operator === 'delete') return true
    const value = this.#expression(argument, scope, self)
    switch (node.operator) {
      case '!':
        return !truthy(value)
      case '-':
        return -numberOf(value)
      case '+':
        return numberOf(value)
      case '~':
        return ~numberOf(value)
      default:
        return undefined
    }
  }

  #binary(operator: string, left: Value, right: Value): Value {
    if (typeof left === 'number' && typeof right === 'number') {
      switch (operator) {
        case '+':
          return left + right
        case '-':
          return left - right
        case '*':
          return left * right
        case '^':
          return left ^ right
        case '&':
          return left & right
        case '|':
          return left | right
        case '<<':
          return left << right
        case '>>>':
          return left >>> right
        case '>>':
          return left >> right
        case '<':
          return left < right
        default:
          break
      }
    }
    switch (operator) {
      case '===':
      case '!==':
        return (left === right) === (operator === '===')
      case '==':
      case '!=': {
        const same =
          left === right ||
          ((left === null || left === undefined) && (right === null || right === undefined)) ||
          (left !== null &&
            left !== undefined &&
            right !== null &&
            right !== undefined &&
            !(left instanceof Obj && right instanceof Obj) &&
            (textOf(left) === textOf(right) || numberOf(left) === numberOf(right)))
        return same === (operator === '==')
      }
      case '<':
        return typeof left === 'string' && typeof right === 'string' ? left < right : numberOf(left) < numberOf(right)
      case '>':
        return typeof left === 'string' && typeof right === 'string' ? left > right : numberOf(left) > numberOf(right)
      case '<=':
        return typeof left === 'string' && typeof right === 'string' ? left <= right : numberOf(left) <= numberOf(right)
      case '>=':
        return typeof left === 'string' && typeof right === 'string' ? left >= right : numberOf(left) >= numberOf(right)
      case '**':
        return numberOf(left) ** numberOf(right)
      case 'in':
        return right instanceof Obj && (right.members.has(textOf(left)) || right instanceof Outside)
      case 'instanceof':
        return right instanceof Outside || left instanceof Outside
      default: {
        const plain = (value: Value): string | number | boolean | null =>
          value instanceof Obj
            ? textOf(value)
            : value === undefined
              ? operator === '+'
                ? 'undefined'
                : Number.NaN
              : typeof value === 'bigint'
                ? Number(value)
                : value
        if (operator === '+' && left === undefined && typeof right === 'number') return Number.NaN
        if (operator === '+' && right === undefined && typeof left === 'number') return Number.NaN
        const value = binary(operator, plain(left), plain(right))
        if (value === undefined) throw new Exhausted('a text of the page grew too long')
        return value
      }
    }
  }

  #assign(node: ESTree.AssignmentExpression, scope: Scope, self: Value): Value {
    const left = node.left as Node
    if (node.operator === '=') {
      const value = this.#expression(node.right, scope, self)
      this.#offset = node.start ?? 0
      this.#store(left, value, scope, self)
      return value
    }
    const before = this.#expression(left, scope, self)
    const operator = node.operator.slice(0, -1)
    if (operator === '||' || operator === '&&' || operator === '??') {
      const keeps = operator === '||' ? truthy(before) : operator === '&&' ? !truthy(before) : before !== null && before !== undefined
      if (keeps) return before
      const value = this.#expression(node.right, scope, self)
      this.#store(left, value, scope, self)
      return value
    }
    const value = this.#binary(operator, before, this.#expression(node.right, scope, self))
    if (typeof value === 'string') this.spend(value.length >> 10)
    this.#store(left, value, scope, self)
    return value
  }

  #call(node: ESTree.CallExpression, scope: Scope, self: Value): Value {
    const callee = node.callee as Node
    let receiver: Value
    let fn: Value
    if (callee.type === 'MemberExpression') {
      receiver = this.#expression(callee.object, scope, self)
      const key = this.#key(callee, scope, self)
      if (callee.optional && (receiver === null || receiver === undefined)) return undefined
      fn = this.#member(receiver, key)
    } else fn = this.#expression(callee, scope, self)
    const values = (node.arguments as Node[]).flatMap((argument) => this.#spread(argument, scope, self))
    this.#offset = node.start ?? 0
    return this.invoke(fn, receiver, values)
  }

  #new(node: ESTree.NewExpression, scope: Scope, self: Value): Value {
    const callee = this.#expression(node.callee, scope, self)
    const values = (node.arguments as Node[]).flatMap((argument) => this.#spread(argument, scope, self))
    this.#offset = node.start ?? 0
    if (callee instanceof Outside) return this.#outsideCall(callee, values, true)
    if (!(callee instanceof Obj) || callee.call === null) throw new Thrown('not a constructor')
    if (!callee.isConstructor) return this.invoke(callee, undefined, values)
    const made = new Obj()
    const prototype = this.#objectMember(callee, 'prototype')
    if (prototype instanceof Obj) made.proto = prototype
    const returned = this.invoke(callee, made, values)
    return returned instanceof Obj ? returned : made
  }
}
