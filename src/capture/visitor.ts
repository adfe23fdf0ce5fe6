import type { Target, VisitContext, VisitPart } from './collector.ts'
import { pause, within } from './deadline.ts'
import { ownWorldName } from './own-world.ts'
import { inertPoint } from './page/inert-point.ts'

/**
 * What a visitor does who reads: he moves the pointer, clicks beside everything, presses a key that types nothing, scrolls, and then is idle for
 * the larger part of his stay, because there are pages that wait for either. Shares of the dwell.
 */
const plan = { move: 0.04, click: 0.1, key: 0.16, scroll: 0.22, back: 0.34 }

const answerTimeoutMs = 1_000
const shift = { key: 'Shift', code: 'ShiftLeft', windowsVirtualKeyCode: 16 }

export function visitorPart(context: VisitContext): VisitPart {
  const { dwellMs, viewport, interact } = context.plan
  return {
    async dwell(page, signal) {
      if (!interact) return
      const startMs = context.nowMs()
      const until = (share: number): Promise<void> => pause(Math.max(0, startMs + share * dwellMs - context.nowMs()), signal)

      await until(plan.move)
      await moveTo(page, { x: viewport.width * 0.55, y: viewport.height * 0.45 }, signal)
      context.act({ type: 'move', detail: 'pointer to the middle of the page' })

      await until(plan.click)
      if (signal.aborted) return
      const point = await pointBesideEverything(page)
      if (point) {
        for (const type of ['mousePressed', 'mouseReleased'] as const)
          page.session.post('Input.dispatchMouseEvent', {
            type,
            ...point,
            button: 'left',
            buttons: type === 'mousePressed' ? 1 : 0,
            clickCount: 1,
          })
        context.act({ type: 'click', detail: `at ${Math.round(point.x)}, ${Math.round(point.y)}, on nothing that reacts` })
      }

      await until(plan.key)
      if (signal.aborted) return
      page.session.post('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...shift, modifiers: 8 })
      page.session.post('Input.dispatchKeyEvent', { type: 'keyUp', ...shift })
      context.act({ type: 'key', detail: 'Shift' })

      await until(plan.scroll)
      scroll(page, viewport, viewport.height * 0.8, signal)
      if (!signal.aborted) context.act({ type: 'scroll', detail: 'down by most of a screen' })
      await until(plan.back)
      scroll(page, viewport, viewport.height * -0.4, signal)
      if (!signal.aborted) context.act({ type: 'wait', detail: 'idle from here on' })
    },
  }
}

const steps = 8
const stepMs = 25

/** Nothing is awaited: a page whose thread is busy takes the events when it can. */
async function moveTo(page: Target, to: { x: number; y: number }, signal: AbortSignal): Promise<void> {
  for (let step = 1; step <= steps && !signal.aborted; step++) {
    const share = step / steps
    // A hand does not draw a straight line at constant speed.
    const eased = share * share * (3 - 2 * share)
    page.session.post('Input.dispatchMouseEvent', {
      type: 'mouseMoved',
      x: 40 + (to.x - 40) * eased,
      y: 60 + (to.y - 60) * eased + 12 * Math.sin(share * Math.PI),
    })
    await pause(stepMs, signal)
  }
}

function scroll(page: Target, viewport: { width: number; height: number }, deltaY: number, signal: AbortSignal): void {
  if (signal.aborted) return
  page.session.post('Input.dispatchMouseEvent', {
    type: 'mouseWheel',
    x: viewport.width * 0.55,
    y: viewport.height * 0.45,
    deltaX: 0,
    deltaY,
  })
}

async function pointBesideEverything(page: Target): Promise<{ x: number; y: number } | null> {
  try {
    const { executionContextId } = await within(
      answerTimeoutMs,
      'a world of our own',
      page.session.send('Page.createIsolatedWorld', { frameId: page.cdpTargetId, worldName: ownWorldName }),
    )
    const { result } = await within(
      answerTimeoutMs,
      'a place to click',
      page.session.send('Runtime.evaluate', { expression: inertPoint, contextId: executionContextId, returnByValue: true, silent: true }),
    )
    const point = result.value as { x?: unknown; y?: unknown } | null
    return typeof point?.x === 'number' && typeof point.y === 'number' ? { x: point.x, y: point.y } : null
  } catch {
    // The thread is busy or the page is gone: a visitor could not click there either.
    return null
  }
}
