import { type Markup, html } from './html-template.ts'

/** Stands above a list that is not whole, or that cannot be shown to be. */
export function notWhole(gaps: readonly string[]): Markup | false {
  return gaps.length > 0 && html`<p class="warn">Not whole: ${gaps.join('; ')}.</p>`
}
