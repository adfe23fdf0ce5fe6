/** Union of sets of the numbers 0 to `size` − 1. */
export class Sets {
  readonly #parent: Int32Array

  constructor(size: number) {
    this.#parent = new Int32Array(size)
    for (let at = 0; at < size; at++) this.#parent[at] = at
  }

  find(node: number): number {
    const parent = this.#parent
    let at = node
    // Halves the path for the next time.
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!
      at = parent[at]!
    }
    return at
  }

  /** The smaller number stands for both: what comes first in the caller's order names a set. */
  join(a: number, b: number): void {
    const x = this.find(a)
    const y = this.find(b)
    if (x < y) this.#parent[y] = x
    else if (y < x) this.#parent[x] = y
  }
}

/**
 * Connected components of a bipartite graph, edge by edge: site `sites[i]` has subject `subjects[i]`. Answers for each subject and then each
 * site the number of the first subject of its component; −1 for a site without an edge. 12 octets an edge and node, and no objects.
 */
export function componentsOf(
  sites: Int32Array,
  subjects: Int32Array,
  counts: { sites: number; subjects: number },
): { ofSubject: Int32Array; ofSite: Int32Array } {
  const sets = new Sets(counts.subjects + counts.sites)
  for (let edge = 0; edge < sites.length; edge++) sets.join(subjects[edge]!, counts.subjects + sites[edge]!)
  const ofSubject = new Int32Array(counts.subjects)
  for (let at = 0; at < counts.subjects; at++) ofSubject[at] = sets.find(at)
  const ofSite = new Int32Array(counts.sites)
  for (let at = 0; at < counts.sites; at++) {
    const root = sets.find(counts.subjects + at)
    ofSite[at] = root < counts.subjects ? root : -1
  }
  return { ofSubject, ofSite }
}
