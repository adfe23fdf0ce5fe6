import MarkdownIt from 'markdown-it'
import { withoutPhp } from './php-source.ts'
import { type Region, replaceRegions } from './source-regions.ts'

/** Longer Markdown was written by a program, octets; it would take minutes. */
export const maxMarkdownOctets = 1024 * 1024

const markdown = /\.(?:md|markdown|mkd|mdown)$/i
const html = /\.x?html?$/i
const templateFolders = /(?:^|\/)(?:_includes|_layouts|layouts?|partials|templates|views|themes?)\//i

export const liquidComment: Region = { opens: /\{%-?\s*comment\s*-?%\}/g, closes: () => /\{%-?\s*endcomment\s*-?%\}/g }
const jinjaComment: Region = { opens: /\{#/g, closes: () => /#\}/g }
const handlebarsComments: readonly Region[] = [
  { opens: /\{\{~?!--/g, closes: () => /--~?\}\}/g },
  { opens: /\{\{~?!(?!--)/g, closes: () => /\}\}/g },
]
const tagCode: Region = { opens: /<%/g, closes: () => /%>/g, toEnd: true }

/** What stands in them is shown, not run: tags of Liquid (Jekyll, Hexo) and shortcodes of Hugo. */
const shown: readonly Region[] = [
  {
    opens: /\{%-?\s*(highlight|codeblock|code|prism)\b/g,
    closes: (name) => new RegExp(`\\{%-?\\s*end${name}\\s*-?%\\}`, 'g'),
    becomes: (inside) => quoted(inside.slice(inside.indexOf('%}') + 2)),
  },
  {
    opens: /\{\{[<%]\s*(highlight|code|prism)\b/g,
    closes: (name) => new RegExp(`\\{\\{[<%]\\s*/\\s*${name}\\s*[>%]\\}\\}`, 'g'),
    becomes: (inside) => quoted(inside.slice(inside.search(/[>%]\}\}/) + 3)),
  },
]

/** Comments and server's code, by the language that an ending stands for: in another one the same signs are text. */
const languages: readonly { endings: RegExp; regions: readonly Region[] }[] = [
  { endings: markdown, regions: [liquidComment, { opens: /\{::comment\}/g, closes: () => /\{:\/(?:comment)?\}/g }, ...shown] },
  { endings: /\.(?:x?html?|liquid)$/i, regions: [liquidComment] },
  { endings: /\.(?:njk|nunjucks|twig|jinja2?|j2)$/i, regions: [jinjaComment, liquidComment] },
  { endings: /\.(?:hbs|handlebars|mustache)$/i, regions: handlebarsComments },
  { endings: /\.(?:ejs|erb|asp|aspx|jsp)$/i, regions: [tagCode] },
  { endings: /\.cshtml$/i, regions: [{ opens: /@\*/g, closes: () => /\*@/g }] },
  { endings: /\.tpl$/i, regions: [{ opens: /\{\*/g, closes: () => /\*\}/g }] },
  { endings: /\.(?:php|phtml)$/i, regions: [] },
]
const hasPhp = /\.(?:php|phtml|tpl)$/i

const languageOf = (path: string): (typeof languages)[number] | undefined => languages.find(({ endings }) => endings.test(path))

export function decodeSource(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes)
  return text.includes('\ufffd') ? new TextDecoder('latin1').decode(bytes) : text
}

export const isMarkdown = (path: string): boolean => markdown.test(path)

/** Whether a file of a folder may be the source of a page, by its name. `isSite`: the folder is the source of a site. */
export function isPageSource(path: string, isSite: boolean): boolean {
  return languageOf(path) !== undefined && (isSite || !markdown.test(path))
}

/** The same by its first octets: pages of HTML are no sources, unless they say so or lie among templates, and Markdown is a page by its front matter. */
export function mayBeSource(path: string, bytes: Uint8Array): boolean {
  if (!markdown.test(path) && (!html.test(path) || templateFolders.test(path))) return true
  return /^(?:\xef\xbb\xbf)?---[ \t]*\r?\n/.test(Buffer.from(bytes.subarray(0, 80)).toString('latin1'))
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
  if (markdown.test(path)) return head === 0 ? null : renderer.render(replaceRegions(text.slice(head), language.regions))
  const body = text.slice(head)
  const plain = replaceRegions(hasPhp.test(path) ? withoutPhp(body) : body, language.regions)
  if (html.test(path)) return plain === text ? null : plain
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

function quoted(code: string): string {
  return `<pre><code>${code.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\n', '&#10;')}</code></pre>`
}
