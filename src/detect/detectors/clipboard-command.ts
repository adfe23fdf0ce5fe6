import { asksForHuman } from '#derive/dialog.ts'
import { remoteCommand } from '#derive/shell-command.ts'
import type { Evidence } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Keys that open a place to run commands, and the one that pastes. */
const opensRunner =
  /(?:\bwin(?:dows)?(?: ?(?:key|logo|button))?|⊞|\[win\])\s*(?:\+|and|then|plus)\s*["']?[rx]\b|\brun dialog|\bterminal\b.{0,80}\b(?:paste|enter)|(?:⌘|\bcommand|\bcmd)\s*\+\s*space/i
const pastes = /\b(?:ctrl|control|strg)\s*\+\s*["']?v\b|⌘\s*\+?\s*v\b|\bpaste\b/i

/** Fake captchas: a command that fetches code goes into the clipboard, and the page tells the visitor to run it to show that he is human. */
export const detector = defineDetector({
  meta: {
    id: 'clipboard-command',
    version: '1',
    title: 'Commands put into the clipboard',
    kinds: ['clipboard'],
    limits:
      'Reads instructions in English, and commands of Windows, macOS and Linux shells. Without a press of its button a page may write nothing; then only a command that stands in its scripts as text is seen.',
  },
  needs: { artifacts: ['permission', 'dom'], features: ['html', 'javascript'] },
  hiddenBy: [],
  detect(input) {
    const texts = [
      ...input.artifacts.dom.items.map(({ id, title, text }) => ({ id, text: `${title}\n${text}` })),
      ...input.features.html.flatMap(({ artifacts: [artifact], runs, features }) =>
        artifact !== undefined && runs ? [{ id: artifact.id, text: `${features.title}\n${features.text}` }] : [],
      ),
    ]
    const told = texts.find(({ text }) => tells(text))
    if (told === undefined) return []
    const found: Evidence[] = []
    for (const { id, name, detail, atMs } of input.artifacts.permission.items) {
      const command = name === 'clipboard-write' && detail !== undefined ? remoteCommand(detail) : null
      if (command !== null)
        found.push(evidence(input, id, `${Math.round(atMs)} ms`, `wrote the command "${command.slice(0, 160)}" into the clipboard`))
    }
    for (const script of input.features.javascript) {
      const [artifact] = script.artifacts
      const [command] = script.features.commands
      if (artifact !== undefined && script.runs && command !== undefined)
        found.push(
          evidence(
            input,
            artifact.id,
            script.within.join(', ') || 'whole',
            `holds the command "${command.slice(0, 160)}" beside a call that writes to the clipboard`,
          ),
        )
    }
    if (found.length === 0) return []
    const said = told.text.replace(/\s+/g, ' ')
    return [
      {
        detector: 'clipboard-command',
        kind: 'clipboard',
        weight: 'context',
        family: null,
        service: null,
        account: null,
        title: 'Tells its visitor to run a command that it put into the clipboard',
        evidence: [
          ...found.slice(0, 4),
          evidence(input, told.id, 'text', `says "${said.slice(Math.max(0, said.search(opensRunner) - 60)).slice(0, 160)}"`),
        ],
      },
    ]
  },
})

/** A guide to installing something says "paste into a terminal" too; it does not ask whether its reader is human, nor for Win+R. */
function tells(text: string): boolean {
  const head = text.slice(0, 8_000)
  return (
    opensRunner.test(head) &&
    pastes.test(head) &&
    (asksForHuman(head) || /\bwin(?:dows)?(?: ?(?:key|logo|button))?\s*\+\s*["']?r\b/i.test(head))
  )
}
