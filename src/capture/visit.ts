import type { Egress, EgressLane } from '#egress/egress.ts'
import type { ArtifactByKind, ArtifactKind, RequestArtifact } from '#model/artifact.ts'
import { artifactKinds } from '#model/artifact.ts'
import { type CaptureManifest, captureSchemaVersion } from '#model/capture.ts'
import type { Clock } from '#model/clock.ts'
import { type Collection, notCollected } from '#model/collection.ts'
import { AssayError, type ErrorRecord, messageOf } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import type { BlobStore } from '#model/store.ts'
import { pageReached } from '#derive/page-reached.ts'
import { proxyBypassList } from '#egress/browser-flags.ts'
import type { LaunchedBrowser } from './browser/launch.ts'
import { TargetTree } from './browser/target-tree.ts'
import type { TargetRouter } from './browser/target-router.ts'
import { enableDomains } from './attach.ts'
import { Cast } from './cast.ts'
import { collectorFactories } from './collectors/all.ts'
import { conditionsOf } from './conditions.ts'
import type { Target } from './collector.ts'
import { aborted, pause, within } from './deadline.ts'
import { gpuTimeMs, isGpuStuck } from './gpu-time.ts'
import { connectionArtifacts, joinHosts, joinModuleBodies, joinRequests, joinScriptBodies } from './egress-join.ts'
import type { KnownBlobs } from './known-blobs.ts'
import { type Navigation, navigate, navigationError, noProgram, wake } from './navigation.ts'
import { partFactories } from './parts.ts'
import { redactHeaders } from './seed-headers.ts'
import { VisitState } from './visit-context.ts'
import type { VisitPlan } from './visit-options.ts'
import { longerStayMs } from './stay.ts'

export interface VisitSurroundings {
  launched: LaunchedBrowser
  router: TargetRouter
  egress: Egress
  blobs: BlobStore
  knownBlobs: KnownBlobs
  clock: Clock
  /** Visits in this browser just now, this one included. */
  concurrency(): number
}

export interface VisitResult {
  manifest: CaptureManifest
  /** The browser did something that it should not: no other visit should begin in it. */
  isBrowserSick: boolean
}

/** Commands to the browser itself take milliseconds; one that takes longer has a browser that hangs. */
const browserTimeoutMs = 10_000
/** For all that is read once at the end: from a page that answers, and from one that does not. */
const snapshotMs = 10_000
const silentSnapshotMs = 8_500

/**
 * One visit to one page. Every wait is bounded, and what a page does wrong stands in the manifest.
 * Throws `BROWSER_FAILED` where the browser gave no page at all, `INTERRUPTED`, and what egress says of a bad proxy.
 */
export async function visitPage(
  visitId: string,
  seed: Seed,
  plan: VisitPlan,
  around: VisitSurroundings,
  signal: AbortSignal,
): Promise<VisitResult> {
  const lane = await around.egress.openLane({ visitId, upstreamProxy: plan.proxy })
  const stage = new Stage(visitId, seed, plan, around, lane)
  try {
    return await stage.play(signal)
  } finally {
    await lane.close()
  }
}

/** What one visit holds, from its context in the browser to its manifest. */
class Stage {
  readonly #visitId: string
  readonly #seed: Seed
  readonly #plan: VisitPlan
  readonly #around: VisitSurroundings
  readonly #lane: EgressLane
  readonly #crashed = new AbortController()
  #isSick = false
  #concurrency: number

  constructor(visitId: string, seed: Seed, plan: VisitPlan, around: VisitSurroundings, lane: EgressLane) {
    this.#visitId = visitId
    this.#seed = seed
    this.#plan = plan
    this.#around = around
    this.#lane = lane
    this.#concurrency = around.concurrency()
  }

  async play(signal: AbortSignal): Promise<VisitResult> {
    const { connection } = this.#around.launched
    const startedAt = this.#around.clock.now()
    const gpuStartMs = gpuTimeMs(connection.browser)
    const startedMonotonicMs = Number(process.hrtime.bigint()) / 1e6
    const { browserContextId } = await this.#ofBrowser(
      connection.browser.send('Target.createBrowserContext', { proxyServer: this.#lane.proxyUrl, proxyBypassList, disposeOnDetach: true }),
    )
    const userAgent = this.#plan.userAgent ?? this.#around.launched.userAgent.replace('Headless', '')
    const state = new VisitState({
      visitId: this.#visitId,
      plan: this.#plan,
      seedUrl: this.#seed.url,
      userAgent,
      product: this.#around.launched.product,
      blobs: this.#around.blobs,
      knownBlobs: this.#around.knownBlobs,
      browser: connection.browser,
      browserContextId,
      startedMonotonicMs,
      cutHost: (host, port, reason) => this.#lane.cut(host, port, reason),
    })
    const cast = new Cast(state, collectorFactories, partFactories)
    const tree = new TargetTree({
      connection,
      maxTargets: this.#plan.limits.maxTargets,
      maxPopups: this.#plan.limits.maxPopups,
      nowMs: () => state.nowMs(),
      onAttach: (target) => {
        enableDomains(target, this.#plan)
        state.attach(target)
        state.hooks.attach(target)
        cast.attach(target)
      },
      onDetach: (target) => cast.detach(target),
    })
    state.tree = tree
    state.hooks.own(noProgram)
    const forget = this.#around.router.route(browserContextId, (sessionId, info) => tree.adopt(sessionId, info, null))
    try {
      const page = await this.#openPage(tree, browserContextId)
      const { navigation, ended } = await this.#stay(page, cast, state, signal)
      if (navigation.status === 'interrupted' || signal.aborted)
        throw new AssayError('INTERRUPTED', `the visit to ${this.#seed.url} was interrupted`)
      cast.freeze()
      const collections = await cast.finish()
      await this.#dispose(browserContextId)
      if (!connection.closed && (await isGpuStuck(connection.browser, await gpuStartMs))) this.#isSick = true
      const html = await this.#documentOf(collections, state.frameIdOf(page.cdpTargetId))
      const manifest = this.#manifest({ state, collections, navigation, ended, startedAt, userAgent, page, html })
      return { manifest, isBrowserSick: this.#isSick }
    } finally {
      await this.#dispose(browserContextId)
      forget()
    }
  }

  async #openPage(tree: TargetTree, browserContextId: string): Promise<Target> {
    const { browser } = this.#around.launched.connection
    browser.post('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId })
    const { width, height } = this.#plan.viewport
    const { targetId } = await this.#ofBrowser(browser.send('Target.createTarget', { url: 'about:blank', browserContextId, width, height }))
    const page = await this.#ofBrowser(tree.whenAttached(targetId))
    page.session.on('Inspector.targetCrashed', () => this.#crashed.abort())
    page.session.onClose(() => this.#crashed.abort())
    // A navigation hands what is turned on to the new process, as far as the old one has answered: so it must have.
    await this.#ofBrowser(page.session.send('Runtime.evaluate', { expression: noProgram, silent: true }))
    return page
  }

  async #stay(
    page: Target,
    cast: Cast,
    state: VisitState,
    signal: AbortSignal,
  ): Promise<{ navigation: Navigation; ended: CaptureManifest['ended'] }> {
    const crashed = this.#crashed.signal
    const navigation = await navigate(
      page,
      { url: this.#seed.url, referrer: this.#plan.referrer, timeoutMs: this.#plan.loadTimeoutMs },
      crashed,
      signal,
    )
    // An error page has nothing to stay for.
    const hasPage = navigation.status === 'loaded' || navigation.status === 'slow'
    const details: string[] = []
    if (hasPage) {
      const cut = AbortSignal.any([signal, crashed])
      await this.#dwell(page, cast, state, cut)
      if (this.#plan.returns && !cut.aborted && state.targets().some(({ type }) => type === 'service_worker'))
        details.push(...(await this.#comeBack(page, cast, state, cut)))
    }
    if (crashed.aborted)
      return {
        navigation,
        ended: this.#around.launched.connection.closed
          ? { reason: 'crashed', detail: 'the browser ended', crashed: 'browser' }
          : { reason: 'crashed', detail: "the page's process ended", crashed: 'page' },
      }
    if (signal.aborted) return { navigation, ended: { reason: 'interrupted', detail: '' } }
    if (!hasPage)
      return {
        navigation,
        ended: {
          reason: 'failed',
          detail: navigation.status === 'failed' ? navigation.reason : `no answer within ${this.#plan.loadTimeoutMs} ms`,
        },
      }
    if (navigation.status === 'slow') page.session.post('Page.stopLoading')
    const thread = await wake(page)
    await Promise.race([cast.snapshot(page, thread === 'silent' ? silentSnapshotMs : snapshotMs), aborted(crashed)])
    if (navigation.status === 'slow') details.push(`the load event did not come within ${this.#plan.loadTimeoutMs} ms`)
    if (thread === 'was-busy') details.push("the page's thread was busy at the end, was told to leave its loop and to run no more script")
    if (thread === 'silent') details.push("the page's thread did not answer at the end")
    return { navigation, ended: { reason: thread === 'awake' ? 'dwell' : 'watchdog', detail: details.join('; ') } }
  }

  /** What a service worker was installed for shows when its page is visited again. Answers with what went wrong. */
  async #comeBack(page: Target, cast: Cast, state: VisitState, cut: AbortSignal): Promise<string[]> {
    state.act({ type: 'wait', detail: 'came to the page a second time: it had installed a service worker' })
    const to = { url: this.#seed.url, referrer: this.#plan.referrer, timeoutMs: this.#plan.loadTimeoutMs }
    const { status } = await navigate(page, to, this.#crashed.signal, cut)
    if (status !== 'loaded' && status !== 'slow') return [`the second visit was ${status}`]
    await this.#dwell(page, cast, state, cut)
    return status === 'slow' ? [`the second visit's load event did not come within ${to.timeoutMs} ms`] : []
  }

  async #dwell(page: Target, cast: Cast, state: VisitState, cut: AbortSignal): Promise<void> {
    const over = new AbortController()
    const startMs = state.nowMs()
    const dwelling = cast.dwell(page, over.signal)
    await pause(this.#plan.dwellMs, cut)
    const longerMs = (): number => longerStayMs(this.#plan.dwellMs, { startMs, nowMs: state.nowMs(), events: eventsOf(state) })
    if (!cut.aborted && longerMs() > 0) {
      const endMs = state.nowMs()
      for (let ms = longerMs(); ms > 0 && !cut.aborted; ms = longerMs()) await pause(ms, cut)
      const detail = `stayed ${((state.nowMs() - endMs) / 1000).toFixed(1)} s longer: something was done or opened late`
      state.act({ type: 'wait', detail })
    }
    over.abort()
    await within(2_000, 'ending the dwell', dwelling).catch(() => undefined)
  }

  #disposed = false
  async #dispose(browserContextId: string): Promise<void> {
    const { connection } = this.#around.launched
    if (this.#disposed || connection.closed) return
    this.#disposed = true
    await within(
      browserTimeoutMs,
      'closing the visit',
      connection.browser.send('Target.disposeBrowserContext', { browserContextId }),
    ).catch(() => {
      this.#isSick = true
    })
  }

  async #ofBrowser<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(browserTimeoutMs, 'the browser', answer)
    } catch (cause) {
      this.#isSick = true
      throw new AssayError('BROWSER_FAILED', `the browser gave no page: ${messageOf(cause)}`, { cause })
    }
  }

  /** What the page's own document held at last; a gate or a form is told by its markup. */
  async #documentOf(collections: ReadonlyMap<ArtifactKind, Collection<unknown>>, rootFrame: string | undefined): Promise<string | null> {
    const documents = (collections.get('dom') as Collection<ArtifactByKind['dom']> | undefined)?.items ?? []
    const body = documents.find(({ frameId }) => frameId === rootFrame)?.html
    return body?.status === 'stored' || body?.status === 'truncated'
      ? new TextDecoder().decode(await this.#around.blobs.get(body.digest))
      : null
  }

  #manifest(o: {
    state: VisitState
    collections: Map<ArtifactKind, Collection<unknown>>
    navigation: Navigation
    ended: CaptureManifest['ended']
    startedAt: Date
    userAgent: string
    page: Target
    html: string | null
  }): CaptureManifest {
    const plan = this.#plan
    const records = this.#lane.connections()
    o.collections.set('connection', connectionArtifacts(records, this.#lane.connectionsDropped(), o.startedAt.getTime()))
    const items = <K extends ArtifactKind>(kind: K): ArtifactByKind[K][] =>
      (o.collections.get(kind) as Collection<ArtifactByKind[K]> | undefined)?.items ?? []
    const requests = items('request')
    joinRequests(requests, records)
    joinScriptBodies(requests, items('script'))
    joinModuleBodies(items('wasm'), requests)
    joinHosts(items('host'), records)
    redactHeaders(
      plan.headers.map(({ name }) => name),
      requests,
      items('websocket'),
    )
    const rootFrame = o.state.frameIdOf(o.page.cdpTargetId)
    const main = requests.findLast(
      (request) =>
        request.resourceType === 'document' &&
        request.targetId === o.page.id &&
        request.frameId === rootFrame &&
        request.initiator.type !== 'preload',
    )
    const document = items('dom').find(({ frameId }) => frameId === rootFrame)
    const finalUrl = document?.url.startsWith('http') ? document.url : (main?.url ?? this.#seed.url)
    const httpStatus = main?.response?.status ?? null
    const failure = errorOf(o.navigation, o.ended, this.#seed.url, records, main)
    const reached = pageReached({
      url: this.#seed.url,
      finalUrl,
      httpStatus,
      ...(document && failure === null ? { title: document.title, text: document.text, ...(o.html === null ? {} : { html: o.html }) } : {}),
      headers: Object.fromEntries((main?.response?.headers ?? []).map(({ name, value }) => [name.toLowerCase(), value])),
      hosts: [...new Set(items('host').map(({ host }) => host))],
      frames: items('frame').map(({ url }) => url),
      ...(failure === null ? {} : { error: `${failure.code}: ${failure.message}` }),
    })
    // An error page is none of the site's: what was asked for was not reached.
    const error: ErrorRecord | null =
      failure ??
      (reached.page === 'error' && httpStatus !== null && httpStatus >= 400
        ? { code: 'HTTP_ERROR', message: `${new URL(finalUrl).host} answered HTTP ${httpStatus}` }
        : null)
    return {
      schema: 'assay.capture',
      schemaVersion: captureSchemaVersion,
      visitId: this.#visitId,
      seed: this.#seed,
      url: this.#seed.url,
      finalUrl,
      reached: { ...reached, httpStatus },
      startedAt: o.startedAt.toISOString(),
      endedAt: new Date(o.startedAt.getTime() + o.state.nowMs()).toISOString(),
      clockOffsetMs: null,
      conditions: conditionsOf(plan, this.#around.launched, {
        userAgent: o.userAgent,
        concurrency: Math.max(this.#concurrency, this.#around.concurrency()),
      }),
      actions: o.state.actions,
      // Egress answers an http request that it refuses with a page of its own, which the browser shows as one.
      ended: failure !== null && o.ended.reason === 'dwell' ? { reason: 'failed', detail: failure.message } : o.ended,
      error,
      artifacts: Object.fromEntries(
        artifactKinds.map((kind) => [
          kind,
          o.collections.get(kind) ?? notCollected(plan.without.includes(kind) ? 'not asked for' : 'this version has no collector for it'),
        ]),
      ),
    }
  }
}

/** When something was done or opened that a page may answer with more code, in ms of the visit. */
function eventsOf(state: VisitState): number[] {
  const opened = state.targets().filter(({ type }) => type === 'page' || type.endsWith('worker'))
  const done = state.actions.filter(({ type }) => type === 'click' || type === 'key' || type === 'answer')
  // On a busy machine the visitor may not have come to clicking yet; the last that he does is to wait.
  const isBehind = state.plan.interact && !state.actions.some(({ type }) => type === 'wait')
  return [...opened.map(({ attachedAtMs }) => attachedAtMs), ...done.map(({ atMs }) => atMs), ...(isBehind ? [state.nowMs()] : [])]
}

function errorOf(
  navigation: Navigation,
  ended: CaptureManifest['ended'],
  url: string,
  records: ReturnType<EgressLane['connections']>,
  main: RequestArtifact | undefined,
): ErrorRecord | null {
  if (ended.reason === 'crashed') return { code: 'TARGET_CRASHED', message: ended.detail }
  if (navigation.status === 'failed') return navigationError(navigation.reason, url, records, main)
  if (main?.failure?.blocked === 'egress') return navigationError('', url, records, main)
  if (navigation.status === 'unanswered') return { code: 'TIMEOUT', message: `no answer from ${main?.url ?? url}` }
  return null
}
