/**
 * A file of PHP without its code: https://www.php.net/manual/en/language.basic-syntax.phptags.php. A `?>` in a string, a heredoc or a comment of
 * several lines does not end it, one in a comment of a line does; what is not ended goes on to the end of the file. One pass.
 */
export function withoutPhp(text: string): string {
  const parts: string[] = []
  let kept = 0
  for (const opening = /<\?(?:php\b|=|(?!xml)\s)/gi; ;) {
    opening.lastIndex = kept
    const open = opening.exec(text)
    if (open === null) break
    parts.push(text.slice(kept, open.index))
    kept = endOfCode(text, opening.lastIndex)
  }
  parts.push(text.slice(kept))
  return parts.join('')
}

/** What says that something else than code begins, or that the code ends. */
const signs = /\?>|'|"|`|#(?!\[)|\/\/|\/\*|<<<[ \t]*(['"]?)([A-Za-z_]\w*)\1\r?\n/g

function endOfCode(text: string, from: number): number {
  signs.lastIndex = from
  for (let sign = signs.exec(text); sign !== null; sign = signs.exec(text)) {
    const [found, , label] = sign
    if (found === '?>') return signs.lastIndex
    const after = signs.lastIndex
    let end: number
    if (label !== undefined) {
      const closing = new RegExp(`^[ \\t]*${label}\\b`, 'gm')
      closing.lastIndex = after
      end = closing.exec(text) === null ? text.length : closing.lastIndex
    } else if (found === '/*') {
      const at = text.indexOf('*/', after)
      end = at < 0 ? text.length : at + 2
    } else if (found === '#' || found === '//') {
      // The line or the code, whichever ends first.
      const line = /\r?\n|\?>/g
      line.lastIndex = after
      const close = line.exec(text)
      if (close === null) return text.length
      if (close[0] === '?>') return line.lastIndex
      end = line.lastIndex
    } else end = endOfString(text, found, after)
    signs.lastIndex = end
  }
  return text.length
}

function endOfString(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (sign === '\\') at++
    else if (sign === quote) return at + 1
  }
  return text.length
}
