import type { Initiator, StackFrame, WalletArtifact } from '#model/artifact.ts'
import { notCollected } from '#model/collection.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { walletHook } from '../page/wallet-hook.ts'

const maxRequests = 500

/** What the page asks of the visitor's wallets, as `ethereum: eth_requestAccounts`. The wallets are ours, and decline everything. */
export function walletCollector(context: VisitContext): Collector<'wallet'> {
  const list = new BoundedList<WalletArtifact>(maxRequests, 'requests to a wallet')
  if (!context.plan.wallet)
    return {
      kind: 'wallet',
      finish: async () => notCollected('the visitor had no wallet: pages are shown one in the profile thorough only'),
    }
  context.hooks.add('wallet', walletHook, 'documents')
  context.hooks.onReport('wallet', (target, payload, frameId) => {
    const { wallet, method, params, stack } = (payload ?? {}) as Record<string, unknown>
    if (typeof wallet !== 'string' || typeof method !== 'string') return
    const initiator = initiatorOfText(typeof stack === 'string' ? stack : '')
    list.add({
      id: context.idFor('wallet', list),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      method: `${wallet.slice(0, 20)}: ${method.slice(0, 100)}`,
      params: typeof params === 'string' ? params.slice(0, 2_000) : '',
      atMs: context.nowMs(),
      ...(initiator === undefined ? {} : { initiator }),
    })
  })
  return { kind: 'wallet', finish: async () => list.collection(context.hooks.lost('wallet')) }
}

const frameForm = /^\s*at (?:async )?(?:(.*?) \()?((?:https?|blob|data):.*):(\d+):(\d+)\)?$/

/** V8's text of a stack, which counts from 1. Frames without an address are the wallet's own. */
function initiatorOfText(text: string): Initiator | undefined {
  const stack = text.split('\n').flatMap((line): StackFrame[] => {
    const [, functionName = '', url, row, column] = frameForm.exec(line) ?? []
    return url === undefined ? [] : [{ functionName, url, line: Number(row) - 1, column: Number(column) - 1 }]
  })
  const innermost = stack[0]
  return innermost && { type: 'script', url: innermost.url, line: innermost.line, column: innermost.column, stack }
}
