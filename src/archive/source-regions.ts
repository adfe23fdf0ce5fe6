/** A stretch of a source between two signs, which is taken out, or becomes something else. Both expressions are global and match in bounded time. */
export interface Region {
  /** A group in it names the stretch. */
  opens: RegExp
  closes(name: string): RegExp
  /** From what stands between them; nothing where it is missing. */
  becomes?(inside: string): string
  /** One that is not closed goes on to the end. Otherwise its sign is text. */
  toEnd?: boolean
}

/** Each kind in a pass of its own, that grows with the text: what has no end after one place has none after a later one either. */
export function replaceRegions(text: string, regions: readonly Region[]): string {
  let result = text
  for (const region of regions) result = replaceOne(result, region)
  return result
}

function replaceOne(text: string, { opens, closes, becomes, toEnd = false }: Region): string {
  const parts: string[] = []
  const unclosed = new Set<string>()
  let kept = 0
  opens.lastIndex = 0
  for (let open = opens.exec(text); open !== null; open = opens.exec(text)) {
    const name = open[1] ?? ''
    if (unclosed.has(name)) continue
    const closing = closes(name)
    closing.lastIndex = opens.lastIndex
    const close = closing.exec(text)
    if (close === null && !toEnd) {
      unclosed.add(name)
      continue
    }
    const inside = text.slice(opens.lastIndex, close?.index ?? text.length)
    parts.push(text.slice(kept, open.index), becomes?.(inside) ?? '')
    kept = close === null ? text.length : closing.lastIndex
    opens.lastIndex = kept
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(kept)
}
