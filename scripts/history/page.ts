import type { Share } from '#model/study.ts'

/** Lines of Markdown. */
export type Block = readonly string[]

export const count = (n: number): string => n.toLocaleString('en-US')

/** 0.00123 → `0.12 %`, with digits enough to tell it from nothing. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const value = share * 100
  if (value === 0) return '0 %'
  return `${value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2)} %`
}

/** `12 of 345: 3.5 % [2.0, 5.9]`. */
export function shareText({ count: k, of, estimate, low, high }: Share): string {
  const bare = (share: number | null): string => percent(share).replace(' %', '')
  return `${count(k)} of ${count(of)}: ${percent(estimate)} [${bare(low)}, ${bare(high)}]`
}

/** Days, rounded; `low` and `high` null: not reached. */
export function daysText({ estimate, low, high }: { estimate: number | null; low: number | null; high: number | null }): string {
  const days = (value: number | null): string => (value === null ? '∞' : count(Math.round(value)))
  return estimate === null ? `not reached [${days(low)}, ∞]` : `${days(estimate)} d [${days(low)}, ${days(high)}]`
}

export function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

export function markdownTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)]
}

const opening = (name: string): string => `<!-- real-history ${name} -->`
const closing = '<!-- /real-history -->'

/** Puts the blocks between their marks. Throws where a block has no place, or a place no block that is known. */
export function filled(page: string, blocks: Readonly<Record<string, Block>>, known: readonly string[]): string {
  for (const name of known) if (!page.includes(opening(name))) throw new Error(`the page has no place for ${name}`)
  return page.replaceAll(/<!-- real-history (\S+) -->\n[^]*?<!-- \/real-history -->/g, (place, name: string) => {
    if (!known.includes(name)) throw new Error(`no block is called ${name}`)
    const block = blocks[name]
    return block === undefined ? place : [opening(name), ...block, closing].join('\n')
  })
}
