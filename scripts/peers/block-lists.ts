import { readFileSync } from 'node:fs'
import type { Peer } from './peer.ts'

/** Lines of hosts, of hosts files, of Adblock rules and of browsers' match patterns → what matches an address. */
export class BlockList {
  readonly #hosts = new Set<string>()
  readonly #patterns: RegExp[] = []

  constructor(text: string) {
    const lines = text.trimStart().startsWith('[') || text.trimStart().startsWith('{') ? stringsOf(text) : text.split('\n')
    for (const line of lines) this.#add(line.trim())
  }

  get size(): number {
    return this.#hosts.size + this.#patterns.length
  }

  #add(line: string): void {
    // Comments, rules on markup, exceptions, regular expressions of the list's own.
    if (line === '' || /^(?:[#!]|\[Adblock)/.test(line) || /#[@?$]?#/.test(line) || line.startsWith('@@') || /^\/.*\/$/.test(line)) return
    const host = /^(?:(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+)?\|{0,2}((?:[a-z0-9_-]+\.)+[a-z0-9-]+)\^?(?:\$[^/]*)?(?:\s*#.*)?$/i.exec(
      line,
    )?.[1]
    if (host !== undefined) this.#hosts.add(host.toLowerCase())
    else if (line.includes('://') || /[|^*/]/.test(line)) this.#patterns.push(patternOf(line.replace(/\$[a-z0-9~,=|.-]+$/i, '')))
  }

  matches(url: string): boolean {
    const host = URL.parse(url)?.hostname ?? ''
    for (let rest = host; rest.includes('.'); rest = rest.slice(rest.indexOf('.') + 1)) if (this.#hosts.has(rest)) return true
    return this.#patterns.some((pattern) => pattern.test(url))
  }
}

/** https://help.adblockplus.org/hc/en-us/articles/360062733293: `||`, `|`, `^` and `*`; `*://` of match patterns is one of these. */
function patternOf(rule: string): RegExp {
  const anchored = rule.startsWith('||')
  const body = rule
    .replace(/^\|{1,2}|\|$/g, '')
    .replace(/^\*:\/\/(?:\*\.)?/, '')
    .replace(/[.+?${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\^/g, '(?:[^\\w.%-]|$)')
  const start = anchored || rule.startsWith('*://') ? '^[a-z]+://(?:[^/]*\\.)?' : rule.startsWith('|') ? '^' : ''
  return new RegExp(`${start}${body}${rule.endsWith('|') ? '$' : ''}`, 'i')
}

function stringsOf(json: string): string[] {
  try {
    const found: string[] = []
    JSON.parse(json, (_, value: unknown) => (typeof value === 'string' && found.push(value), value))
    return found
  } catch {
    return []
  }
}

/** Every list alone, and all of them as one. A page is theirs where it loads what they block; a lone script, where such an address stands in it. */
export function blockLists(files: readonly { name: string; path: string }[]): Peer[] {
  const lists = files
    .map(({ name, path }) => ({ name, list: new BlockList(readFileSync(path, 'utf8')) }))
    .filter(({ list }) => list.size > 0)
  const peers = lists.map(({ name, list }): Peer => ({
    name: `list ${name} (${list.size})`,
    reads: 'page',
    flags: (sample) => sample.urls.some((url) => list.matches(url)),
  }))
  if (peers.length > 1)
    peers.push({
      name: `all ${peers.length} lists as one`,
      reads: 'page',
      flags: (sample) => lists.some(({ list }) => sample.urls.some((url) => list.matches(url))),
    })
  return peers
}

const words =
  /coin-?hive|authedmine|crypto-?loot|coinimp|jsecoin|deepminer|webminepool|minero\.cc|cryptonight|crypto-?noter|coin-?have|ppoi\.org|projectpoi|monerise|coinnebula|webmine\.cz|nfwebminer|\bminer\.(?:min\.)?js|\bminer\.start\(/i

/** What browsers' first extensions and several studies did: names in the text. */
export const keywords: Peer = {
  name: 'names in the text',
  reads: 'page',
  flags: (sample) => words.test(Buffer.from(sample.bytes()).toString('latin1')),
}
