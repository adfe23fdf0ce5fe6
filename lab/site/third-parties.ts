import { fillerScript, fillerStyle } from '../text/filler.ts'
import { hostName } from '../text/identifiers.ts'
import { png } from '../text/image.ts'
import { Random } from '../random.ts'
import { type LabRequest, type Resource, html, lazy, script } from './site.ts'

/** Made once, kept while they are among the last so many. */
const resourcesKept = 400

/** Services that many sites of a lab share. */
export interface ThirdParties {
  cdn: string[]
  tags: string[]
  ads: string[]
  analytics: string[]
  fonts: string[]
  consent: string[]
  widgets: string[]
  all: string[]
  /** Answers what does not belong to one site; null for a host that is none of these. */
  respond(request: LabRequest): Resource | null
}

export function thirdParties(seed: number): ThirdParties {
  const random = new Random(`third-parties/${seed}`)
  const some = (hint: string, count: number): string[] => Array.from({ length: count }, () => hostName(random, hint))
  const hosts = {
    cdn: some('cdn', 3),
    tags: some('tags', 2),
    ads: some('adserve', 3),
    analytics: some('metrics', 2),
    fonts: some('fonts', 1),
    consent: some('cookiechoice', 2),
    widgets: some('widgets', 2),
  }
  const roleOf = new Map(Object.entries(hosts).flatMap(([role, names]) => names.map((name) => [name, role] as const)))
  const kept = new Map<string, Resource>()
  function make(request: LabRequest, role: string): Resource {
    const own = new Random(`${seed}/${request.host}${request.path}`)
    if (request.path.endsWith('.css')) {
      const face = `@font-face{font-family:"Lab ${own.int(1, 9)}";src:url(/f/${own.hex(6)}.woff2) format("woff2")}`
      return {
        type: 'text/css',
        headers: { 'access-control-allow-origin': '*' },
        body: () => `${role === 'fonts' ? face : ''}${fillerStyle(own, 3000)}`,
      }
    }
    if (request.path.endsWith('.woff2'))
      return { type: 'font/woff2', headers: { 'access-control-allow-origin': '*' }, body: () => own.bytes(9000), encoding: 'none' }
    if (request.path.endsWith('.png') || request.path.endsWith('.gif'))
      return { type: 'image/png', body: () => png(own, role === 'ads' ? 300 : 16, role === 'ads' ? 250 : 16), encoding: 'none' }
    if (request.path === '/collect')
      return {
        status: 204,
        type: 'text/plain',
        headers: { 'access-control-allow-origin': '*', 'set-cookie': `lab_uid=${own.hex(16)}; Path=/; Secure; SameSite=None` },
        body: () => '',
      }
    if (role === 'ads' && request.path.startsWith('/frame')) {
      return html(
        () =>
          `<!doctype html><title>Advertisement</title><body style="margin:0"><a href="/click?c=${own.hex(8)}"><img src="/creative/${own.hex(8)}.png" width=300 height=250 alt="Advertisement"></a>`,
      )
    }
    if (request.path.endsWith('.js')) {
      if (role === 'analytics') return script(() => analyticsScript(request.host, own))
      if (role === 'consent') return script(() => cookieBannerScript())
      return script(() => fillerScript(own, own.int(15, 70) * 1000, { readable: own.chance(0.3) }))
    }
    return { status: 404, type: 'text/plain', body: () => 'not found' }
  }
  return {
    ...hosts,
    all: [...roleOf.keys()],
    respond(request) {
      const role = roleOf.get(request.host)
      if (role === undefined) return null
      const at = request.host + request.path
      let resource = kept.get(at)
      if (resource === undefined) {
        const made = make(request, role)
        resource = { ...made, body: lazy(() => made.body()) }
        kept.set(at, resource)
        const oldest = kept.keys().next()
        if (kept.size > resourcesKept && !oldest.done) kept.delete(oldest.value)
      }
      return resource
    },
  }
}

function analyticsScript(host: string, random: Random): string {
  return `${fillerScript(random, 12_000)}(function(){var i=new Image();i.src="https://${host}/collect?u="+encodeURIComponent(location.href)+"&r="+Math.random()})();`
}

/** A banner about cookies and nothing else. */
export function cookieBannerScript(): string {
  return `(function(){function s(){var d=document.createElement("div");d.id="cookie-banner";d.setAttribute("role","dialog");d.setAttribute("aria-label","Cookie consent");d.style.cssText="position:fixed;left:0;right:0;bottom:0;background:#fff;border-top:1px solid #999;padding:16px;z-index:9999";d.innerHTML="<p>We use cookies to improve your experience, to analyse traffic and to show personalised ads. You can accept or reject non-essential cookies.</p>";["Accept all","Reject all"].forEach(function(t){var b=document.createElement("button");b.textContent=t;b.onclick=function(){d.remove();document.cookie="cookie_consent="+encodeURIComponent(t)+"; path=/"};d.appendChild(b)});document.body.appendChild(d)}document.body?s():addEventListener("DOMContentLoaded",s)})();`
}
