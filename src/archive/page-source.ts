import type { Region } from './source-regions.ts'

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

export const languageOf = (path: string): (typeof languages)[number] | undefined => languages.find(({ endings }) => endings.test(path))

export const isMarkdown = (path: string): boolean => markdown.test(path)
export const isHtmlFile = (path: string): boolean => html.test(path)

/** Whether a file of a folder may be the source of a page, by its name. `isSite`: the folder is the source of a site. */
export function isPageSource(path: string, isSite: boolean): boolean {
  return languageOf(path) !== undefined && (isSite || !markdown.test(path))
}

/** The same by its first octets: pages of HTML are no sources, unless they say so or lie among templates, and Markdown is a page by its front matter. */
export function mayBeSource(path: string, bytes: Uint8Array): boolean {
  if (!markdown.test(path) && (!html.test(path) || templateFolders.test(path))) return true
  return /^(?:\xef\xbb\xbf)?---[ \t]*\r?\n/.test(Buffer.from(bytes.subarray(0, 80)).toString('latin1'))
}

function quoted(code: string): string {
  return `<pre><code>${code.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\n', '&#10;')}</code></pre>`
}
