import type { JavaScriptFeatures } from '#derive/javascript/features.ts'
import type { HtmlFeatures } from '#derive/html/features.ts'
import { speaksOfMining } from '#derive/dialog.ts'
import type { Derived } from './contract.ts'

type Script = Derived<'javascript'>
type Use = JavaScriptFeatures['uses'][number]

/** A handler in the markup that only an act on its own element sets off: a click anywhere on the page agrees to nothing. */
const ofElement =
  /^on(?:click|dblclick|mousedown|mouseup|pointerdown|pointerup|touchstart|touchend|key\w+|submit|change|input) of <(?!body|html)/
const ofLink = /^(?:href|action) of </

/** Whether a script is what a control of the page does. */
export function isHandler(script: Pick<Script, 'within'>): boolean {
  return script.within.some((place) => ofElement.test(place) || ofLink.test(place))
}

/** What sets off functions, over all scripts of a page: they see one another's names. */
export class VisitorActs {
  readonly #uses = new Map<string, { use: Use; script: Script }[]>()

  constructor(scripts: readonly Script[]) {
    for (const script of scripts) {
      for (const use of script.features.uses) {
        const known = this.#uses.get(use.name)
        if (known === undefined) this.#uses.set(use.name, [{ use, script }])
        else known.push({ use, script })
      }
    }
  }

  /** Whether code at this place runs only when the visitor acts on an element. Unknown is no. */
  waits(script: Script, at: { moment: Use['moment']; inside: string | null }, seen: ReadonlySet<string> = new Set()): boolean {
    if (isHandler(script) || at.moment === 'event') return true
    if (at.moment === 'load' || at.inside === null) return false
    // A function that calls itself is set off by somebody else.
    const others = (this.#uses.get(at.inside) ?? []).filter(({ use }) => use.inside !== at.inside && !seen.has(use.inside ?? ''))
    const next = new Set([...seen, at.inside])
    return seen.size < 6 && others.length > 0 && others.every(({ use, script: where }) => this.waits(where, use, next))
  }
}

/** Words for it that need no sentence around them on a button. */
const miningWord = /\b(?:mine|mining|miner|hash(?:ing|es)|minar|miner\u00eda|sch\u00fcrfen)\b|майн|挖矿/i

/** Whether who acts on this page has been told what it does: on the control, in a sentence, in the title. */
export function tellsOfMining(pages: readonly { features: HtmlFeatures; runs: boolean }[], scripts: readonly Script[]): boolean {
  return (
    pages.some(
      ({ features, runs }) =>
        runs &&
        (features.miningNotice !== null ||
          features.miningControls.some(({ caption }) => miningWord.test(caption)) ||
          (/\b(?:mining|miner)\b/i.test(features.title) && features.miningControls.length > 0) ||
          speaksOfMining(features.title)),
    ) || scripts.some(({ features }) => features.miningTexts.length > 0)
  )
}
