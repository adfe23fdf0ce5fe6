import { BlockList, isIP } from 'node:net'
import { AssayError } from './errors.ts'

/** Whom an operator never visits: those who asked for it, and those whom nobody should bother. */
export interface NeverList {
  /** As they were written, one each: for whoever is to keep to the same list. */
  readonly entries: readonly string[]
  /** Why this host is not to be connected to, as a sentence; null where it may be. */
  refusal(host: string): string | null
  /** The same for an address. */
  addressRefusal(address: string): string | null
}

export const emptyNeverList: NeverList = { entries: [], refusal: () => null, addressRefusal: () => null }

/**
 * One entry a line; # begins a comment. A name stands for itself and every name below it; an address or a CIDR range for what it holds.
 * A URL stands for its host. Throws `BAD_INPUT_FILE` with the line: an entry that is not understood must not be passed over.
 */
export function parseNeverList(text: string, file: string): NeverList {
  const names = new Set<string>()
  const ranges = new BlockList()
  const entries: string[] = []
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const entry = line.replace(/#.*$/, '').trim()
    if (entry === '') continue
    const bad = (): AssayError =>
      new AssayError('BAD_INPUT_FILE', `${file}, line ${index + 1}: "${entry.slice(0, 80)}" is neither a name nor a range of addresses`)
    entries.push(entry)
    const [address = '', prefix] = entry.replace(/^\[(.*)\]$/, '$1').split('/', 2)
    const family = isIP(address)
    if (family !== 0) {
      const bits = prefix === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
      if (bits < 0 || bits > (family === 4 ? 32 : 128)) throw bad()
      ranges.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
      continue
    }
    const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(entry) ? entry : `https://${entry.replace(/^\*?\./, '')}`)
    if (url === null || (!/^[a-z]+:\/\//i.test(entry) && /[/?]/.test(entry)) || !url.hostname.includes('.')) throw bad()
    names.add(bare(url.hostname))
  }
  const addressRefusal = (text: string): string | null => {
    const address = text.replace(/^\[(.*)\]$/, '$1')
    const family = isIP(address)
    return family !== 0 && ranges.check(address, family === 4 ? 'ipv4' : 'ipv6') ? `${address} is on the never-list` : null
  }
  return {
    entries,
    addressRefusal,
    refusal(host) {
      const name = bare(host)
      for (let rest = name; rest !== '';) {
        if (names.has(rest)) return `${name} is on the never-list${rest === name ? '' : ` (as ${rest})`}`
        const dot = rest.indexOf('.')
        rest = dot < 0 ? '' : rest.slice(dot + 1)
      }
      return addressRefusal(name)
    },
  }
}

const bare = (host: string) => host.toLowerCase().replace(/\.$/, '')
