/** To at most `length` code units, the end cut. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`
}

/** A URL for a narrow place: host and the end of the path, what lies between cut; the query left out. */
export function shortUrl(url: string, length: number): string {
  const parsed = URL.parse(url)
  if (parsed === null || !/^(https?|wss?):$/.test(parsed.protocol)) return shorten(url, length)
  const plain = `${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`
  if (plain.length <= length) return plain
  const file = parsed.pathname.split('/').at(-1) ?? ''
  const short = `${parsed.host}/…/${file}`
  return short.length <= length && file !== '' ? short : shorten(plain, length)
}
