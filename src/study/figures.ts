import type { Figure } from '#model/study-report.ts'

/** Numbers of a report, each with the sites that it rests on: what `explain` follows. */
export class Figures {
  readonly #figures = new Map<string, { figure: Figure; sites: readonly string[] }>()

  add(figure: Omit<Figure, 'sites' | 'low' | 'high' | 'of'> & Partial<Pick<Figure, 'low' | 'high' | 'of'>>, sites: Iterable<string>): void {
    const named = [...new Set(sites)].sort()
    this.#figures.set(figure.id, { figure: { low: null, high: null, of: null, ...figure, sites: named.length }, sites: named })
  }

  list(): Figure[] {
    return [...this.#figures.values()].map(({ figure }) => figure)
  }

  find(id: string): { figure: Figure; sites: readonly string[] } | null {
    return this.#figures.get(id) ?? null
  }
}

/** A group's name as a part of an identifier. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|-+$/g, '') || 'none'
