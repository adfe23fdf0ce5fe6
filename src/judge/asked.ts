import { artifacts, type Capture } from '#model/capture.ts'
import type { Question } from '#model/observation.ts'

/** Which questions the evidence at hand could answer. A saved page says nothing of load, a lone module nothing of traffic. */
export function askedOf(capture: Capture): Question[] {
  const { lane } = capture.manifest.conditions
  const collected = (kind: 'websocket' | 'cpu' | 'dialog' | 'script' | 'wasm'): boolean =>
    artifacts(capture, kind).status !== 'not-collected'
  const hasDocument =
    artifacts(capture, 'request').items.some(({ resourceType, body }) => resourceType === 'document' && body.status === 'stored') ||
    artifacts(capture, 'dom').items.length > 0
  const hasCode =
    hasDocument ||
    artifacts(capture, 'script').items.length > 0 ||
    artifacts(capture, 'wasm').items.length > 0 ||
    artifacts(capture, 'request').items.some(({ resourceType }) => resourceType === 'script')
  const asked: Question[] = ['mining']
  if (lane !== 'file') asked.push('components')
  if (lane === 'browser' ? collected('dialog') : lane === 'archive' && hasDocument) asked.push('consent')
  if (collected('cpu')) asked.push('load')
  if (collected('websocket')) asked.push('traffic')
  if (hasCode || lane === 'browser') asked.push('code')
  return asked
}
