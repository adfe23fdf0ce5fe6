/** Header fields as they came: name, value, name, value (Node's `rawHeaders`). */
export type RawHeaders = readonly string[]

/** Fields that concern one connection (RFC 9110, 7.6.1), and those that say where a message ends, which every hop says anew. */
const hopByHop = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'content-length', 'http2-settings'])

/** Fields that a Connection field cannot take away: they are set by this hop or are end-to-end by definition (RFC 9110, 7.6.1). */
const notNameable = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'cache-control',
  'authorization',
  'cookie',
  'set-cookie',
  'content-type',
  'content-encoding',
])

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * What goes on to the next hop: without hop-by-hop fields, those that Connection names, Proxy-* and our own marks; fields whose
 * name is no token or whose value holds control characters are dropped or cleaned. Order, case and repetition are kept.
 */
export function forwarded(raw: RawHeaders, isDropped: (name: string) => boolean = () => false): string[] {
  const named = new Set(valuesOf(raw, 'connection').flatMap((value) => value.split(',').map((each) => each.trim().toLowerCase())))
  const out: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const lower = name.toLowerCase()
    if (!token.test(name) || hopByHop.has(lower) || lower.startsWith('proxy-') || lower.startsWith('x-assay-') || isDropped(lower)) continue
    if (named.has(lower) && !notNameable.has(lower)) continue
    out.push(name, (raw[at + 1] ?? '').replace(/[^\t\u0020-\u007e\u0080-\u00ff]/g, ''))
  }
  return out
}

/** How long the body is, as the parser has already understood it: a chunked body wins over a length (RFC 9112, 6.3). */
export function framing(raw: RawHeaders): string[] {
  if (valuesOf(raw, 'transfer-encoding').length > 0) return ['Transfer-Encoding', 'chunked']
  const length = valuesOf(raw, 'content-length')[0]
  return length !== undefined && /^\d+$/.test(length.trim()) ? ['Content-Length', length.trim()] : []
}

function valuesOf(raw: RawHeaders, name: string): string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() === name) values.push(raw[at + 1] ?? '')
  }
  return values
}

/** An absolute-form target (RFC 9112, 3.2.2) → authority and origin-form path, octets unchanged. Null for any other form or scheme. */
export function parseAbsoluteForm(target: string): { authority: string; path: string } | null {
  const match = /^http:\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i.exec(target)
  if (!match) return null
  const authority = match[1] ?? ''
  const rest = match[2] ?? ''
  const path = rest.startsWith('/') ? rest : `/${rest}`
  // Node's parser lets these pass in a target; they would end it on the next hop.
  if (/[\u0000-\u0020\u007f]/.test(path)) return null
  return { authority: /:\d+$/.test(authority) ? authority : `${authority.replace(/:$/, '')}:80`, path }
}
