import type { ESTree } from 'meriyah'
import type { Value } from './emulator-values.ts'
import type { Node } from './tree.ts'

/** Events that only a visitor's act brings about. */
export const visitorEvents =
  /^(click|dblclick|mousedown|mouseup|pointerdown|pointerup|touchstart|touchend|keydown|keyup|keypress|submit|change|input)$/

/** Whether a call hands its callbacks to an act of the visitor: addEventListener('click', …), $(…).click(…), $(…).on('click', …). */
export function isVisitorListener(name: string, first: Value): boolean {
  const method = name.slice(name.lastIndexOf('.') + 1)
  if (/^(addEventListener|on|one|bind|live|delegate|attachEvent)$/.test(method))
    return typeof first === 'string' && first.split(/[ .]/).some((event) => visitorEvents.test(event.replace(/^on/, '')))
  return visitorEvents.test(method) && method !== 'input'
}

/** Names that `var` declares in a function's body, at whatever depth of blocks. */
export function varsIn(body: readonly Node[]): string[] {
  const names = new Set<string>()
  const stack = [...body]
  while (stack.length > 0) {
    const node = stack.pop()!
    switch (node.type) {
      case 'VariableDeclaration':
        for (const { id } of node.declarations) if ((id as Node).type === 'Identifier') names.add((id as ESTree.Identifier).name)
        break
      case 'BlockStatement':
        stack.push(...(node.body as Node[]))
        break
      case 'ForStatement':
        if (node.init) stack.push(node.init)
        stack.push(node.body)
        break
      case 'ForInStatement':
      case 'ForOfStatement':
        stack.push(node.left, node.body)
        break
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'LabeledStatement':
        stack.push(node.body)
        break
      case 'IfStatement':
        stack.push(node.consequent)
        if (node.alternate) stack.push(node.alternate)
        break
      case 'TryStatement':
        stack.push(node.block)
        if (node.handler) stack.push(node.handler.body)
        break
      case 'SwitchStatement':
        for (const item of node.cases) stack.push(...(item.consequent as Node[]))
        break
      default:
        break
    }
  }
  return [...names]
}
