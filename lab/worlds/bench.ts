import type { World } from '../lab.ts'
import type { Content } from '../ordinary/content.ts'
import { siteTitle, paragraph } from '../text/prose.ts'
import { fillerScript, fillerStyle } from '../text/filler.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { png } from '../text/image.ts'
import { type LabSite, html, lazy, script } from '../site/site.ts'
import { siteFactory } from './table.ts'

export interface BenchPage {
  /** Octets of HTML, number of scripts (from, to), octets of all scripts together, frames, images. */
  htmlBytes: number
  scripts: readonly [number, number]
  scriptBytes: number
  frames: number
  images: number
}

export const realisticPage: BenchPage = { htmlBytes: 100_000, scripts: [8, 17], scriptBytes: 420_000, frames: 3, images: 15 }
export const heavyPage: BenchPage = { htmlBytes: 100_000, scripts: [10, 14], scriptBytes: 7_000_000, frames: 3, images: 15 }

/** Twenty realistic pages and five heavy ones: the same octets for the same seed. */
export function benchWorld(seed: number): World {
  const make = siteFactory(seed, 'bench')
  const some = (count: number, name: string, page: BenchPage): LabSite[] =>
    Array.from({ length: count }, () => {
      const content = benchContent(name, page)
      return make(() => ({ type: 'ordinary', content }), { tags: [name] })
    })
  return { seed, weeks: 1, sites: [...some(20, 'realistic', realisticPage), ...some(5, 'heavy', heavyPage)] }
}

function benchContent(name: string, page: BenchPage): Content {
  return {
    name,
    kind: null,
    build({ random, host, key, plan, thirdParties }) {
      const draw = random.fork('bench')
      const count = draw.int(page.scripts[0], page.scripts[1])
      const scripts = Array.from({ length: count }, (_, index) => {
        const isOwn = draw.chance(0.5)
        const on = isOwn ? host : draw.pick([...thirdParties.cdn, ...thirdParties.tags])
        const path = `/${pathSegment(draw)}/${key}/${index}-${fileName(draw, 'js')}`
        plan.resources.set(
          on + path,
          script(
            lazy(
              () =>
                `${fillerScript(draw.fork(index), Math.round(page.scriptBytes / count))}document.documentElement.setAttribute("data-s${index}","1");`,
            ),
          ),
        )
        return `https://${on}${path}`
      })
      const images = Array.from({ length: page.images }, (_, index) => {
        const path = `/img/${index}-${fileName(draw, 'png')}`
        plan.resources.set(host + path, {
          type: 'image/png',
          encoding: 'none',
          headers: { 'cache-control': 'public, max-age=600' },
          body: lazy(() => png(draw.fork(path), 240, 160)),
        })
        return path
      })
      const frames = Array.from({ length: page.frames }, (_, index) => {
        const on = index === 0 ? host : draw.pick(index === 1 ? thirdParties.ads : thirdParties.widgets)
        const path = `/f/${key}/${index}`
        plan.resources.set(
          on + path,
          html(
            lazy(
              () =>
                `<!doctype html><meta charset=utf-8><title>Frame</title><p>${paragraph(draw.fork(path))}</p><script>${fillerScript(draw.fork(`${path}s`), 4000)}</script>`,
            ),
          ),
        )
        return `https://${on}${path}`
      })
      plan.resources.set(`${host}/style.css`, {
        type: 'text/css',
        headers: { 'cache-control': 'public, max-age=600' },
        body: lazy(() => fillerStyle(draw.fork('style'), 30_000)),
      })
      plan.resources.set(
        `${host}/`,
        html(
          lazy(() => {
            const prose = draw.fork('prose')
            const parts = [
              ...frames.map((url) => `<iframe src="${url}" width=300 height=200></iframe>`),
              ...images.map((url) => `<img src="${url}" width=240 height=160 alt="">`),
            ]
            let body = ''
            let size = 2000
            let shown = 0
            while (size < page.htmlBytes) {
              let block = `<section class="c${prose.hex(4)}" data-id="${prose.hex(8)}"><h2><a href="/${prose.hex(6)}">${prose.hex(6)}</a></h2><p>${paragraph(prose)}</p><ul><li>${prose.hex(9)}</li><li>${prose.hex(9)}</li></ul></section>\n`
              const due = Math.floor((size / page.htmlBytes) * parts.length)
              for (; shown < due; shown++) block += parts[shown]
              body += block
              size += block.length
            }
            body += parts.slice(shown).join('')
            return `<!doctype html><html lang=en><head><meta charset=utf-8><title>${siteTitle(host)}</title><link rel=stylesheet href="/style.css">${scripts
              .slice(0, 3)
              .map((url) => `<script src="${url}"></script>`)
              .join('')}</head><body>${body}${scripts
              .slice(3)
              .map((url, index) => `<script ${index % 2 ? 'async ' : ''}src="${url}"></script>`)
              .join('')}</body></html>`
          }),
        ),
      )
    },
  }
}
