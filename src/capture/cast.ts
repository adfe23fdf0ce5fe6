import type { ArtifactKind } from '#model/artifact.ts'
import { type Collection } from '#model/collection.ts'
import { toErrorRecord } from '#model/errors.ts'
import type { Collector, CollectorFactory, Target, VisitContext, VisitPart } from './collector.ts'
import { within } from './deadline.ts'
import { guardedSession } from './guarded-session.ts'

const finishTimeoutMs = 20_000
/** For all kinds together: one that hangs is waited for, ten are not waited for one after the other. What is in memory takes no time. */
const finishAllMs = 30_000
const leastFinishMs = 250

interface Member {
  part: VisitPart
  collector: Collector | null
  error: unknown
}

/** Everything that takes part in one visit, each kept apart from the others' failures. */
export class Cast {
  readonly #members: Member[]
  readonly #guarded = new Map<Member, Map<Target, Target>>()
  #frozen = false

  constructor(
    context: VisitContext,
    collectors: { readonly [K in ArtifactKind]?: CollectorFactory<K> },
    parts: readonly ((context: VisitContext) => VisitPart)[],
  ) {
    this.#members = [
      ...parts.map((make) => ({ part: make(context), collector: null, error: null })),
      ...Object.entries(collectors)
        .filter(([kind]) => !context.plan.without.includes(kind as ArtifactKind))
        .map(([, make]) => {
          const collector: Collector = make(context)
          return { part: collector, collector, error: null }
        }),
    ]
  }

  attach(target: Target): void {
    for (const member of this.#members) attempt(member, () => member.part.attach?.(this.#targetFor(member, target)))
  }

  detach(target: Target): void {
    if (this.#frozen) return
    for (const member of this.#members) attempt(member, () => member.part.detach?.(this.#targetFor(member, target)))
  }

  /** Resolves when every part has done its own; `signal` ends them. */
  async dwell(page: Target, signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#members.map(async (member) => attemptAsync(member, async () => member.part.dwell?.(this.#targetFor(member, page), signal))),
    )
  }

  /** What takes longer than `ms` is cut short and fails its kind. */
  async snapshot(page: Target, ms: number): Promise<void> {
    await Promise.all(
      this.#members.map(async (member) =>
        attemptAsync(member, async () =>
          within(ms, 'the snapshot', member.part.snapshot?.(this.#targetFor(member, page), ms) ?? Promise.resolve()),
        ),
      ),
    )
  }

  /** What was collected stands still from now on. */
  freeze(): void {
    this.#frozen = true
  }

  async finish(): Promise<Map<ArtifactKind, Collection<unknown>>> {
    const collections = new Map<ArtifactKind, Collection<unknown>>()
    const until = performance.now() + finishAllMs
    for (const member of this.#members) {
      if (!member.collector) continue
      const { kind } = member.collector
      try {
        const collection = await within(
          Math.max(leastFinishMs, Math.min(finishTimeoutMs, until - performance.now())),
          `finishing ${kind}`,
          member.collector.finish(),
        )
        collections.set(
          kind,
          member.error === null || collection.status === 'not-collected'
            ? collection
            : { status: 'failed', items: collection.items, error: toErrorRecord(member.error) },
        )
      } catch (error) {
        collections.set(kind, { status: 'failed', items: [], error: toErrorRecord(member.error ?? error) })
      }
    }
    return collections
  }

  #targetFor(member: Member, target: Target): Target {
    const known = this.#guarded.get(member) ?? new Map<Target, Target>()
    this.#guarded.set(member, known)
    const guarded = known.get(target) ?? {
      ...target,
      session: guardedSession(
        target.session,
        (error) => (member.error ??= error),
        () => this.#frozen,
      ),
    }
    known.set(target, guarded)
    return guarded
  }
}

function attempt(member: Member, work: () => void): void {
  try {
    work()
  } catch (error) {
    member.error ??= error
  }
}

async function attemptAsync(member: Member, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    member.error ??= error
  }
}
