import type { Random } from '../random.ts'
import { fillerScript, fillerStyle } from '../text/filler.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { png } from '../text/image.ts'
import { escapeHtml, headline, paragraph, siteTitle } from '../text/prose.ts'
import { type SitePlan, html, lazy, script } from './site.ts'
import type { ThirdParties } from './third-parties.ts'

export interface PageContext {
  random: Random
  host: string
  key: string
  thirdParties: ThirdParties
  plan: SitePlan
}

export interface PageParts {
  title?: string
  head?: () => string
  /** Before the article, after it. */
  top?: () => string
  bottom?: () => string
  article?: () => string
  /** Leaves the ordinary third parties away. */
  bare?: boolean
}

/** The site's front page with what such pages carry: own style and script, a library from a CDN, fonts, analytics, images. */
export function addFrontPage(context: PageContext, parts: PageParts): void {
  const { random, host, plan, thirdParties } = context
  const draw = random.fork('page')
  const style = `/${pathSegment(draw)}/${fileName(draw, 'css')}`
  const app = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
  const images = Array.from({ length: draw.int(1, 4) }, () => `/img/${fileName(draw, 'png')}`)
  plan.resources.set(host + style, {
    type: 'text/css',
    headers: { 'cache-control': 'public, max-age=600' },
    body: () => fillerStyle(draw.fork('style'), 4000),
  })
  plan.resources.set(
    host + app,
    script(() => fillerScript(draw.fork('app'), 9000)),
  )
  for (const image of images)
    plan.resources.set(host + image, { type: 'image/png', encoding: 'none', body: () => png(draw.fork(image), 64, 48) })
  const library = `https://${draw.pick(thirdParties.cdn)}/npm/${draw.hex(5)}@${draw.int(1, 5)}.${draw.int(0, 20)}.0/${fileName(draw, 'js')}`
  const metrics = `https://${draw.pick(thirdParties.analytics)}/a.js?id=${draw.hex(8)}`
  const font = `https://${draw.pick(thirdParties.fonts)}/css/${draw.hex(4)}.css`
  const prose = draw.fork('prose')
  const text = lazy(() => {
    const paragraphs = Array.from({ length: prose.int(3, 8) }, () => `<p>${paragraph(prose)}</p>`)
    return `<h1>${headline(prose)}</h1>${paragraphs.join('\n')}`
  })
  const others = parts.bare
    ? ''
    : `<link rel=stylesheet href="${font}">\n<script src="${library}"></script>\n<script async src="${metrics}"></script>`
  const document = lazy(
    () => `<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<title>${escapeHtml(parts.title ?? siteTitle(host))}</title>
<meta name=viewport content="width=device-width">
<link rel=stylesheet href="${style}">
${others}
${parts.head?.() ?? ''}
</head>
<body>
<header><a href="/">${siteTitle(host)}</a> <nav><a href="/about">About</a> <a href="/archive">Archive</a></nav></header>
${parts.top?.() ?? ''}
<main>${parts.article?.() ?? text()}
${images.map((image) => `<img src="${image}" width=64 height=48 alt="">`).join('')}</main>
<footer>&copy; ${siteTitle(host)}</footer>
<script src="${app}"></script>
${parts.bottom?.() ?? ''}
</body>
</html>
`,
  )
  plan.resources.set(
    `${host}/`,
    html(document, { headers: { 'set-cookie': `sid=${draw.hex(12)}; Path=/; Secure; HttpOnly`, 'cache-control': 'no-cache' } }),
  )
  for (const path of ['/about', '/archive'])
    plan.resources.set(
      host + path,
      html(() => `<!doctype html><meta charset=utf-8><title>${siteTitle(host)}</title><p>${paragraph(draw.fork(path))}</p>`),
    )
}
