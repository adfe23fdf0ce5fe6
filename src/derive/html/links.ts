import { Tokenizer, TokenizerMode, type Token } from 'parse5'

const mostLinks = 5000
/** Their content is text: https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inhead */
const rawText: ReadonlySet<string> = new Set(['style', 'xmp', 'iframe', 'noembed', 'noframes'])
const mostChars = 4 * 1024 * 1024

/** Where a document's links lead (`a` and `area`, HTML 4.6), resolved, in its order; one pass over its tokens. Pure. */
export function linksOf(html: string, documentUrl: string): string[] {
  const links: string[] = []
  let base = documentUrl
  let hasBase = false
  const ignore = (): void => {}
  const onStartTag = (token: Token.TagToken): void => {
    if (token.tagName === 'script') tokenizer.state = TokenizerMode.SCRIPT_DATA
    else if (token.tagName === 'title' || token.tagName === 'textarea') tokenizer.state = TokenizerMode.RCDATA
    else if (rawText.has(token.tagName)) tokenizer.state = TokenizerMode.RAWTEXT
    const href = token.attrs.find(({ name }) => name === 'href')?.value.trim()
    if (href === undefined) return
    if (token.tagName === 'base' && !hasBase) {
      hasBase = true
      base = URL.parse(href, documentUrl)?.href ?? documentUrl
    } else if ((token.tagName === 'a' || token.tagName === 'area') && links.length < mostLinks && !token.attrs.some(isNoFollow)) {
      const url = URL.parse(href, base)
      if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) links.push(url.href)
    }
  }
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag,
      onEndTag: ignore,
      onCharacter: ignore,
      onWhitespaceCharacter: ignore,
      onNullCharacter: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
      onParseError: null,
    },
  )
  tokenizer.write(html.slice(0, mostChars), true)
  return links
}

/** A site says of a link that a robot should leave it: https://html.spec.whatwg.org/#link-type-nofollow */
function isNoFollow({ name, value }: { name: string; value: string }): boolean {
  return name === 'rel' && value.toLowerCase().split(/\s+/).includes('nofollow')
}
