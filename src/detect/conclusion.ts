import type { Capture } from '#model/capture.ts'
import { artifacts } from '#model/capture.ts'
import type { Activity, Blindness, Finding, Mining, Status, Verdict } from '#model/finding.ts'
import type { Conclusion } from '#model/observation.ts'
import { type LoadIndex } from '#derive/load-chain.ts'
import { siteName } from '#derive/party.ts'
import { consentOf } from './consent.ts'
import { enginesOf } from './engines.ts'
import { placeOf } from './placement.ts'
import { adviceFor, sentenceFor } from './sentences.ts'

/** The strongest activity that findings show. */
function activityOf(mining: readonly Finding[]): Activity {
  if (mining.some(({ weight }) => weight === 'hashing')) return 'hashing'
  if (mining.some(({ weight }) => weight === 'pool-contact')) return 'pool-contact'
  return mining.some(({ weight }) => weight === 'delivered') ? 'delivered' : 'none-seen'
}

interface Fold {
  status: Status
  rule: string
}

/** The fold of docs/conclusion.md: the first rule that holds. */
export function fold(input: {
  lane: Capture['manifest']['conditions']['lane']
  reached: Capture['manifest']['reached']['page']
  mining: Mining
  suspected: boolean
  referred: boolean
  blind: boolean
}): Fold {
  const { activity, consent } = input.mining
  if (input.reached === 'gate' || input.reached === 'login' || input.reached === 'error')
    return { status: 'not-observed', rule: '1: no content was reached' }
  if (input.lane === 'http')
    return activity !== 'none-seen' || input.suspected
      ? { status: 'hint', rule: 'http lane: something refers to mining' }
      : { status: 'no-hint', rule: 'http lane: nothing refers to mining' }
  if (consent === 'asked-first' && (activity !== 'none-seen' || input.referred))
    return { status: 'opt-in', rule: '2: nothing ran before the visitor was asked' }
  if (activity === 'hashing') return { status: 'active', rule: '3: hashing was seen' }
  if (activity === 'pool-contact') return { status: 'active', rule: '3: a pool was spoken to' }
  if (activity === 'delivered') return { status: 'loaded', rule: '4: miner code was delivered' }
  if (input.suspected) return { status: 'suspected', rule: '5: evidence points to mining and does not decide' }
  if (input.blind) return { status: 'inconclusive', rule: '6: nothing was found, and something could have hidden it' }
  return { status: 'none', rule: '7: nothing was found' }
}

/** Verdicts of all detectors → what the page's owner is told. */
export function conclude(capture: Capture, verdicts: readonly Verdict[], index: LoadIndex): Conclusion {
  const { manifest } = capture
  const findings = verdicts.flatMap((verdict) => verdict.findings)
  const mining = findings.filter(({ kind, weight }) => kind === 'mining' && weight !== 'context')
  const blindTo: Blindness[] = verdicts.flatMap((verdict) => verdict.blindTo)
  const activity = activityOf(mining)
  const notReached = manifest.reached.page === 'gate' || manifest.reached.page === 'login' || manifest.reached.page === 'error'
  const suspected = mining.some(({ weight }) => weight === 'suspicion')
  const consent = notReached ? 'unknown' : consentOf(capture, mining, activity)
  // Evidence that decided stands before what only pointed there.
  const deciding = mining.filter(({ weight }) => (activity === 'none-seen' ? weight === 'suspicion' : weight !== 'suspicion'))
  const { placement, chain } = placeOf(capture, [...deciding, ...enginesOf(capture, deciding, findings)], index)
  const facts: Mining = { activity, consent, placement: mining.length === 0 ? 'unknown' : placement, operator: 'unknown' }
  const referred = mining.some(({ weight, asksFirst }) => weight === 'suspicion' && asksFirst === true)
  const { status, rule } = fold({
    lane: manifest.conditions.lane,
    reached: manifest.reached.page,
    mining: facts,
    suspected,
    referred,
    blind: blindTo.length > 0,
  })
  // Where no content was reached, what a gate's page shows is not what the site does.
  const told: Mining = notReached
    ? { activity: 'none-seen', consent: 'unknown', placement: 'unknown', operator: 'unknown' }
    : status === 'opt-in' && activity === 'none-seen'
      ? { ...facts, activity: 'delivered' }
      : facts
  const accounts = accountsOf(mining)
  const about = {
    status,
    mining: told,
    rule,
    site: manifest.conditions.lane === 'file' ? 'The file' : siteName(manifest.finalUrl) || 'The page',
    isFile: manifest.conditions.lane === 'file',
    findings: notReached ? [] : findings,
    deciding,
    accounts,
    chain,
    blindTo,
    reached: manifest.reached,
    answered: artifacts(capture, 'dialog').items.some(({ about: subject, answer }) => subject === 'mining' && answer.choice === 'accepted'),
    error: manifest.error,
    cut: artifacts(capture, 'websocket').items.some((socket) => socket.cut !== undefined),
  }
  return {
    status,
    mining: told,
    sentence: sentenceFor(about),
    rule,
    advice: adviceFor(about),
    chain: notReached ? [] : chain,
    accounts: notReached ? [] : accounts,
  }
}

function accountsOf(mining: readonly Finding[]): Conclusion['accounts'] {
  const accounts = new Map<string, string | null>()
  for (const { account, service } of mining) if (account !== null) accounts.set(account, accounts.get(account) ?? service)
  return [...accounts].map(([account, service]) => ({ account, service }))
}
