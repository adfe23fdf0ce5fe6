// A reporter for node:test: one line of JSON an event that scripts/test.ts counts or shows.
import type { EventData } from 'node:test'
import { inspect } from 'node:util'

type TestEvent =
  | { type: 'test:pass'; data: EventData.TestPass }
  | { type: 'test:fail'; data: EventData.TestFail }
  | { type: string; data: unknown }

export type Reported =
  | { type: 'pass' | 'skip'; name: string }
  | { type: 'fail'; name: string; line: number | null; error: string; ofChildren: boolean }

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const reported = reportedOf(event)
    if (reported) yield `${JSON.stringify(reported)}\n`
  }
}

function reportedOf(event: TestEvent): Reported | null {
  if (event.type === 'test:pass') {
    const data = event.data as EventData.TestPass
    if (data.details.type === 'suite') return null
    // A todo that passes and a test that was left out are no test that passed.
    return { type: data.skip !== undefined || data.todo !== undefined ? 'skip' : 'pass', name: data.name }
  }
  if (event.type === 'test:fail') {
    const data = event.data as EventData.TestFail
    const { error, type } = data.details
    // A suite fails by its tests, which were told already; its own hooks may fail too.
    const ofChildren = 'failureType' in error && error.failureType === 'subtestsFailed'
    if (type === 'suite' && ofChildren) return null
    const cause =
      error.cause instanceof Error
        ? (error.cause.stack ?? error.cause.message)
        : typeof error.cause === 'string'
          ? error.cause
          : inspect(error, { depth: 3 })
    return { type: 'fail', name: data.name, line: data.line ?? null, error: cause, ofChildren }
  }
  return null
}
