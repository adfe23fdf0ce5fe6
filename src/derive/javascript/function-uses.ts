import type { ESTree } from 'meriyah'
import type { JavaScriptFeatures, Moment } from './features.ts'
import { isFunction, type Node } from './tree.ts'

type Use = JavaScriptFeatures['uses'][number]

/** Beyond so many uses a script is not followed. */
const maxUses = 300
const maxName = 60

/** Under which names the functions of one script are declared, and where these names are used. */
export class FunctionUses {
  readonly #names = new Set<string>()
  /** Identifiers that only name something: a declaration, a key, a member. */
  readonly #labels = new Set<Node>()
  /** Of functions that have their name from what they are given to. */
  readonly #givenNames = new Map<Node, string>()
  readonly #uses = new Map<string, Use>()

  /** Before any use is looked for, since functions are used before they stand. `dotted`: a member's path as text. */
  declare(node: Node, dotted: (target: Node) => string | null): void {
    if (isFunction(node) && node.type !== 'ArrowFunctionExpression' && node.id) {
      this.#names.add(node.id.name)
      this.#labels.add(node.id)
    }
    const [to, value] =
      node.type === 'VariableDeclarator'
        ? [node.id as Node, node.init as Node | null]
        : node.type === 'AssignmentExpression'
          ? [node.left as Node, node.right as Node]
          : [null, null]
    if (to !== null && to.type === 'Identifier') this.#labels.add(to)
    const name = to === null ? null : to.type === 'Identifier' ? to.name : dotted(to)
    if (name !== null && /^[\w$]{1,60}$/.test(name) && value !== null && isFunction(value)) {
      this.#names.add(name)
      this.#givenNames.set(value, name)
    }
  }

  label(node: Node): void {
    this.#labels.add(node)
  }

  /** An identifier that is no call: a function that is handed on. */
  mention(node: ESTree.Identifier, moment: Moment, inside: string | null): void {
    if (this.#names.has(node.name) && !this.#labels.has(node)) this.use(node.name, moment, inside)
  }

  use(name: string, moment: Moment, inside: string | null): void {
    if (name.length > maxName || this.#uses.size > maxUses) return
    this.#uses.set(`${name} ${moment} ${inside}`, { name, moment, inside })
  }

  nameOf(node: ESTree.FunctionDeclaration | ESTree.FunctionExpression | ESTree.ArrowFunctionExpression): string | null {
    return node.type !== 'ArrowFunctionExpression' && node.id ? node.id.name : (this.#givenNames.get(node) ?? null)
  }

  /** Names of functions that are declared, of those that fit. */
  named(pattern: RegExp): string[] {
    return [...this.#names].filter((name) => name.length <= maxName && pattern.test(name))
  }

  /** Empty where there are too many to follow. */
  uses(): Use[] {
    return this.#uses.size <= maxUses ? [...this.#uses.values()] : []
  }
}
