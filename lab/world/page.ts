import { Random } from '../random.ts'
import { fillerScript, fillerStyle } from '../text/filler.ts'
import { headline, paragraph, siteTitle } from '../text/prose.ts'
import type { ThirdParty, WorldSite } from './population.ts'

/** The front page of a site, with what stands in it beside its own text. */
export function frontPage(
  seed: number,
  site: WorldSite,
  parties: readonly ThirdParty[],
  version: number,
  atEnd: readonly string[],
): string {
  const frame = new Random(`world-page/${seed}/${site.number}`)
  const prose = new Random(`world-text/${seed}/${site.number}/${version}`)
  const title = siteTitle(site.host.replace('zz--', ''))
  const scripts = parties.map(({ host, path }, index) => `<script ${index % 2 ? 'async ' : ''}src="//${host}${path}"></script>`)
  const head = scripts.slice(0, 2)
  const [menu, look] = [frame.hex(5), frame.hex(4)]
  let text = ''
  for (let part = 0; text.length < site.pageBytes - 2500; part++)
    text += `<article class="c${look}" id="a${part}"><h2><a href="/${frame.hex(6)}">${headline(prose)}</a></h2>${part % 12 === 0 ? `<img src="/i/${part}.png" width=64 height=48 alt="">` : ''}<p>${paragraph(prose)}</p></article>\n`
  return `<!doctype html>
<html lang=en><head><meta charset=utf-8><title>${title}</title><meta name=viewport content="width=device-width">
<link rel=stylesheet href="/style.css">
${head.join('\n')}
</head><body>
<header><a href="/">${title}</a><nav class="m${menu}"><a href="/about">About</a><a href="/archive">Archive</a></nav></header>
<main>${extraOf(site)}${text}</main>
<footer>&copy; ${title}</footer>
<script src="/app.js"></script>
${scripts.slice(2).join('\n')}
${atEnd.join('\n')}
</body></html>
`
}

/** What talks of mining and does not mine. */
function extraOf({ kind }: WorldSite): string {
  if (kind === 'mention')
    return `<article><h2>Miners in the browser</h2><p>Some pages load a script of Coinhive and mine Monero with the visitor's processor. It looks like this:</p>
<pre>&lt;script src="https://coinhive.com/lib/coinhive.min.js"&gt;&lt;/script&gt; var miner = new CoinHive.Anonymous("YOUR-SITE-KEY"); miner.start();</pre></article>`
  if (kind === 'block-list')
    return `<script>var blockedHosts=["coinhive.com","crypto-loot.com","coinimp.com"];if(typeof CoinHive!=="undefined"){document.title="A miner is here"}</script>`
  return ''
}

export const ownScript = (seed: number, { number }: WorldSite): string => {
  const random = new Random(`world-app/${seed}/${number}`)
  return fillerScript(random, random.int(3000, 9000))
}

export const ownStyle = (seed: number, { number }: WorldSite): string => fillerStyle(new Random(`world-style/${seed}/${number}`), 3000)

export const partyScript = (seed: number, { number, bytes }: ThirdParty, version: number): string =>
  fillerScript(new Random(`world-party/${seed}/${number}/${version}`), bytes)
