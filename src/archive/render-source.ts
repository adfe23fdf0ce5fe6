import MarkdownIt from 'markdown-it'
import { isHtmlFile, isMarkdown, languageOf } from './page-source.ts'
import { withoutPhp } from './php-source.ts'
import { replaceRegions } from './source-regions.ts'

const hasPhp = /\.(?:php|phtml|tpl)$/i

export function decodeSource(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes)
  return text.includes('\ufffd') ? new TextDecoder('latin1').decode(bytes) : text
}

/**
 * The page that a file of a site's source becomes, without the layout and the parts around it, which are files of their own, and without what its
 * server's code prints: Markdown rendered (CommonMark, with the HTML in it as every generator keeps it), a template without its comments and its code.
 * Null where it is no page. HTML that is no template stays what it is, and is null too. In time that grows with its length; Markdown nearly so.
 */
export function renderSource(path: string, text: string): string | null {
  const language = languageOf(path)
  if (language === undefined) return null
  const head = frontMatterEnd(text)
  if (isMarkdown(path)) return head === 0 ? null : renderer.render(replaceRegions(text.slice(head), language.regions))
  const body = text.slice(head)
  const plain = replaceRegions(hasPhp.test(path) ? withoutPhp(body) : body, language.regions)
  if (isHtmlFile(path)) return plain === text ? null : plain
  return /<(?:script|html|head|body|div|iframe|main|p|a|form|img|link)\b/i.test(plain) ? plain : null
}

const renderer = new MarkdownIt('commonmark', { html: true })

/** Where the front matter ends (https://jekyllrb.com/docs/front-matter/); 0 where there is none. A read-me has none. */
function frontMatterEnd(text: string): number {
  const opening = /^\ufeff?---[ \t]*\r?\n/.exec(text)
  if (opening === null) return 0
  const closing = /^---[ \t]*(?:\r?\n|$)/gm
  closing.lastIndex = opening[0].length
  const end = closing.exec(text.slice(0, 100_000))
  return end === null ? 0 : end.index + end[0].length
}
