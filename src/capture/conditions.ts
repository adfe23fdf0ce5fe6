import { availableParallelism } from 'node:os'
import { parseUpstreamProxy } from '#egress/upstream.ts'
import type { Conditions } from '#model/capture.ts'
import type { LaunchedBrowser } from './browser/launch.ts'
import type { VisitPlan } from './visit-options.ts'

/** Under which conditions a visit was made. What may be a secret (values of headers, the user of a proxy) is not among them. */
export function conditionsOf(
  plan: VisitPlan,
  launched: Pick<LaunchedBrowser, 'product' | 'sandbox'>,
  visit: { userAgent: string; concurrency: number },
): Conditions {
  return {
    lane: 'browser',
    vantage: plan.vantage,
    userAgent: visit.userAgent,
    language: plan.language,
    viewport: plan.viewport,
    profile: plan.profile,
    dwellMs: plan.dwellMs,
    consent: plan.consent,
    proxy: plan.proxy === null ? null : parseUpstreamProxy(plan.proxy).label,
    extraHeaders: plan.headers.map(({ name }) => name),
    ...(plan.referrer === null ? {} : { referrer: plan.referrer }),
    browser: launched.product,
    sandbox: launched.sandbox,
    cpuRate: plan.cpuRate,
    cores: availableParallelism(),
    ...(plan.toldCores === null ? {} : { toldCores: plan.toldCores }),
    debuggerOn: plan.debuggerOn,
    wallet: plan.wallet,
    concurrency: visit.concurrency,
  }
}
