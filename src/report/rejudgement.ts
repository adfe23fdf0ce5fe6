import type { RejudgedChange, RejudgedFailure, RejudgeSummary } from '#model/rejudgement.ts'
import { inert } from './escape.ts'

/** One capture of which something else is said now, for a terminal. */
export function rejudgedText(change: RejudgedChange): string {
  const lines = [`${inert(change.url, 500)}  (${change.observedAt.slice(0, 10)})`]
  const status = change.before === null ? change.after.status : `${change.before.status} → ${change.after.status}`
  lines.push(`  ${status}  ${inert(change.after.sentence)}`)
  for (const { title, detector } of change.came) lines.push(`  + ${inert(title)} [${inert(detector, 60)}]`)
  for (const { title, detector } of change.went) lines.push(`  - ${inert(title)} [${inert(detector, 60)}]`)
  lines.push(`  Why: ${inert(change.why.slice(0, 8).join('; '))}${change.why.length > 8 ? ` and ${change.why.length - 8} more` : ''}`)
  lines.push(`  Evidence: ${change.captureId}`)
  return `${lines.join('\n')}\n`
}

export function rejudgeFailureText({ captureId, error }: RejudgedFailure): string {
  return `${captureId}\n  Error ${error.code}: ${inert(error.message)}\n`
}

export function rejudgeSummaryText({ looked, judged, judgedBefore, changed, failed, interrupted }: RejudgeSummary): string {
  const again = judgedBefore > 0 ? `, ${judgedBefore} were judged so before` : ''
  return `${looked} captures: ${judged} judged${again}; ${changed} changed, ${failed} failed${interrupted ? '; interrupted, the same command goes on' : ''}\n`
}
