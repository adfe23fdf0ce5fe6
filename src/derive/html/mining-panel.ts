import type { HtmlFeatures } from './features.ts'

type Part = HtmlFeatures['miningPanel'][number]

/** What the controls of a miner are for, by their names, labels and placeholders. Each is common alone. */
const controls: readonly (readonly [Part['part'], RegExp])[] = [
  ['load', /\b(?:threads?|throttle|throttling|intensity|hashing power|cpu (?:usage|load|limit|power)|num ?threads)\b/],
  ['payee', /\b(?:wallet|payout address|(?:monero|xmr|coin|scala|xla|btc|bitcoin|doge|ltc|litecoin|verus|duco) address|site ?key)\b/],
  ['pool', /\b(?:pool|stratum|proxy server|mining server|wss?:\/\/\S+)\b/],
]
const rate =
  /\b(?:hash ?rate|hash(?:es)? ?(?:per|\/) ?s(?:ec(?:ond)?)?|[kmg]?h\/s|total ?hash(?:es)?|hash(?:es)? ?(?:computed|done)|hash ?speed|shares? ?(?:submitted|accepted|found))\b/
const start =
  /^\W*(?:start|begin|run|resume|go)(?:\W+(?:web|the|cpu))?(?:\W*(?:mining|miners?|hashing))?\W*$|\b(?:start|begin)\W?(?:mining|miners?|hashing)\b/
const stop =
  /^\W*(?:stop|pause|end)(?:\W+(?:web|the|cpu))?(?:\W*(?:mining|miners?|hashing))?\W*$|\b(?:stop|pause)\W?(?:mining|miners?|hashing)\b/
const algorithm = /\b(cryptonight|randomx|yescrypt|yespower|scrypt|verushash|ghostrider|kheavyhash)(?:[a-z]?\d+)?\b/i
/** One of these is in each that `rate`, or `start` or `stop`, finds: most of a page's texts are done with at one look. */
const rateRoots = /hash|h\/s|share/i
const pressRoots = /start|begin|run|resume|go|stop|pause|end/i
const maxParts = 12

/** `walletAddress`, `num_threads` as words: lower case, a space where one word ends. */
function wordsOf(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
}

/** Collects the controls and displays by which a visitor, or the page's owner, runs a miner. */
export class MiningPanel {
  readonly parts: Part[] = []
  readonly #algorithms = new Set<string>()

  /** The one that the page names; null where it names several. */
  get family(): string | null {
    const [only = null] = this.#algorithms
    return this.#algorithms.size === 1 ? only : null
  }

  #add(part: Part['part'], text: string, line: number): void {
    if (this.parts.length < maxParts && !this.parts.some((known) => known.part === part))
      this.parts.push({ part, text: text.trim().slice(0, 80), line })
  }

  /** A field, list or slider, by all that it says of itself. */
  field(names: readonly string[], line: number): void {
    for (const text of names)
      for (const [part, words] of controls) if (text.length <= 120 && words.test(wordsOf(text))) this.#add(part, text, line)
  }

  button(caption: string, id: string, line: number): void {
    for (const text of [caption, id]) {
      if (text.length > 60 || !pressRoots.test(text)) continue
      const words = wordsOf(text)
      if (start.test(words)) this.#add('start', text, line)
      else if (stop.test(words)) this.#add('stop', text, line)
    }
  }

  /** An element that shows a figure, by its id. */
  display(id: string, line: number): void {
    if (id.length <= 40 && rateRoots.test(id) && rate.test(wordsOf(id))) this.#add('rate', id, line)
  }

  text(text: string): void {
    if (text.length > 80) return
    const named = algorithm.exec(text)?.[1]
    if (named !== undefined) this.#algorithms.add(named.toLowerCase())
    if (rateRoots.test(text) && rate.test(wordsOf(text))) this.#add('rate', text, 0)
  }

  heading(text: string, line: number): void {
    if (
      text.length <= 120 &&
      /\b(?:(?:web|browser|wasm|js|javascript|cpu|coin|crypto\w*|monero|online|multi|[a-z]{3,12}) ?miner|(?:web|browser|cpu|coin|crypto\w*|monero) ?mining)\b/.test(
        wordsOf(text),
      )
    )
      this.#add('name', text, line)
  }
}
