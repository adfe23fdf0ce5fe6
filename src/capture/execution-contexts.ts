import type { CdpSession } from './browser/cdp.ts'

/** Follows a session's execution contexts: which of the browser's frames each belongs to, undefined for a worker's. */
export function frameOfContext(session: CdpSession): (executionContextId: number) => string | undefined {
  const frames = new Map<number, string>()
  session.on('Runtime.executionContextCreated', ({ context: { id, auxData } }) => {
    const frameId: unknown = auxData?.['frameId']
    if (typeof frameId === 'string') frames.set(id, frameId)
  })
  session.on('Runtime.executionContextDestroyed', ({ executionContextId }) => frames.delete(executionContextId))
  return (executionContextId) => frames.get(executionContextId)
}
