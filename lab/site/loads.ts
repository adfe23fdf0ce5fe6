import type { Random } from '../random.ts'
import { fillerScript } from '../text/filler.ts'
import { fileName, hostName, pathSegment } from '../text/identifiers.ts'
import { paragraph } from '../text/prose.ts'
import { forInline } from '../text/script.ts'
import type { Load } from './miner-spec.ts'
import { type Resource, html, script } from './site.ts'
import type { ThirdParties } from './third-parties.ts'

export interface LoadContext {
  load: Load
  host: string
  key: string
  random: Random
  thirdParties: ThirdParties
  /** Text of the script that is brought in. */
  main(): string
}

export interface Loaded {
  /** Host of the document that the script runs in. */
  documentHost: string
  head?: () => string
  top?: () => string
  bottom?: () => string
  /** By host + path. */
  resources: [string, Resource][]
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const inline = (text: string): string => `<script>${forInline(text)}</script>`
/** A small document for a frame. */
const frameDocument = (body: string, title = 'Widget'): string =>
  `<!doctype html><html><head><meta charset=utf-8><title>${title}</title></head><body>${body}</body></html>`

export function loadScript(context: LoadContext): Loaded {
  const { load, host, key, random, thirdParties, main } = context
  const draw = random.fork('load')
  const own = `/${pathSegment(draw)}/${fileName(draw, 'js')}`
  // A host that carries only this, beside the shared ones.
  const outside = hostName(draw, draw.pick(['static', 'jslib', 'api', 'edge', 'lb', 'files']))
  const foreign = `/${pathSegment(draw)}/${key}/${fileName(draw, 'js')}`
  const tag4 = draw.hex(4)
  const number = draw.int(1000, 9999)
  const plain = { documentHost: host, resources: [] }
  switch (load) {
    case 'inline':
      return { ...plain, bottom: () => inline(main()) }
    case 'event-handler':
      return { ...plain, bottom: () => `<img src="/img/missing-${tag4}.png" alt="" onerror="(0,eval)(atob('${base64(main())}'))">` }
    case 'own-file':
      return { ...plain, bottom: () => `<script src="${own}"></script>`, resources: [[host + own, script(main)]] }
    case 'own-module':
      return { ...plain, head: () => `<script type="module" src="${own}"></script>`, resources: [[host + own, script(main)]] }
    case 'own-library':
      // Appended to a library that the site serves itself.
      return {
        ...plain,
        head: () => `<script defer src="${own}"></script>`,
        resources: [[host + own, script(() => `${fillerScript(draw.fork('library'), 60_000)}\n;${main()}`)]],
      }
    case 'third-party':
      return {
        ...plain,
        bottom: () => `<script async src="https://${outside}${foreign}"></script>`,
        resources: [[outside + foreign, script(main)]],
      }
    case 'tag-manager': {
      const tags = draw.pick(thirdParties.tags)
      const container = `/container/${key}/tm.js`
      return {
        ...plain,
        head: () =>
          `<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({start:new Date().getTime()});var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;j.src="https://${tags}/container/"+i+"/tm.js";f.parentNode.insertBefore(j,f)})(window,document,"script","dataLayer","${key}")</script>`,
        resources: [
          [
            tags + container,
            script(
              () =>
                `${fillerScript(draw.fork('container'), 30_000)}(function(){var s=document.createElement("script");s.async=true;s.src="https://${outside}${foreign}";document.head.appendChild(s)})();`,
            ),
          ],
          [outside + foreign, script(main)],
        ],
      }
    }
    case 'fourth-party': {
      const library = draw.pick(thirdParties.cdn)
      const middle = hostName(draw, 'plugin')
      const first = `/npm/${key}/${fileName(draw, 'js')}`
      const second = `/${pathSegment(draw)}/${key}/${fileName(draw, 'js')}`
      const inject = (url: string): string =>
        `(function(){var e=document.createElement("script");e.src="${url}";(document.head||document.body).appendChild(e)})();`
      return {
        ...plain,
        head: () => `<script src="https://${library}${first}"></script>`,
        resources: [
          [library + first, script(() => `${fillerScript(draw.fork('first'), 20_000)}${inject(`https://${middle}${second}`)}`)],
          [middle + second, script(() => `${fillerScript(draw.fork('second'), 5_000)}${inject(`https://${outside}${foreign}`)}`)],
          [outside + foreign, script(main)],
        ],
      }
    }
    case 'document-write':
      return {
        ...plain,
        bottom: () => inline(`document.write(decodeURIComponent(escape(atob("${base64(`<script>${forInline(main())}</script>`)}"))))`),
      }
    case 'eval':
      return { ...plain, bottom: () => inline(`(0,eval)(decodeURIComponent(escape(atob("${base64(main())}"))))`) }
    case 'new-function':
      return {
        ...plain,
        bottom: () => `<script src="${own}"></script>`,
        resources: [
          [
            host + own,
            script(
              () => `${fillerScript(draw.fork('around'), 4_000)}new Function(decodeURIComponent(escape(atob("${base64(main())}"))))();`,
            ),
          ],
        ],
      }
    case 'cross-site-frame':
    case 'sandboxed-frame': {
      const path = `/embed/${key}/${draw.hex(4)}`
      const sandbox = load === 'sandboxed-frame' ? ' sandbox="allow-scripts"' : ''
      return {
        documentHost: outside,
        bottom: () => `<iframe src="https://${outside}${path}" width=320 height=180${sandbox}></iframe>`,
        resources: [[outside + path, html(() => frameDocument(`<p>${paragraph(draw.fork('frame'), 1)}</p>${inline(main())}`))]],
      }
    }
    case 'pop-under':
    case 'own-pop-under': {
      // Opened by the visitor's first click, wherever it falls, and put behind the page.
      const at = load === 'own-pop-under' ? host : outside
      const path = `/${pathSegment(draw)}/${key}/${draw.hex(4)}`
      const [width, height] = [draw.int(200, 420), draw.int(150, 320)]
      return {
        documentHost: at,
        bottom: () =>
          `<script>(function(){var d=0;document.addEventListener("click",function(){if(d)return;d=1;var w=open("https://${at}${path}","_blank","width=${width},height=${height},left=4000,top=3000");if(w){w.blur();window.focus()}},true)})();</script>`,
        resources: [[at + path, html(() => frameDocument(`<p>${paragraph(draw.fork('under'), 1)}</p>${inline(main())}`, 'Offers'))]],
      }
    }
    case 'srcdoc-frame':
      return { ...plain, bottom: () => `<iframe width=300 height=120 srcdoc="${attribute(frameDocument(inline(main())))}"></iframe>` }
    case 'data-frame':
      return {
        ...plain,
        bottom: () => `<iframe width=300 height=120 src="data:text/html;base64,${base64(frameDocument(inline(main())))}"></iframe>`,
      }
    case 'ad-frame': {
      const ads = draw.pick(thirdParties.ads)
      const tag = `/tag/${key}.js`
      const path = `/frame/${key}/${draw.hex(6)}`
      const unit = `/${draw.int(1000000, 99999999)}/${draw.pick(['sidebar', 'leaderboard', 'article_mid'])}_0`
      return {
        documentHost: ads,
        bottom: () =>
          `<div class="ad-slot" id="div-gpt-ad-${number}-0" aria-label="Advertisement"></div><script async src="https://${ads}${tag}"></script>`,
        resources: [
          [
            ads + tag,
            script(
              () =>
                `${fillerScript(draw.fork('tag'), 18_000)}(function(){var d=document.querySelector(".ad-slot"),f=document.createElement("iframe");f.id="google_ads_iframe_${unit}";f.name=f.id;f.title="3rd party ad content";f.width=300;f.height=250;f.setAttribute("frameborder","0");f.setAttribute("scrolling","no");f.src="https://${ads}${path}";d.appendChild(f)})();`,
            ),
          ],
          [
            ads + path,
            html(() =>
              frameDocument(
                `<a href="https://${ads}/click?b=${number}"><img src="/creative/banner.png" width=300 height=250 alt="Advertisement"></a>${inline(main())}`,
                'Advertisement',
              ),
            ),
          ],
        ],
      }
    }
  }
}

const attribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
