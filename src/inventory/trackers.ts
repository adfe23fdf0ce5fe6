import { artifacts, type Capture } from '#model/capture.ts'
import type { Tracker, TrackerId } from '#model/tracker.ts'
import { hasTrackerMark, trackerIds } from '#derive/trackers.ts'

/** A script or document, and the artifacts that carry it. */
interface Carrier {
  artifacts: readonly { id: string }[]
  features: { trackers: readonly TrackerId[] }
}

const mostTrackers = 200
const longestUrl = 4_000

/**
 * Identifiers by which services of measurement, advertising and protection against robots know whose page it is: what documents and scripts say, and what
 * requests carry, each once with the first artifact that shows it. At most 200. A frame's document has its own owner's, a widget's script its maker's.
 */
export function trackersOf(capture: Capture, carriers: Iterable<Carrier>): Tracker[] {
  const trackers = new Map<string, Tracker>()
  const add = ({ kind, id }: TrackerId, artifact: string): void => {
    const key = `${kind} ${id}`
    if (trackers.size < mostTrackers && !trackers.has(key)) trackers.set(key, { kind, id, artifact })
  }
  for (const { artifacts: own, features } of carriers)
    for (const tracker of features.trackers) if (own[0] !== undefined) add(tracker, own[0].id)
  for (const { id, url } of artifacts(capture, 'request').items)
    if (url.length <= longestUrl && hasTrackerMark(url)) for (const tracker of trackerIds(url)) add(tracker, id)
  return [...trackers.values()]
}
