import type { ESTree } from 'meriyah'
import { speaksOfMining } from '../dialog.ts'
import type { InnerBlob } from '../deriver.ts'
import { remoteCommand } from '../shell-command.ts'
import { addressesIn } from '../pool/account.ts'
import { ConstantCensus } from './constants.ts'
import { binary, decodeBase64, type Folded, foldConstant } from './fold.ts'
import { FunctionUses } from './function-uses.ts'
import type { CallFeature, Constant, JavaScriptFeatures, Moment } from './features.ts'
import { afterGlobal, childrenOf, isFunction, keyName, type Node, type Parsed } from './tree.ts'
import { tradeWord } from './vocabulary.ts'

export interface Analysis {
  features: JavaScriptFeatures
  inner: InnerBlob[]
}

export interface AnalysisOptions {
  /** Roots of dotted names whose calls are reported. */
  roots: ReadonlySet<string>
  /** Calls of the script's own string decoder → what it gives; undefined for anything else. */
  decode: (name: string, values: Folded[]) => Folded
  /** Nodes that gave one text when the script was run in the emulator. */
  texts: ReadonlyMap<Node, string>
  literals: readonly string[]
}

const windows: ReadonlySet<string> = new Set(['window', 'self', 'globalThis', 'top', 'parent'])
const visitorEvents =
  /^(on)?(click|dblclick|mousedown|mouseup|pointerdown|pointerup|touchstart|touchend|keydown|keyup|keypress|submit|change)$/
const listeners = /^(addEventListener|attachEvent|on|one|bind|delegate|live)$/
const hashNames = /(hash|sha\d|sha_|digest|keccak|scrypt|argon|blake|cryptonight|randomx|pow|derive_?(?:key|bits)|pbkdf2)/i
const maxInner = 24

/** What Coinhive's miners were asked and told, under these names in most that came after. */
const minerMethods =
  /^(?:get(?:HashesPerSecond|TotalHashes|AcceptedHashes|AutoThreadsEnabled)|set(?:AutoThreadsEnabled|NumThreads|Throttle)|getNumThreads|getThrottle|didOptOut|hasWASMSupport)$/
const minerPage =
  /^[^\s"'<>{}]{0,200}?\b[\w-]{0,40}(?:miner|mining)[\w-]{0,40}\.(?:html?|php)(?:$|\?)|^(?:https?:)?\/\/[^\s"'<>]{1,80}\/mine\?/i

/** Anything on the page: a click there agrees to nothing. */
const everywhere = /^(?:document|window|body|html|)(?:\.(?:body|documentElement))?$/

interface Child {
  node: Node
  moment: Moment
  inside?: string | null
}

interface Context {
  moment: Moment
  inside: string | null
  /** Innermost loop that is open, with what was seen in it. */
  loop: { hashes: boolean; counts: boolean; compares: boolean; place: number } | null
}

interface Entry {
  node: Node
  context: Context
  leave?: () => void
}

/** One walk over a script's tree. Everything is read from nodes: what stands in a comment or in a regular expression says nothing. */
export function analyse(parsed: Parsed, features: JavaScriptFeatures, options: AnalysisOptions): Analysis {
  return new Analyser(parsed, features, options).run()
}

class Analyser {
  readonly #parsed: Parsed
  readonly #features: JavaScriptFeatures
  readonly #options: AnalysisOptions
  readonly #names = new Map<string, Folded | null>()
  /** Lists of constants by the name that is given one list and no other: minifiers take their strings from such. Null where there are two. */
  readonly #lists = new Map<string, readonly (Folded | undefined)[] | null>()
  readonly #aliases = new Map<string, string>()
  readonly #sums = new Map<Node, Folded>()
  readonly #census = new ConstantCensus()
  /** Names and short texts that were looked up. */
  readonly #words = new Set<string>()
  readonly #textWords = new Set<string>()
  readonly #urls = new Set<string>()
  readonly #functions = new FunctionUses()
  readonly #inner: InnerBlob[] = []
  readonly #seenTexts = new Set<string>()
  readonly #commands = new Set<string>()
  #writesClipboard = false
  #takesMessages = false
  #postsBack = false
  #isAsm = false

  constructor(parsed: Parsed, features: JavaScriptFeatures, options: AnalysisOptions) {
    this.#parsed = parsed
    this.#features = features
    this.#options = options
  }

  run(): Analysis {
    this.#collectNames()
    const stack: Entry[] = []
    for (const statement of (this.#parsed.program.body as Node[]).toReversed())
      stack.push({ node: statement, context: { moment: 'load', inside: null, loop: null } })
    while (stack.length > 0) {
      const entry = stack.pop()!
      if (entry.leave) {
        entry.leave()
        continue
      }
      const { node, context } = entry
      const children = this.#visit(node, context)
      if (node.type === 'ForStatement' || node.type === 'WhileStatement' || node.type === 'DoWhileStatement') {
        const loop = { hashes: false, counts: false, compares: false, place: node.start ?? 0 }
        stack.push({
          node,
          context,
          leave: () => {
            if (loop.hashes && loop.counts && loop.compares) this.#features.nonceLoop ??= this.#parsed.place(loop.place)
            // An inner loop hashes, the outer one counts: the parts add up outwards.
            if (context.loop) {
              context.loop.hashes ||= loop.hashes
              context.loop.compares ||= loop.compares
            }
          },
        })
        this.#push(stack, children, context.inside, loop)
      } else this.#push(stack, children, context.inside, isFunction(node) ? null : context.loop)
    }
    this.#features.cores.push(...this.#census.cores(this.#isAsm))
    this.#features.minerFunctions = this.#functions.named(/min(?:er|ing)/i).slice(0, 20)
    this.#features.workers.serves = this.#takesMessages && this.#postsBack
    if (this.#writesClipboard) this.#features.commands = [...this.#commands].slice(0, 5)
    this.#features.urls = [...this.#urls].slice(0, 200)
    this.#features.uses = this.#functions.uses()
    return { features: this.#features, inner: this.#inner }
  }

  /** So that the first is the next. */
  #push(stack: Entry[], children: readonly Child[], inside: string | null, loop: Context['loop']): void {
    for (let at = children.length - 1; at >= 0; at--) {
      const { node, moment, inside: own } = children[at]!
      stack.push({ node, context: { moment, inside: own ?? inside, loop } })
    }
  }

  /** Names that are given one constant, or one dotted name, and nothing else in the whole script. */
  #collectNames(): void {
    const stack: Node[] = [this.#parsed.program]
    const assign = (name: string, value: Node | null | undefined): void => {
      if (!value) return
      const before = this.#names.has(name) || this.#aliases.has(name)
      const constant =
        this.#options.texts.get(value) ??
        (value.type === 'Literal' || value.type === 'TemplateLiteral' || value.type === 'BinaryExpression'
          ? foldConstant(value)
          : undefined)
      const dotted = value.type === 'NewExpression' || value.type === 'CallExpression' ? this.#dotted(value.callee) : this.#dotted(value)
      this.#names.set(name, before ? null : (constant ?? null))
      const alias = dotted === null ? null : value.type === 'NewExpression' || value.type === 'CallExpression' ? `${dotted}()` : dotted
      if (alias !== null && alias !== name && !(before && this.#aliases.get(name) !== alias && !alias.endsWith('()')))
        this.#aliases.set(name, alias)
    }
    while (stack.length > 0) {
      const node = stack.pop()!
      this.#functions.declare(node, (target) => this.#dotted(target))
      if (node.type === 'VariableDeclarator' && (node.id as Node).type === 'Identifier' && node.init?.type === 'ArrayExpression')
        this.#collectList((node.id as ESTree.Identifier).name, node.init)
      if (node.type === 'VariableDeclarator' && (node.id as Node).type === 'Identifier')
        assign((node.id as ESTree.Identifier).name, node.init)
      else if (node.type === 'AssignmentExpression' && (node.left as Node).type === 'Identifier')
        assign((node.left as ESTree.Identifier).name, node.operator === '=' ? node.right : null)
      else if (node.type === 'AssignmentExpression' && node.operator === '=' && (node.left as Node).type === 'MemberExpression') {
        const left = this.#dotted(node.left)
        if (left !== null && left !== '' && left.length < 80) assign(left, node.right)
      }
      for (const child of childrenOf(node)) stack.push(child)
    }
  }

  #collectList(name: string, { elements }: ESTree.ArrayExpression): void {
    if (elements.length < 2 || elements.length > 20_000) return
    const values = (elements as (Node | null)[]).map((element) => (element?.type === 'Literal' ? foldConstant(element) : undefined))
    if (values.every((value) => value !== undefined)) this.#lists.set(name, this.#lists.has(name) ? null : values)
  }

  #fold = (node: Node): Folded => {
    const seen = this.#options.texts.get(node)
    if (seen !== undefined) return seen
    if (node.type === 'MemberExpression' && node.computed && node.object.type === 'Identifier' && node.property.type === 'Literal') {
      const element = this.#lists.get(node.object.name)?.[Number(node.property.value)]
      if (element !== undefined) return element
    }
    if (node.type === 'CallExpression' && (node.callee as Node).type === 'Identifier') {
      const values = (node.arguments as Node[]).map((argument) => foldConstant(argument, this.#constantOf))
      if (values.every((value) => value !== undefined)) {
        const decoded = this.#options.decode((node.callee as ESTree.Identifier).name, values)
        if (decoded !== undefined) return decoded
      }
    }
    if (node.type === 'BinaryExpression' && node.operator === '+') return this.#sum(node)
    return foldConstant(node, this.#constantOf)
  }

  /** Chains of `a + b + …` lean to the left, thousands of terms deep: each is walked once, and what comes out of its part is kept. */
  #sum(node: ESTree.BinaryExpression): Folded {
    const chain: ESTree.BinaryExpression[] = []
    let first: Node = node
    while (first.type === 'BinaryExpression' && first.operator === '+' && !this.#sums.has(first)) {
      chain.push(first)
      first = first.left as Node
    }
    let value = this.#sums.has(first) ? this.#sums.get(first) : this.#fold(first)
    for (const part of chain.toReversed()) {
      const right = value === undefined ? undefined : this.#fold(part.right)
      value = value === undefined || right === undefined ? undefined : binary('+', value, right)
      this.#sums.set(part, value)
    }
    return value
  }

  #constantOf = (name: string): Folded => this.#names.get(name) ?? undefined

  /** `a.b.c` of member chains, `window.` cut off, computed members folded, calls within as `f()`. Null where something is computed. */
  #dotted(node: Node, depth = 0): string | null {
    if (depth > 12) return null
    switch (node.type) {
      case 'Identifier':
        return windows.has(node.name) ? '' : node.name
      case 'ThisExpression':
        return 'this'
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return this.#dotted(node.expression, depth + 1)
      case 'MemberExpression': {
        const object = this.#dotted(node.object, depth + 1)
        const name = keyName(node.property, node.computed === true, this.#fold)
        return object === null || name === null ? null : object === '' ? name : `${object}.${name}`
      }
      case 'CallExpression':
      case 'NewExpression': {
        const callee = this.#dotted(node.callee, depth + 1)
        return callee === null ? null : `${callee}()`
      }
      default:
        return null
    }
  }

  #resolved(node: Node): string | null {
    let name = this.#dotted(node)
    for (let hops = 0; name !== null && hops < 4; hops++) {
      const prefix: string | undefined = prefixesOf(name).find((part) => this.#aliases.has(part))
      if (prefix === undefined || this.#options.roots.has(/^[^.(]*/.exec(name)![0])) break
      name = this.#aliases.get(prefix)! + name.slice(prefix.length)
      if (name.length > 300) return null
    }
    return name
  }

  #visit(node: Node, context: Context): Child[] {
    const place = () => this.#parsed.place(node.start ?? 0)
    let moment = context.moment
    switch (node.type) {
      case 'FunctionDeclaration':
        if (node.id) this.#word(node.id.name)
        break
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        break
      case 'ImportSpecifier':
        this.#word(keyName(node.imported, false, this.#fold))
        break
      case 'MethodDefinition':
        this.#word(node.key === null ? null : keyName(node.key, node.computed, this.#fold))
        break
      case 'Identifier':
        this.#functions.mention(node, moment, context.inside)
        return []
      case 'Property': {
        if (!node.computed) this.#functions.label(node.key)
        // What a framework binds to a button: `onClick: start`.
        const key = keyName(node.key, node.computed, this.#fold)
        if (key !== null && key.startsWith('on') && visitorEvents.test(key.toLowerCase())) moment = 'event'
        break
      }
      case 'Literal':
        if (typeof node.value === 'string') this.#text(node.value, place)
        else if (typeof node.value === 'number') this.#census.number(node.value, place)
        else if (typeof node.value === 'bigint') this.#wide(node.value, place)
        return []
      case 'TemplateElement':
        if (node.value.cooked) this.#text(node.value.cooked, place)
        return []
      case 'UnaryExpression':
        if (
          node.operator === '-' &&
          (node.argument as Node).type === 'Literal' &&
          typeof (node.argument as ESTree.Literal).value === 'number'
        )
          this.#census.number(-((node.argument as ESTree.Literal).value as number), place)
        break
      case 'BinaryExpression':
        return this.#binary(node, context, place)
      case 'UpdateExpression':
        if (context.loop) context.loop.counts = true
        break
      case 'AssignmentExpression':
        if (context.loop && (node.operator === '+=' || node.operator === '-=')) context.loop.counts = true
        if (node.operator === '&=') this.#maskOf(node.right)
        moment = this.#assignment(node, moment)
        break
      case 'MemberExpression':
        if (node.computed !== true) this.#functions.label(node.property)
        else if (this.#options.texts.has(node)) this.#text(this.#options.texts.get(node)!, place)
        this.#word(keyName(node.property, node.computed === true, this.#fold))
        break
      case 'ObjectExpression':
        this.#object(node, place)
        break
      case 'ArrayExpression':
        if (this.#octetArray(node, place)) return []
        break
      case 'CallExpression':
      case 'NewExpression':
        return this.#call(node, context, place)
      case 'ExpressionStatement':
        if (node.directive === 'use asm') this.#isAsm = true
        break
      case 'IfStatement':
        if (this.#asksVisitor(node.test))
          return childrenOf(node).map((child) => ({ node: child, moment: child === node.consequent ? 'event' : moment }))
        break
      default:
        break
    }
    const later: Moment = isFunction(node) && moment === 'load' ? 'function' : moment
    const inside = isFunction(node) ? this.#functions.nameOf(node) : null
    return childrenOf(node).map((child) => ({ node: child, moment: later, inside }))
  }

  #wide(value: bigint, place: () => ReturnType<Parsed['place']>): void {
    if (value < 0n || value > 0xffffffffffffffffn) return
    this.#census.number(Number(value & 0xffffffffn), place)
    this.#census.number(Number(value >> 32n), place)
  }

  #word(name: string | null, isText = false): void {
    const seen = isText ? this.#textWords : this.#words
    if (name === null || seen.has(name)) return
    if (seen.size < 50_000) seen.add(name)
    const word = tradeWord(name, isText)
    if (word === null) return
    if (!this.#features.vocabulary.some((known) => known.word === word.word)) this.#features.vocabulary.push(word)
    if (word.word === 'hardwareconcurrency') this.#features.workers.byCores = true
  }

  #binary(node: ESTree.BinaryExpression, context: Context, place: () => ReturnType<Parsed['place']>): Child[] {
    // A number that is written as a sum or as two halves is what comes out of it.
    if (isPlainNumber(node.left, 3) && isPlainNumber(node.right, 3)) {
      const value = this.#fold(node)
      if (typeof value === 'number') {
        this.#census.number(value, place)
        return []
      }
    }
    if (node.operator === '>>>' && this.#fold(node.right) === 16) this.#census.upperHalf()
    if (node.operator === '|' || node.operator === '^' || node.operator === '+') this.#turnIn(node.left, node.right)
    if (node.operator === '&') {
      this.#maskOf(node.right)
      this.#maskOf(node.left)
    }
    if (context.loop && ['<', '<=', '>', '>=', '===', '==', '!==', '!='].includes(node.operator)) context.loop.compares = true
    if (node.operator === '+') {
      const whole = this.#fold(node)
      if (typeof whole === 'string') {
        this.#text(whole, place)
        return []
      }
    }
    return childrenOf(node).map((child) => ({ node: child, moment: context.moment }))
  }

  /** `x << 7 | x >>> 25`: two shifts of the same thing that make a turn. */
  #turnIn(one: Node, other: Node): void {
    if (one.type !== 'BinaryExpression' || other.type !== 'BinaryExpression') return
    const [left, right] = one.operator === '<<' ? [one, other] : [other, one]
    if (left.operator !== '<<' || right.operator !== '>>>') return
    const by = this.#fold(left.right)
    const back = this.#fold(right.right)
    if (typeof by === 'number' && typeof back === 'number' && by + back === 32 && this.#sourceOf(left.left) === this.#sourceOf(right.left))
      this.#census.turn('', by)
  }

  #sourceOf(node: Node): string {
    return this.#parsed.source.slice(node.start, node.end)
  }

  #maskOf(node: Node): void {
    const value = this.#fold(node)
    if (typeof value === 'number') this.#census.mask(value)
  }

  /** `onclick = function …`: what the function does waits for the visitor. */
  #assignment(node: ESTree.AssignmentExpression, moment: Moment): Moment {
    const left = node.left as Node
    if (left.type === 'Identifier' && left.name === 'onmessage') this.#takesMessages = true
    if (left.type !== 'MemberExpression') return moment
    const name = keyName(left.property, left.computed === true, this.#fold)
    // Its own: `worker.onmessage` is the other side.
    if (name === 'onmessage' && /^(?:this)?$/.test(this.#dotted(left.object) ?? 'other')) this.#takesMessages = true
    return name !== null && name.startsWith('on') && visitorEvents.test(name) ? 'event' : moment
  }

  #asksVisitor(test: Node): boolean {
    const stack: Node[] = [test]
    for (let left = 50; stack.length > 0 && left > 0; left--) {
      const node = stack.pop()!
      if (node.type === 'CallExpression' && /^(confirm|prompt)$/.test(this.#dotted(node.callee) ?? '')) {
        const text = node.arguments[0] === undefined ? undefined : this.#fold(node.arguments[0])
        return typeof text === 'string' && speaksOfMining(text)
      }
      stack.push(...childrenOf(node))
    }
    return false
  }

  #call(node: ESTree.CallExpression | ESTree.NewExpression, context: Context, place: () => ReturnType<Parsed['place']>): Child[] {
    const isNew = node.type === 'NewExpression'
    const callee = node.callee as Node
    const name = this.#resolved(callee)
    const method =
      name === null
        ? callee.type === 'MemberExpression'
          ? keyName(callee.property, callee.computed === true, this.#fold)
          : null
        : name.slice(name.lastIndexOf('.') + 1)
    const values = (node.arguments as Node[]).slice(0, 8).map((argument): Folded => this.#fold(argument))
    if (context.loop && method !== null && hashNames.test(method)) context.loop.hashes = true
    this.#known(name, isNew, values, context, place)
    if (name !== null && !isNew && /^[\w$]{1,60}$/.test(name)) this.#functions.use(name, context.moment, context.inside)
    const decoded = this.#fold(node)
    if (typeof decoded === 'string' && decoded !== '') this.#text(decoded, place)
    // `R(a, 7)`, as a turn that is a function of its own.
    const last = values.at(-1)
    if (values.length === 2 && callee.type === 'Identifier' && typeof last === 'number') this.#census.turn(callee.name, last)
    const first = values[0]
    const waits =
      method !== null &&
      ((listeners.test(method) && typeof first === 'string' && first.split(/[ .]/).some((event) => visitorEvents.test(event))) ||
        (visitorEvents.test(method) && !isNew && node.arguments.length > 0))
    const anywhere = waits && this.#isEverywhere(callee, node.arguments)
    // An immediate function runs with what is around it; a callback runs later, but without the visitor's act.
    return childrenOf(node).flatMap((child): Child[] => {
      // A click anywhere sets it off: later, and nobody agreed to anything.
      const moment: Moment = !waits ? context.moment : anywhere ? (context.moment === 'load' ? 'function' : context.moment) : 'event'
      if (isFunction(child)) {
        const inside = this.#functions.nameOf(child)
        return childrenOf(child).map((inner) => ({ node: inner, moment, inside }))
      }
      return [{ node: child, moment: child.type === 'Identifier' && child !== callee ? moment : context.moment }]
    })
  }

  /** `document.addEventListener("click", f)`, `$("body").on("click", f)`; with a selector behind the event it is an element's. */
  #isEverywhere(callee: Node, given: readonly Node[]): boolean {
    if (callee.type === 'Identifier') return true
    if (callee.type !== 'MemberExpression') return false
    const object = callee.object as Node
    if (object.type !== 'CallExpression') return everywhere.test(this.#dotted(object) ?? 'element')
    const first = object.arguments[0]
    const what = first === undefined ? 'element' : (this.#fold(first) ?? this.#dotted(first) ?? 'element')
    return everywhere.test(String(what)) && !given.slice(1, -1).some((argument) => typeof this.#fold(argument) === 'string')
  }

  #known(
    name: string | null,
    isNew: boolean,
    values: Folded[],
    { moment, inside }: Context,
    place: () => ReturnType<Parsed['place']>,
  ): void {
    if (name === null) return
    const root = /^[^.(]*/.exec(name)![0]
    const last = name.slice(name.lastIndexOf('.') + 1)
    if (last === 'createServer') this.#features.isServer = true
    else if (name === 'postMessage' || name === 'this.postMessage') this.#postsBack = true
    else if (name === 'addEventListener' && values[0] === 'message') this.#takesMessages = true
    if (name === last && !isNew) this.#word(name)
    else if (!isNew && minerMethods.test(last) && !this.#features.minerMethods.includes(last)) this.#features.minerMethods.push(last)
    if (/(?:^|\.)clipboard\.write(?:Text)?$/.test(name) || (/(?:^|\.)execCommand$/.test(name) && values[0] === 'copy'))
      this.#writesClipboard = true
    const plain = afterGlobal(name)
    if (isNew && (plain === 'Worker' || plain === 'SharedWorker')) {
      this.#features.workers.constructed++
      this.#features.workers.place ??= place()
    } else if (isNew && (plain === 'WebSocket' || plain === 'RTCPeerConnection' || plain === 'WebTransport' || plain === 'EventSource')) {
      this.#features.sockets.constructed++
      this.#features.sockets.place ??= place()
    } else if (root === 'WebAssembly') {
      this.#features.wasm.instantiates = true
      this.#features.wasm.place ??= place()
    }
    // A miner made in one script is started in another by its variable's name; one whose name nobody knows keeps its interface.
    if (
      this.#options.roots.has(root) ||
      /^[\w$.]{1,40}\.start(?:Work)?$/.test(name) ||
      /^[\w$.]{1,60}\.(?:Anonymous|User|Token)(?:\(\)\.start)?$/.test(name) ||
      /^(?:[\w$]{1,30}\.){0,3}(?:start|begin|run)_?(?:web)?_?min(?:ing|er)$/i.test(name)
    )
      addCall(this.#features, { name, isNew, arguments: values.map(constant), moment, inside, place: place() })
  }

  #object(node: ESTree.ObjectExpression, place: () => ReturnType<Parsed['place']>): void {
    const keys = new Map<string, Node>()
    for (const property of node.properties as Node[]) {
      if (property.type !== 'Property') continue
      const name = keyName(property.key, property.computed === true, this.#fold)
      if (name === null) continue
      this.#word(name)
      keys.set(name.toLowerCase().replace(/_/g, ''), property.value)
    }
    if (this.#features.dialogue.length >= 8 || keys.size === 0 || keys.size > 24) return
    const said = (role: 'login' | 'submit', method: string): void => void this.#features.dialogue.push({ role, method, place: place() })
    const method = ['type', 'identifier', 'method', 'command', 'cmd', 'action', 'op', 'event']
      .map((key) => keys.get(key))
      .map((value) => (value === undefined ? undefined : this.#fold(value)))
      .find((value) => typeof value === 'string')
    const name = typeof method === 'string' ? method : ''
    const inner = ['params', 'data', 'payload']
      .map((key) => keys.get(key))
      .find((value): value is ESTree.ObjectExpression => value?.type === 'ObjectExpression')
    const fields = new Set(keys.keys())
    for (const property of (inner?.properties ?? []) as Node[])
      if (property.type === 'Property')
        fields.add((keyName(property.key, property.computed === true, this.#fold) ?? '').toLowerCase().replace(/_/g, ''))
    if (fields.has('nonce') && (fields.has('result') || fields.has('hash')) && (fields.has('jobid') || fields.has('job')))
      said('submit', name)
    else if (name === 'auth' && fields.has('sitekey')) said('login', name)
    else if (name === 'handshake' && (fields.has('pool') || fields.has('userid') || fields.has('login'))) said('login', name)
    else if (name === 'login' && fields.has('login') && (fields.has('pass') || fields.has('agent')) && !fields.has('email'))
      said('login', name)
    else if (name === 'mining.authorize' || name === 'mining.subscribe' || name === 'eth_submitLogin') said('login', name)
    else if (name === 'mining.submit' || name === 'eth_submitWork') said('submit', name)
  }

  /** Long lists of octets are data: a module, or a compiled program's memory. */
  #octetArray(node: ESTree.ArrayExpression, place: () => ReturnType<Parsed['place']>): boolean {
    const elements = node.elements as (Node | null)[]
    if (elements.length < 48) return false
    const octets = new Uint8Array(elements.length)
    for (const [at, element] of elements.entries()) {
      const value = element === null ? 0 : element.type === 'Literal' ? element.value : this.#fold(element)
      if (typeof value !== 'number' || value < -128 || value > 255 || !Number.isInteger(value)) return false
      octets[at] = value
    }
    this.#data(octets, place, 'list of octets')
    return true
  }

  #data(octets: Uint8Array, place: () => ReturnType<Parsed['place']>, how: string): void {
    if (octets[0] === 0 && octets[1] === 0x61 && octets[2] === 0x73 && octets[3] === 0x6d)
      this.#add({ kind: 'wasm', bytes: octets, place: `${how}, line ${place().line}` })
    else if (octets.length >= 48) this.#census.octets(octets, place)
  }

  #add(blob: InnerBlob): void {
    if (this.#inner.length < maxInner) this.#inner.push(blob)
  }

  #text(text: string, place: () => ReturnType<Parsed['place']>): void {
    if (text.length < 3) return
    if (text.length < 40) this.#word(text, true)
    if (this.#seenTexts.has(text)) return
    if (this.#seenTexts.size < 50_000) this.#seenTexts.add(text)
    if (/^(?:(?:https?|wss?):)?\/\//.test(text) && text.length < 2_000) this.#urls.add(text)
    if (text.length >= 24 && text.length < 4_000 && text.includes('"method"'))
      for (const [, method] of text.matchAll(/"method"\s{0,4}:\s{0,4}"([\w.-]{3,24})"/g)) this.#word(method ?? null, true)
    if (text.length < 400 && this.#features.minerPages.length < 5 && /min(?:er|ing|e\?)/i.test(text) && minerPage.test(text))
      this.#features.minerPages.push(text.slice(0, 300))
    if (anyOf(this.#options.literals).test(text))
      for (const literal of this.#options.literals)
        if (text.includes(literal) && !this.#features.literals.includes(literal)) this.#features.literals.push(literal)
    if (text.length >= 95 && text.length < 100_000) {
      for (const { address, coin } of addressesIn(text))
        if (!this.#features.accounts.some(({ account }) => account === address))
          this.#features.accounts.push({ account: address, coin, place: place() })
    }
    if (text.length >= 12 && text.length < 4_000 && this.#features.miningTexts.length < 5 && /\s/.test(text) && speaksOfMining(text))
      this.#features.miningTexts.push(text.slice(0, 300))
    const command = this.#commands.size < 20 ? remoteCommand(text) : null
    if (command !== null) this.#commands.add(command)
    // A shader for WebGL says its constants in a text of its own.
    if (text.length >= 200 && /\bvoid\s+main\s*\(/.test(text))
      for (const [literal] of text.slice(0, 200_000).matchAll(/\b(?:0x[0-9a-fA-F]{5,8}|\d{6,10})(?=u?\b)/g))
        this.#census.number(Number(literal), place)
    if (text.length >= 60) this.#encoded(text, place)
  }

  /** What a long string holds: a module, a script, memory of a compiled program. */
  #encoded(text: string, place: () => ReturnType<Parsed['place']>): void {
    const bare = /^data:[^,]{0,100};base64,/.exec(text)
    const body = bare ? text.slice(bare[0].length) : text
    if (/^(00)61736d0[12]000000/i.test(body)) return this.#data(Buffer.from(body.replace(/\s/g, ''), 'hex'), place, 'hex')
    if (/^[A-Za-z0-9+/_\s-]{60,}={0,2}\s*$/.test(body)) {
      const decoded = decodeBase64(body)
      if (decoded === undefined) return
      if (isShader(decoded))
        return this.#add({ kind: 'wgsl', bytes: Buffer.from(decoded, 'latin1'), place: `base64, line ${place().line}` })
      if (looksLikeScript(decoded))
        return this.#add({ kind: 'javascript', bytes: Buffer.from(decoded, 'latin1'), place: `base64, line ${place().line}` })
      return this.#data(Buffer.from(decoded, 'latin1'), place, 'base64')
    }
    // First: WGSL has words of JavaScript.
    if (isShader(text))
      return this.#add({ kind: 'wgsl', bytes: Buffer.from(text.toWellFormed(), 'utf8'), place: `string, line ${place().line}` })
    if (looksLikeScript(text))
      return this.#add({ kind: 'javascript', bytes: Buffer.from(text.toWellFormed(), 'utf8'), place: `string, line ${place().line}` })
    if (isBinary(text)) this.#data(Buffer.from(text, 'latin1'), place, 'binary string')
  }
}

const expressions = new WeakMap<readonly string[], RegExp>()

/** Whether a text holds one of them: most hold none, and one expression says so sooner than looking for each. */
function anyOf(literals: readonly string[]): RegExp {
  let expression = expressions.get(literals)
  if (expression === undefined)
    expressions.set(literals, (expression = new RegExp(literals.length === 0 ? '(?!)' : literals.map(RegExp.escape).join('|'))))
  return expression
}

/** A literal number, or a few of them under operators. */
function isPlainNumber(node: Node, depth: number): boolean {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'number'
    case 'UnaryExpression':
      return depth > 0 && isPlainNumber(node.argument, depth - 1)
    case 'BinaryExpression':
      return depth > 0 && isPlainNumber(node.left, depth - 1) && isPlainNumber(node.right, depth - 1)
    default:
      return false
  }
}

/** `a.b.c` → `a.b.c`, `a.b`, `a`. */
function prefixesOf(name: string): string[] {
  const parts = name.split('.')
  return parts.slice(0, 4).map((_, at) => parts.slice(0, Math.min(4, parts.length) - at).join('.'))
}

export function constant(value: Folded): Constant {
  return value === undefined ? null : typeof value === 'string' ? value.slice(0, 300) : value
}

export function addCall(features: JavaScriptFeatures, call: CallFeature): void {
  // What was seen when it ran has no place in the source: it is the same call, whatever function it stands in.
  const known = features.calls.find(
    (other) =>
      other.name === call.name &&
      other.arguments.join() === call.arguments.join() &&
      (call.place.line === 0 || other.inside === call.inside),
  )
  if (known === undefined) {
    if (features.calls.length < 300) features.calls.push(call)
  } else if (known.moment !== 'load' && (call.moment === 'load' || (known.moment === 'event' && call.moment === 'function'))) {
    known.moment = call.moment
    known.inside = call.inside
  }
}

/** A compute shader in WGSL and nothing around it: a script that holds one has functions of its own. */
function isShader(text: string): boolean {
  if (!text.includes('@compute') || /\bfunction\s*[\w$]*\s*\(|=>/.test(text)) return false
  return /\bfn\s+\w+\s*\(/.test(text)
}

export function looksLikeScript(text: string): boolean {
  if (text.length < 120 || !/[;{}()]/.test(text)) return false
  const head = text.slice(0, 20_000)
  if (isBinary(head)) return false
  const words = head.match(/\b(function|var|let|const|return|new|this|postMessage|onmessage|importScripts|self|window|=>)\b/g)
  return (words?.length ?? 0) >= 4 && /[{;]\s*\S/.test(head) && !/^\s*</.test(head)
}

function isBinary(text: string): boolean {
  let odd = 0
  const end = Math.min(text.length, 2_000)
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code > 255) return false
    if (code < 9 || (code > 13 && code < 32) || (code > 126 && code < 161)) odd++
  }
  return odd > end * 0.1
}
