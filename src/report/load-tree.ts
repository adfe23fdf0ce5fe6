import type { Component } from '#model/component.ts'
import type { DeedsByArtifact } from '#model/deed.ts'
import { ownerName } from './words.ts'

/** What the page loaded, each below what loaded it. */
export interface LoadNode {
  kind: 'page' | 'script' | 'inline' | 'module' | 'worker' | 'frame' | 'socket' | 'rest'
  /** Empty for what has no address of its own. */
  url: string
  owner: string
  party: 'first' | 'third' | 'inline'
  /** Artifact of the piece of code, for a place to go to; null for frames, workers, sockets and groups. */
  artifact: string | null
  /** How many of the kind stand here as one. */
  count: number
  /** A finding of a miner names it, or something below it. */
  isOnTheWay: boolean
  children: LoadNode[]
}

export interface TreeLimits {
  /** Lines in all. */
  lines: number
  /** Siblings without anything below them that are shown before the rest of the same owner is told as a number. */
  alike: number
  depth: number
}

export const defaultTreeLimits: TreeLimits = { lines: 60, alike: 3, depth: 8 }

/** A frame, and the document or script that shows it. */
export interface LoadedFrame {
  url: string
  loader: string
}

export interface Loaded {
  components: readonly Component[]
  frames: readonly LoadedFrame[]
  deeds: DeedsByArtifact
  /** Artifacts that findings of a miner cite. */
  named: ReadonlySet<string>
}

/** From the loaders that each piece of code names. Bounded: what is left out is counted. */
export function loadTree(page: string, { components, frames, deeds, named }: Loaded, limits: TreeLimits = defaultTreeLimits): LoadNode {
  const root: LoadNode = { ...emptyNode(), kind: 'page', url: page, party: 'first' }
  const places = new Map<LoadNode, Map<string, LoadNode>>()
  const byUrl = new Map(components.filter(({ party }) => party !== 'inline').map((component) => [component.url, component]))
  const below = (parent: LoadNode, key: string, make: () => LoadNode): LoadNode => {
    const children = places.get(parent) ?? new Map<string, LoadNode>()
    places.set(parent, children)
    const there = children.get(key)
    if (there !== undefined) return there
    const node = make()
    children.set(key, node)
    parent.children.push(node)
    return node
  }
  for (const component of components) {
    let at = root
    let last = page
    const way = component.chain.slice(0, limits.depth)
    for (const url of way) {
      // A script stands there as itself and as its request; the page's own blocks bear its address.
      if (url === last || url === page || url === '' || url === component.url) continue
      last = url
      at = below(at, url, () => loaderNode(url, page, byUrl.get(url)))
    }
    const isInline = component.party === 'inline'
    const kind = isModule(component) ? 'module' : isInline ? 'inline' : 'script'
    const node = below(at, kind === 'script' ? component.url : `${kind} of the same`, () => ({
      ...emptyNode(),
      kind,
      url: kind === 'script' ? component.url : '',
      owner: isInline ? '' : ownerName(component),
      party: component.party,
    }))
    node.artifact ??= component.artifact
    // What was first met as a loader of others is told as the code that it is.
    if (kind === 'script') node.kind = node.kind === 'worker' ? 'worker' : 'script'
    node.count++
    node.isOnTheWay ||= named.has(component.artifact)
    for (const deed of deeds[component.artifact] ?? [])
      if (deed.kind === 'opens-socket' || deed.kind === 'opens-connection')
        for (const url of deed.objects)
          below(node, `socket ${url}`, () => ({ ...emptyNode(), kind: 'socket', url, owner: '', party: 'third', count: 1 }))
  }
  const placed = new Set<string>()
  const note = (node: LoadNode): void => {
    placed.add(node.url)
    for (const child of node.children) note(child)
  }
  note(root)
  for (const { url, loader } of frames) {
    if (placed.has(url) || !/^https?:/i.test(url)) continue
    const at = root.children.find((node) => node.url === loader) ?? root
    below(at, url, () => loaderNode(url, page, undefined)).count++
  }
  markWay(root)
  bound(root, limits)
  return root
}

const emptyNode = (): Omit<LoadNode, 'kind'> => ({
  url: '',
  owner: '',
  party: 'inline',
  artifact: null,
  count: 0,
  isOnTheWay: false,
  children: [],
})

const isModule = ({ artifact }: Component): boolean => artifact.startsWith('wasm-')

function loaderNode(url: string, page: string, component: Component | undefined): LoadNode {
  if (component !== undefined) return { ...emptyNode(), kind: 'script', url, owner: ownerName(component), party: component.party }
  const isMade = /^(blob|data):/i.test(url)
  const host = URL.parse(url)?.hostname ?? ''
  const isOwn = isMade || host === URL.parse(page)?.hostname
  return { ...emptyNode(), kind: isMade ? 'worker' : 'frame', url, owner: isMade ? '' : host, party: isOwn ? 'first' : 'third' }
}

function markWay(node: LoadNode): boolean {
  for (const child of node.children) if (markWay(child)) node.isOnTheWay = true
  return node.isOnTheWay
}

/** What is on the way to a miner first, then what loads others; the rest by owner, as numbers. */
function bound(root: LoadNode, limits: TreeLimits): void {
  let left = limits.lines
  let level = [root]
  while (level.length > 0) {
    const next: LoadNode[] = []
    for (const node of level) {
      const sorted = node.children.toSorted((a, b) => weight(b) - weight(a))
      const kept: LoadNode[] = []
      const alike = new Map<string, number>()
      const rest = new Map<string, LoadNode>()
      for (const child of sorted) {
        const isPlain = child.children.length === 0 && !child.isOnTheWay
        const group = `${child.party} ${child.owner}`
        const count = (alike.get(group) ?? 0) + 1
        alike.set(group, count)
        if ((isPlain && count > limits.alike) || (left <= 0 && !child.isOnTheWay)) addRest(rest, group, child)
        else {
          left--
          kept.push(child)
          next.push(child)
        }
      }
      node.children = [...kept, ...bounded(rest, left)]
      left -= node.children.length - kept.length
    }
    level = next
  }
}

const weight = (node: LoadNode): number => (node.isOnTheWay ? 4 : 0) + (node.children.length > 0 ? 2 : 0) + (node.party === 'third' ? 1 : 0)

function addRest(rest: Map<string, LoadNode>, group: string, child: LoadNode): void {
  const there = rest.get(group)
  const count = countIn(child)
  if (there === undefined) rest.set(group, { ...emptyNode(), kind: 'rest', owner: child.owner, party: child.party, count })
  else there.count += count
}

/** Where even the groups are too many, they are one. */
function bounded(rest: ReadonlyMap<string, LoadNode>, left: number): LoadNode[] {
  const groups = [...rest.values()]
  if (groups.length <= Math.max(2, left)) return groups
  return [
    {
      ...emptyNode(),
      kind: 'rest',
      owner: `${groups.length} owners`,
      party: 'third',
      count: groups.reduce((sum, { count }) => sum + count, 0),
    },
  ]
}

const countIn = (node: LoadNode): number => Math.max(1, node.count) + node.children.reduce((sum, child) => sum + countIn(child), 0)
