/** Parameters that pages draw anew at each load. */
const volatileNames = new Set(
  '_ __ cb cachebust cachebuster cache_buster nocache no_cache ts t time timestamp tstamp r rnd rand random ord correlator cid sid session sessionid uid z v_ bust _t _r _ts _rnd dc nonce u_h u_w u_ah u_aw sr vp dl dr ul de dt jid gjid tid a gtm scor ga_sid ga_vid ga_hid eid adk adf fwrn fsb xpc pvid plid callback jsonp'.split(
    ' ',
  ),
)

/** A number of ten digits or more, a random fraction, a UUID: values that no second load has. */
const volatileValue = /^(?:\d{10,}|0\.\d{6,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i

/** The URL without fragment, as one key. */
export function exactKey(url: string): string {
  const hash = url.indexOf('#')
  return hash < 0 ? url : url.slice(0, hash)
}

/** The URL without what changes from load to load, parameters in order of their names. */
export function stableKey(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url
  const kept = [...parsed.searchParams].filter(([name, value]) => !volatileNames.has(name.toLowerCase()) && !volatileValue.test(value))
  kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}?${kept.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`
}
