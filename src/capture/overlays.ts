import { randomBytes } from 'node:crypto'
import type { DialogArtifact } from '#model/artifact.ts'
import { aboutDialog, asksForHuman } from '#derive/dialog.ts'
import { choiceFor } from './choice.ts'
import type { Target, VisitContext } from './collector.ts'
import { pause, within } from './deadline.ts'
import { frameOfContext } from './execution-contexts.ts'
import { ownWorldName } from './own-world.ts'
import { overlayWatch } from './page/overlay-watch.ts'

/** As long as a visitor needs to read it. What runs meanwhile, runs before he has answered. Milliseconds. */
const readingMs = 1_500
const answerTimeoutMs = 1_500

export interface OverlayWatch {
  attach(target: Target): void
  /** Nobody reads any more: questions that are still open stay unanswered. */
  end(): void
}

/** Overlays and buttons that ask something: recorded by `note`, and answered as the visit's consent says where they are about mining or cookies. */
export function overlays(context: VisitContext, note: (dialog: Omit<DialogArtifact, 'id'>) => DialogArtifact): OverlayWatch {
  const binding = `_${randomBytes(6).toString('hex')}`
  const source = overlayWatch(binding)
  const over = new AbortController()

  function reported(target: Target, contextId: number, frameId: string | undefined, payload: string): void {
    const question = parseQuestion(payload)
    if (!question) return
    const about = aboutDialog(question.text, question.choices)
    if (question.type === 'button' && about !== 'mining') return
    const dialog = note({
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      type: question.type,
      text: question.text,
      choices: question.choices,
      about,
      openedAtMs: context.nowMs(),
      answer: { choice: 'ignored' },
    })
    const { consent } = context.plan
    if (consent === 'ignore' || (about === 'unknown' && !(consent === 'accept' && asksForHuman(question.text, question.choices)))) return
    const index = choiceFor(question.choices, consent)
    if (index >= 0) void answer(target, contextId, dialog, question.key, index, consent)
  }

  async function answer(
    target: Target,
    contextId: number,
    dialog: DialogArtifact,
    key: number,
    index: number,
    consent: 'accept' | 'reject',
  ): Promise<void> {
    await pause(readingMs, over.signal)
    if (over.signal.aborted) return
    const call = (name: string): Promise<{ result: { value?: unknown } }> =>
      within(
        answerTimeoutMs,
        'an answer',
        target.session.send('Runtime.evaluate', { expression: `${name}(${key},${index})`, contextId, returnByValue: true, silent: true }),
      )
    try {
      const place = (await call('answerOverlay')).result.value as { x: number; y: number; reachable: boolean } | null
      if (place === null) return
      if (place.reachable && target.type === 'page') {
        for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased'] as const)
          target.session.post('Input.dispatchMouseEvent', {
            type,
            x: place.x,
            y: place.y,
            ...(type === 'mouseMoved' ? {} : { button: 'left', clickCount: 1 }),
          })
      } else await call('clickOverlay')
      dialog.answer = {
        choice: consent === 'accept' ? 'accepted' : 'rejected',
        atMs: context.nowMs(),
        caption: dialog.choices[index] ?? '',
      }
      context.act({ type: 'answer', detail: `${dialog.type} ${dialog.id}: ${dialog.answer.caption}` })
    } catch {
      // The page's thread is busy or its document is gone: the question stays unanswered, as the record says.
    }
  }

  return {
    attach(target) {
      if (target.type !== 'page' && target.type !== 'iframe') return
      const { session } = target
      const frameOf = frameOfContext(session)
      session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
        if (name === binding) reported(target, executionContextId, context.frameIdOf(frameOf(executionContextId)), payload)
      })
      session.post('Runtime.addBinding', { name: binding, executionContextName: ownWorldName })
      session.post('Page.addScriptToEvaluateOnNewDocument', {
        source: context.hooks.own(source),
        worldName: ownWorldName,
        runImmediately: true,
      })
    },
    end: () => over.abort(),
  }
}

function parseQuestion(payload: string): { key: number; type: 'overlay' | 'button'; text: string; choices: string[] } | null {
  try {
    const { key, type, text, choices } = JSON.parse(payload) as Record<string, unknown>
    if (typeof key !== 'number' || (type !== 'overlay' && type !== 'button') || typeof text !== 'string' || !Array.isArray(choices))
      return null
    return { key, type, text: text.slice(0, 4_000), choices: choices.slice(0, 12).map((choice) => String(choice).slice(0, 120)) }
  } catch {
    return null
  }
}
