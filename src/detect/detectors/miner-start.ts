import type { CallFeature } from '#derive/javascript/features.ts'
import type { Finding } from '#model/finding.ts'
import { addressOf } from '#derive/pool/account.ts'
import { isSiteKey } from '#derive/site-key.ts'
import { defineDetector, evidence } from '../contract.ts'
import { referencesOf } from '../service-sights.ts'

/**
 * A miner under a name that nobody knows, told by how it is started: Coinhive's interface with a key of its form and a start, a function
 * named after mining that is given an address of a coin, a widget with a key and a miner's parameters, or an address of a miner that names who is paid.
 */
export const detector = defineDetector({
  meta: {
    id: 'miner-start',
    version: '2',
    title: 'Start of a miner by its interface',
    kinds: ['mining'],
    limits: 'By the names of the interface; a copy whose functions were renamed too is told by its code or traffic.',
  },
  needs: { artifacts: ['script', 'request', 'frame', 'websocket'], features: ['javascript', 'html'] },
  hiddenBy: [],
  detect(input) {
    // These are told by name.
    const known = new Set(input.signatures.flatMap(({ calls }) => calls.filter(({ weak }) => !weak).map(({ name }) => name)))
    const started = input.features.javascript.flatMap((script): Finding[] => {
      const [artifact] = script.artifacts
      if (artifact === undefined || !script.runs) return []
      const { calls } = script.features
      for (const call of calls) {
        if (known.has(call.name)) continue
        const account = paidBy(call, calls)
        if (account === null) continue
        const at = [...script.within, ...(call.place.line > 0 ? [`line ${call.place.line}`] : [])].join(', ') || 'whole'
        const reason = `calls ${call.isNew ? 'new ' : ''}${call.name.slice(0, 80)} with the account ${account.slice(0, 12)}…${call.isNew ? ', and starts it' : ''}`
        return [found('Starts what has the interface of a miner', account, evidence(input, artifact.id, at, reason))]
      }
      // What frames and scripts are loaded from is put together here; a list of many is a list.
      const urls = [...script.features.urls, ...script.features.minerPages]
      const paid = urls.length > 20 ? null : paidFor(urls)
      if (paid === null) return []
      const reason = `holds the address ${paid.url.slice(0, 160)}`
      return [
        found('Loads a miner for an account', paid.account, evidence(input, artifact.id, script.within.join(', ') || 'whole', reason)),
      ]
    })
    const knownElements = new Set(input.signatures.flatMap(({ elements }) => elements.map(({ value }) => value)))
    const shown = input.features.html.flatMap((page): Finding[] => {
      const [artifact] = page.artifacts
      const widget = page.features.minerWidgets.find(({ named }) => named === null || !knownElements.has(named))
      if (artifact === undefined || !page.runs || widget === undefined) return []
      const beside = [...(widget.named === null ? [] : [widget.named]), ...widget.knobs].join(', ')
      const reason = `<${widget.name}> has the account ${widget.account.slice(0, 12)}… beside ${beside}`
      return [found('Holds the widget of a miner', widget.account, evidence(input, artifact.id, `line ${widget.line}`, reason))]
    })
    const loaded = referencesOf(input).flatMap(({ url, artifact, at, how }): Finding[] => {
      const paid = paidFor([url])
      if (paid === null) return []
      return [found('Loads a miner for an account', paid.account, evidence(input, artifact, at, `${how} ${url.slice(0, 200)}`))]
    })
    return [...started, ...shown, ...loaded.slice(0, 1)]
  },
})

function found(title: string, account: string, cited: Finding['evidence'][number]): Finding {
  return { detector: 'miner-start', kind: 'mining', weight: 'suspicion', family: null, service: null, account, title, evidence: [cited] }
}

const payeeNames = /^(?:key|site_?key|k|wallet|address|addr|user|username|login|pa|account|id)$/i
const minerPath =
  /(?:^|[^a-z])(?:(?:[a-z]{0,12}[-_]?)miner|mine|(?:[a-z]{0,12}[-_]?)mining)(?:[-_.]?[a-z0-9]{0,8})(?:\.(?:js|html?|php))?\/?$/i

/** The one of these addresses that belongs to a miner and names who is paid: a key of a site, or an address of a coin. */
function paidFor(urls: readonly string[]): { url: string; account: string } | null {
  for (const url of urls) {
    const parsed = url.includes('?') ? URL.parse(url, 'https://unknown.invalid/') : null
    if (parsed === null || !minerPath.test(parsed.pathname)) continue
    for (const [name, value] of parsed.searchParams)
      if (payeeNames.test(name) && (isSiteKey(value) || (value.length >= 90 && addressOf(value)?.address === value)))
        return { url, account: value }
  }
  return null
}

function paidBy(call: CallFeature, calls: readonly CallFeature[]): string | null {
  const [first] = call.arguments
  if (/\.(?:Anonymous|User|Token)$/.test(call.name)) {
    if (typeof first !== 'string' || !isSiteKey(first)) return null
    const ofOwn = calls.some(({ name }) => name === `${call.name}().start`)
    // A user or token with a key is of many libraries: it has to be what is started.
    return ofOwn || (call.name.endsWith('.Anonymous') && calls.some(({ name }) => name.endsWith('.start'))) ? first : null
  }
  if (!/min(?:ing|er)$/i.test(call.name)) return null
  for (const value of call.arguments)
    if (typeof value === 'string' && value.length >= 90 && addressOf(value)?.address === value) return value
  return null
}
