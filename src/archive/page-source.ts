import { micromark } from 'micromark'

/** Larger files are nothing that somebody wrote, octets. */
export const maxSourceOctets = 1024 * 1024

const markdown = /\.(?:md|markdown|mkd|mdown)$/i
const templates = /\.(?:hbs|handlebars|mustache|liquid|njk|nunjucks|twig|jinja2?|j2|ejs|erb|php|phtml|tpl|asp|aspx|jsp|cshtml)$/i
const templateFolders = /(?:^|\/)(?:_includes|_layouts|layouts?|partials|templates|views|themes?)\//i
const html = /\.x?html?$/i

/** https://jekyllrb.com/docs/front-matter/: what makes a file of a site's source a page; a README has none. */
const frontMatter = /^\ufeff?---[ \t]*\r?\n[\s\S]{0,50000}?\r?\n---[ \t]*(?:\r?\n|$)/

/** Comments of Liquid, Jinja and Twig, Handlebars, EJS and ERB, JSP: no page has what stands in them. */
const comments =
  /\{%-?\s*comment\b[\s\S]{0,100000}?endcomment\s*-?%\}|\{#[\s\S]{0,20000}?#\}|\{\{!--[\s\S]{0,20000}?--\}\}|\{\{![^}]{0,5000}\}\}|<%(?:#|--)[\s\S]{0,20000}?%>/g
/** Code that runs on the server, and prints what nobody here knows. */
const serverCode = /<\?(?:php|=)[\s\S]{0,200000}?(?:\?>|$)|<%[\s\S]{0,50000}?%>/gi
/** What stands in them is shown, not run. */
const quoting =
  /\{%-?\s*(highlight|codeblock|code|raw|verbatim)\b[^%]{0,300}-?%\}([\s\S]{0,100000}?)\{%-?\s*end\1\s*-?%\}|\{\{<\s*(highlight|code)\b[^>]{0,300}>\}\}([\s\S]{0,100000}?)\{\{<\s*\/\3\s*>\}\}/g

export function decodeSource(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes)
  return text.includes('\ufffd') ? new TextDecoder('latin1').decode(bytes) : text
}

/** Whether a file of a folder may be the source of a page, by its name. `isSite`: the folder is the source of a site. */
export function isPageSource(path: string, isSite: boolean): boolean {
  return (isSite && markdown.test(path)) || templates.test(path) || html.test(path)
}

/** The same by its first octets: pages of HTML are no sources, unless they say so or lie among templates. */
export function mayBeSource(path: string, bytes: Uint8Array): boolean {
  return templates.test(path) || templateFolders.test(path) || Buffer.from(bytes.subarray(0, 6)).includes('---')
}

/**
 * The page that a file of a site's source becomes, without the layout and the parts around it, which are files of their own: Markdown with its
 * front matter rendered (CommonMark, with the HTML in it as every generator keeps it), a template without its comments and its server's code. Null
 * where it is no page. HTML that is no template stays what it is, and is null too.
 */
export function renderSource(path: string, text: string): string | null {
  if (markdown.test(path)) {
    const head = frontMatter.exec(text)
    if (head === null) return null
    const body = text.slice(head[0].length).replace(comments, '').replace(quoting, quoted)
    return micromark(body, { allowDangerousHtml: true, allowDangerousProtocol: true })
  }
  const head = frontMatter.exec(text)
  if (html.test(path)) {
    if (head === null && !templateFolders.test(path)) return null
    const plain = text.slice(head?.[0].length ?? 0).replace(comments, '')
    return plain === text ? null : plain
  }
  if (!templates.test(path)) return null
  const plain = text
    .slice(head?.[0].length ?? 0)
    .replace(comments, '')
    .replace(serverCode, '')
  return /<(?:script|html|head|body|div|iframe|main|p|a|form|img|link)\b/i.test(plain) ? plain : null
}

function quoted(
  _: string,
  _tag: string | undefined,
  liquid: string | undefined,
  _hugo: string | undefined,
  code: string | undefined,
): string {
  const escaped = (liquid ?? code ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\n', '&#10;')
  return `<pre><code>${escaped}</code></pre>`
}
