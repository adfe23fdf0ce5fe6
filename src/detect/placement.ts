import { artifacts, type Capture } from '#model/capture.ts'
import type { Finding, Placement } from '#model/finding.ts'
import type { ChainLink } from '#model/observation.ts'
import type { LoadIndex } from '#derive/load-chain.ts'
import { adReason } from '#derive/ad-frame.ts'
import { sameSite } from '#derive/party.ts'

/** The artifact to tell the way to, and where the miner sits. */
export interface Placed {
  placement: Placement
  chain: ChainLink[]
}

const carriers: Readonly<Record<string, number>> = { ws: 6, transport: 5, wasm: 4, script: 3, req: 2, gpu: 4, worker: 1, cpu: 0 }

/**
 * Where the miner sits: in an ad's frame, in code that a third party's script brought or that lies on a third party's host, in a
 * file of the site's own, or in the page itself. What decides is the way from the page to the code, not the host of the last file.
 */
export function placeOf(capture: Capture, findings: readonly Finding[], index: LoadIndex): Placed {
  const page = capture.manifest.finalUrl
  if (capture.manifest.conditions.lane === 'file' || findings.length === 0) return { placement: 'unknown', chain: [] }
  const cited = [...new Set(findings.flatMap((finding) => finding.evidence.map(({ artifact }) => artifact)))]
  const ads = new Set(
    artifacts(capture, 'frame')
      .items.filter((frame) => adReason(frame) !== null)
      .map(({ id }) => id),
  )
  // A request that carries a pool's messages goes to the pool, and is no code from there.
  const spoken = new Set(
    findings.filter(({ detector }) => detector === 'pool-traffic').flatMap((finding) => finding.evidence.map(({ artifact }) => artifact)),
  )
  const frames = new Map(artifacts(capture, 'frame').items.map((frame) => [frame.id, frame]))
  const places = new Map([...cited].map((artifact) => [artifact, placeOne(artifact)]))
  const placement = [...places.values()].reduce<Placement>((most, here) => (rank[here] > rank[most] ? here : most), 'unknown')
  // The chain has to show what the placement says: it ends in one of those that decided it.
  const last = [...places]
    .filter(([, here]) => here === placement)
    .map(([artifact]) => artifact)
    .toSorted((a, b) => (carriers[kindOf(b)] ?? 0) - (carriers[kindOf(a)] ?? 0))[0]
  return { placement, chain: last === undefined ? [] : withReferences(last) }

  function placeOne(artifact: string): Placement {
    const kind = kindOf(artifact)
    if (kind === 'cpu' || kind === 'dialog') return 'unknown'
    for (
      let frame = index.frameOf(artifact), hops = 0;
      frame !== null && hops < 32;
      frame = frames.get(frame)?.parentFrameId ?? null, hops++
    ) {
      if (ads.has(frame)) return 'ad'
    }
    const all = index.urls(artifact)
    // The pool's own host says whom the page talks to, not whose code talks.
    const isTalk = kind === 'ws' || kind === 'transport' || spoken.has(artifact)
    const way = isTalk ? all.slice(0, -1) : all
    const code = way.filter((url) => !url.startsWith('wasm://') && !url.startsWith('debugger://'))
    if (code.some((url) => !sameSite(url, page))) return 'third-party'
    const referred = isTalk ? [] : referencesFrom(artifact)
    if (referred.some((url) => !sameSite(url, page))) return 'third-party'
    const files = [...code, ...referred].filter((url) => url !== page && !/^(?:blob|data|about|javascript):/i.test(url) && isFile(url))
    if (
      kind === 'req' &&
      artifact.startsWith('req-') &&
      code.length > 0 &&
      code.every((url) => stripped(url) === stripped(page) || isDocument(url)) &&
      referred.length === 0
    )
      return 'page'
    return files.length > 0 ? 'own-file' : 'page'
  }

  /** Scripts that the evidence itself names by their address: a static page refers to what nobody fetched. */
  function referencesFrom(artifact: string): string[] {
    return findings
      .flatMap((finding) => finding.evidence)
      .filter((item) => item.artifact === artifact)
      .flatMap((item) => /^(?:loads the script|loads|asked for|shows the frame) (\S+)$/.exec(item.reason)?.[1] ?? [])
      .map((url) => URL.parse(url, page)?.href ?? url)
  }

  function isDocument(url: string): boolean {
    return artifacts(capture, 'request').items.some((request) => request.url === url && request.resourceType === 'document')
  }

  function isFile(url: string): boolean {
    return stripped(url) !== stripped(page) && !isDocument(url)
  }

  function withReferences(artifact: string): ChainLink[] {
    const chain = index.chain(artifact)
    const named = referencesFrom(artifact).filter((url) => !chain.some((link) => link.url === url))
    return [...chain, ...named.slice(0, 1).map((url): ChainLink => ({ url, artifact: null, how: 'loads the script' }))]
  }
}

const rank: Readonly<Record<Placement, number>> = { unknown: 0, page: 1, 'own-file': 2, 'third-party': 3, ad: 4 }

function kindOf(artifact: string): string {
  return artifact.slice(0, artifact.lastIndexOf('-'))
}

function stripped(url: string): string {
  return url.replace(/#.*$/, '')
}
