import thirdPartyWeb from 'third-party-web'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import type { Component } from '#model/component.ts'
import type { Gap } from '#model/gap.ts'
import { loadIndex, type LoadIndex } from '#derive/load-chain.ts'
import { hostOfUrl, registrableDomain, sameSite } from '#derive/party.ts'

const maxComponents = 2_000

export interface Inventory {
  components: Component[]
  /** Said where the list is not whole although the capture's are. */
  gaps: Gap[]
}

/** Scripts and modules of a page, each in a slot that stays the same from visit to visit as long as the page is built the same way. */
export function componentsOf(capture: Capture, index: LoadIndex = loadIndex(capture)): Inventory {
  const page = capture.manifest.finalUrl
  const ordinals = new Map<string, number>()
  const components: Component[] = []
  const seen = new Set<string>()
  let dropped = 0
  const add = (artifact: string, url: string, body: Body, inline: boolean): void => {
    if (components.length >= maxComponents) {
      dropped++
      return
    }
    const chain = index.chain(artifact).map((link) => link.url)
    const loader = chain.at(-2) ?? page
    const template = inline ? 'inline' : urlTemplate(url)
    const place = `${urlTemplate(loader)} > ${template}`
    const ordinal = ordinals.get(place) ?? 0
    ordinals.set(place, ordinal + 1)
    const host = inline ? hostOfUrl(page) : hostOfUrl(url)
    components.push({
      slot: `${place} #${ordinal}`,
      artifact,
      url,
      host,
      registrableDomain: registrableDomain(host),
      party: inline ? 'inline' : sameSite(url, page) ? 'first' : 'third',
      entity: entityOf(url),
      digest: body.status === 'stored' || body.status === 'truncated' ? body.digest : null,
      size: body.status === 'stored' || body.status === 'truncated' ? body.size : null,
      chain: chain.slice(0, -1),
    })
  }
  for (const script of artifacts(capture, 'script').items) {
    const inline = script.source === 'inline' || script.source === 'eval' || script.source === 'event-handler' || script.url === ''
    if (!inline) seen.add(script.url)
    add(script.id, script.url === '' ? page : script.url, script.body, inline)
  }
  for (const request of artifacts(capture, 'request').items)
    if (request.resourceType === 'script' && !seen.has(request.url)) add(request.id, request.url, request.body, false)
  for (const wasm of artifacts(capture, 'wasm').items) add(wasm.id, wasm.url, wasm.body, wasm.url.startsWith('wasm://'))
  const gaps: Gap[] =
    dropped === 0
      ? []
      : [
          {
            artifact: 'component',
            status: 'truncated',
            kept: components.length,
            dropped,
            reason: `more than ${maxComponents} pieces of code`,
          },
        ]
  return { components, gaps }
}

/**
 * A URL with what changes from build to build cut out: query, fragment, versions, digests and numbers in the path. What is left names the
 * slot, not its filling.
 */
export function urlTemplate(url: string): string {
  if (/^(data|blob|wasm|about|javascript):/i.test(url)) return `${/^[a-z]+/i.exec(url)![0].toLowerCase()}:`
  const parsed = URL.parse(url)
  if (parsed === null) return url.slice(0, 200)
  const path = parsed.pathname
    .split('/')
    .map((segment) =>
      segment
        .replace(/(?<=^|[._@v-])\d+(\.\d+)+/g, '*')
        .replace(/(?<=^|[._-])(?=[0-9a-f]*\d)[0-9a-f]{8,64}(?=$|[._-])/gi, '*')
        .replace(/\d{4,}/g, '*'),
    )
    .join('/')
  return `${parsed.host}${path}`.slice(0, 300)
}

function entityOf(url: string): Component['entity'] {
  const entity = /^https?:/i.test(url) ? thirdPartyWeb.getEntity(url) : undefined
  return entity === undefined ? null : { name: entity.name, source: 'third-party-web' }
}
