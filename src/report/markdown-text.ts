import { inert } from './escape.ts'

/**
 * Text of a page → Markdown (CommonMark 0.31, GFM 0.29) that shows just that text. Whatever a renderer or a code host could make something of on
 * its own account (an address, a mention, a reference to an issue) becomes code, in which nothing is read; the rest is escaped.
 */
export function plainText(text: string, maxLength = 4_000): string {
  return inert(text, maxLength)
    .trim()
    .split(/(\s+)/)
    .map((word) => {
      if (!active.test(word)) return escapeWord(word)
      const [, inner = word, end = ''] = /^(.*?)([,.;:)]*)$/.exec(word) ?? []
      return codeText(inner) + escapeWord(end)
    })
    .join('')
}

/** Lists, headings and rules are only read where a word begins. */
function escapeWord(word: string): string {
  return word
    .replace(/[\\`*_{}[\]<>#|~$&!]/g, (char) => entity.get(char) ?? `\\${char}`)
    .replace(/^[-+=]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
}

/** Autolinks of GFM, and what code hosts make links of: addresses, `@names`, `#1`, `GH-1`, digests of commits. */
const active = /:\/\/|www\.|@|#\d|^gh-\d|mailto:|xmpp:|\b[0-9a-f]{7,64}\b/i
const entity = new Map([
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
])

/** Text as code: nothing inside is read. A fence longer than any in the text holds it; a pipe would end a cell of a table. */
export function codeText(text: string, maxLength = 4_000): string {
  const shown = inert(text, maxLength).trim().replaceAll('|', '\\u{7c}')
  if (shown === '') return '` `'
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const room = shown.startsWith('`') || shown.endsWith('`') ? ' ' : ''
  return `${fence}${room}${shown}${room}${fence}`
}
