import type { Capture } from '#model/capture.ts'
import type { Verdict } from '#model/finding.ts'
import type { Conclusion, FollowUp, FollowUpRule, VisitChange } from '#model/observation.ts'
import type { BlobStore } from '#model/store.ts'
import type { Derived } from '#detect/contract.ts'

/** Names by which a script asks who visits it, as they stand in its text. */
const names = {
  automation: ['webdriver', 'callPhantom', '_phantom', '__nightmare', '$cdc_', 'HeadlessChrome'],
  phone: ['maxTouchPoints'],
} as const

/** What scripts that start workers or WebAssembly ask of their visitor. */
export interface AskedOfVisitor {
  /** Whether it is a program. */
  automation: boolean
  /** Whether it is a phone. */
  phone: boolean
}

export const nothingAsked: AskedOfVisitor = { automation: false, phone: false }

const maxScripts = 40
const maxBytes = 4 * 1024 * 1024

/** Reads the few scripts that could do steady work. What builds its names at run time asks unseen. */
export async function askedOfVisitor(scripts: readonly Derived<'javascript'>[], blobs: BlobStore): Promise<AskedOfVisitor> {
  const asked = { ...nothingAsked }
  const working = scripts.filter(
    ({ runs, size, features: { workers, wasm } }) => runs && size <= maxBytes && (workers.constructed > 0 || wasm.instantiates),
  )
  for (const { digest } of working.slice(0, maxScripts)) {
    const octets = await blobs.get(digest).catch(() => null)
    if (octets === null) continue
    const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    asked.automation ||= names.automation.some((name) => text.includes(name))
    asked.phone ||= names.phone.some((name) => text.includes(name))
  }
  return asked
}

/** What is mended by looking again: a list that was cut at a bound, or a blob beyond a limit, will be so the next time. */
const staysBlind = /\blimit|too large|more than|at most|beyond|not asked for|no collector/i

/**
 * What a judgement asks for next, by the rules of docs/follow-up.md: each says what the second visit does otherwise. The first is
 * worth the most; where it decides, the others are not made. A second look asks for no third.
 */
export function followUpsOf(
  capture: Capture,
  conclusion: Conclusion,
  verdicts: readonly Verdict[] = [],
  asked: AskedOfVisitor = nothingAsked,
): FollowUp[] {
  const { lane, profile, referrer, viewport } = capture.manifest.conditions
  if (lane === 'file' || profile === 'thorough') return []
  const url = capture.manifest.finalUrl || capture.manifest.url
  const ask = (rule: FollowUpRule, reason: string, changes: VisitChange[], as = 'thorough'): FollowUp => ({
    url,
    reason,
    profile: as,
    rule,
    changes,
  })
  const comes: VisitChange[] = ['longer', 'alone', ...(referrer === undefined ? (['referrer'] as const) : []), 'returns']
  switch (conclusion.status) {
    case 'suspected':
      return [ask('suspected', 'evidence points to mining and does not decide', [...comes, 'cores', 'throttle'])]
    case 'loaded': {
      const waiting = ask('waiting', 'a miner was delivered and not seen running: it may wait, or hide', comes)
      const phone = ask('phone', 'a miner was delivered and not seen running: it may be for phones', [...comes, 'phone'])
      if (viewport.mobile) return [waiting]
      return asked.phone ? [phone, waiting] : [waiting, phone]
    }
    case 'inconclusive':
      return isMendable(verdicts.flatMap(({ blindTo }) => blindTo))
        ? [ask('blind', 'something that could have hidden a finding was not seen', ['longer', 'alone', 'returns'])]
        : []
    case 'hint':
      return [ask('hint', 'the documents refer to mining', [], 'standard')]
    case 'none':
      if (verdicts.some(({ detector, findings }) => detector === 'block-list' && findings.length > 0))
        return [ask('listed', 'a block list names what the page asks for, and nothing else was found', comes)]
      return lane === 'browser' && asked.automation
        ? [ask('wary', 'a script that starts workers or WebAssembly asks first whether a program visits it', [...comes, 'wallet'])]
        : []
    default:
      return []
  }
}

/** Whether a second visit could see what this one did not. */
const isMendable = (blindTo: readonly { reason: string }[]): boolean => blindTo.some(({ reason }) => !staysBlind.test(reason))
