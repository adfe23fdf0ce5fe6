import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { DialogArtifact } from '#model/artifact.ts'
import { aboutDialog } from '#derive/dialog.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { aborted, pause } from '../deadline.ts'
import { overlays } from '../overlays.ts'

const maxDialogs = 200
/** As long as a visitor needs to read it. What runs meanwhile, runs before he has answered. Milliseconds. */
const readingMs = 1_200
/** A page that asks without end is not read without end. */
const readDialogs = 3

/**
 * `alert`, `confirm`, `prompt` and `beforeunload`: recorded and answered. They hold the page's thread, so none is left open. About mining
 * and cookies the visit's consent decides; `ignore` closes what cannot be ignored without agreeing.
 */
export function dialogCollector(context: VisitContext): Collector<'dialog'> {
  const list = new BoundedList<DialogArtifact>(maxDialogs, 'dialogs')
  const over = new AbortController()
  let opened = 0
  const watched = overlays(context, (question) => {
    const dialog: DialogArtifact = { id: context.idFor('dialog', list), ...question }
    list.add(dialog)
    return dialog
  })

  async function answer(target: Target, event: Protocol.Page.JavascriptDialogOpeningEvent): Promise<void> {
    const { type, message } = event
    const about = aboutDialog(message)
    const accept = type === 'alert' || type === 'beforeunload' || context.plan.consent === 'accept'
    const choices = type === 'alert' ? ['OK'] : type === 'beforeunload' ? ['Leave', 'Stay'] : ['OK', 'Cancel']
    const frameId = context.frameIdOf(event.frameId)
    const dialog: DialogArtifact = {
      id: context.idFor('dialog', list),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      type,
      text: message.slice(0, 8_000),
      choices,
      about,
      openedAtMs: context.nowMs(),
      answer: { choice: 'ignored' },
    }
    list.add(dialog)
    if (++opened <= readDialogs) await pause(readingMs, over.signal)
    target.session.post('Page.handleJavaScriptDialog', {
      accept,
      ...(type === 'prompt' && accept ? { promptText: event.defaultPrompt ?? '' } : {}),
    })
    const choice = accept ? 'accepted' : context.plan.consent === 'reject' ? 'rejected' : 'dismissed'
    dialog.answer = { choice, atMs: context.nowMs(), caption: choices[accept ? 0 : 1] ?? '' }
    if (opened <= readDialogs) context.act({ type: 'answer', detail: `${type} ${dialog.id}: ${dialog.answer.caption}` })
  }

  return {
    kind: 'dialog',
    attach(target) {
      if (target.type !== 'page' && target.type !== 'iframe') return
      target.session.on('Page.javascriptDialogOpening', (event) => void answer(target, event))
      watched.attach(target)
    },
    async dwell(_page, signal) {
      await aborted(signal)
      // The visit is over: nobody reads any more, and what still asks is answered at once.
      over.abort()
    },
    async snapshot() {
      over.abort()
      watched.end()
    },
    async finish() {
      over.abort()
      return list.collection()
    },
  }
}
