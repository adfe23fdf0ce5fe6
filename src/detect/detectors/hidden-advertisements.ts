import type { FrameArtifact } from '#model/artifact.ts'
import { registrableDomain } from '#derive/party.ts'
import { adReason } from '#derive/ad-frame.ts'
import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { hostOf } from '../hosts.ts'

/** Advertisements that nobody can see are shown to a counter: whole pages in a hidden frame, or one that walks from site to site. */
export const detector = defineDetector({
  meta: {
    id: 'hidden-advertisements',
    version: '1',
    title: 'Hidden frames that work on advertisements',
    kinds: ['ad-worker'],
    limits:
      'A frame that is behind another or nearly transparent looks visible here; frames that only synchronise identifiers are left out.',
  },
  needs: { artifacts: ['frame', 'request'], features: [] },
  hiddenBy: [],
  detect(input) {
    const frames = input.artifacts.frame.items
    const children = Map.groupBy(frames, ({ parentFrameId }) => parentFrameId ?? '')
    const findings: Finding[] = []
    const base = {
      detector: 'hidden-advertisements',
      kind: 'ad-worker',
      weight: 'context',
      family: null,
      service: null,
      account: null,
    } as const
    for (const frame of frames) {
      if (frame.parentFrameId === undefined || !isHidden(frame)) continue
      // An advertisement's own frame may hold hidden ones: what is hidden here must be a page.
      const shown = adReason(frame) === null ? inside(frame, children).filter((inner) => isLarge(inner) && adReason(inner) !== null) : []
      if (shown.length >= 2)
        findings.push({
          ...base,
          title: 'Shows advertisements in a hidden frame',
          evidence: [
            evidence(input, frame.id, sizeOf(frame), `the frame ${frame.url.slice(0, 120)} cannot be seen`),
            ...shown.slice(0, 3).map((inner) => evidence(input, inner.id, sizeOf(inner), `in it: ${adReason(inner)}`)),
          ],
        })
      const documents = input.artifacts.request.items.filter(
        ({ frameId, resourceType, response }) => frameId === frame.id && resourceType === 'document' && (response?.status ?? 0) < 300,
      )
      const sites = new Set(documents.map(({ url }) => siteOf(hostOf(url))).filter((site) => site !== ''))
      if (documents.length >= 5 && sites.size >= 3)
        findings.push({
          ...base,
          title: 'Walks through other sites in a hidden frame',
          evidence: [
            evidence(input, frame.id, sizeOf(frame), 'the frame cannot be seen'),
            ...documents
              .slice(0, 4)
              .map(({ id, url, startedAtMs }) => evidence(input, id, `${Math.round(startedAtMs)} ms`, `it opened ${url.slice(0, 120)}`)),
          ],
        })
    }
    return findings.slice(0, 4)
  },
})

/** Frames below one, at any depth. */
function inside(frame: FrameArtifact, children: ReadonlyMap<string, readonly FrameArtifact[]>): FrameArtifact[] {
  const found: FrameArtifact[] = []
  const stack = [...(children.get(frame.id) ?? [])]
  for (let next = stack.pop(); next !== undefined && found.length < 200; next = stack.pop()) {
    found.push(next)
    stack.push(...(children.get(next.id) ?? []))
  }
  return found
}

/** A frame of which nothing is known is not hidden. */
function isHidden({ box }: FrameArtifact): boolean {
  return box !== undefined && (!box.visible || box.width <= 2 || box.height <= 2 || box.x + box.width <= -50 || box.y + box.height <= -50)
}

const isLarge = ({ box }: FrameArtifact): boolean => box !== undefined && box.width >= 100 && box.height >= 40

const sizeOf = ({ box }: FrameArtifact): string =>
  box === undefined ? 'frame' : `${Math.round(box.width)} × ${Math.round(box.height)} at ${Math.round(box.x)}, ${Math.round(box.y)}`

const siteOf = (host: string): string => registrableDomain(host) ?? host
