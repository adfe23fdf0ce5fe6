import type { Capture } from '#model/capture.ts'
import type { Verdict } from '#model/finding.ts'
import type { Conclusion, FollowUp } from '#model/observation.ts'

/**
 * What a judgement asks for next, by stated rules: a suspicion, or a blindness, is worth a second visit, longer and alone; so is a miner that
 * was delivered and not seen running, and a page of which a block list alone speaks. A second look asks for no third.
 */
export function followUpsOf(capture: Capture, conclusion: Conclusion, verdicts: readonly Verdict[] = []): FollowUp[] {
  const { lane, profile } = capture.manifest.conditions
  if (lane === 'file' || profile === 'thorough') return []
  const url = capture.manifest.finalUrl || capture.manifest.url
  switch (conclusion.status) {
    case 'suspected':
      return [{ url, reason: 'evidence points to mining and does not decide', profile: 'thorough' }]
    case 'loaded':
      return [{ url, reason: 'a miner was delivered and not seen running: it may wait, or hide', profile: 'thorough' }]
    case 'inconclusive':
      return [{ url, reason: 'something that could have hidden a finding was not seen', profile: 'thorough' }]
    case 'hint':
      return [{ url, reason: 'the documents refer to mining', profile: 'standard' }]
    case 'none':
      return verdicts.some(({ detector, findings }) => detector === 'block-list' && findings.length > 0)
        ? [{ url, reason: 'a block list names what the page asks for, and nothing else was found', profile: 'thorough' }]
        : []
    default:
      return []
  }
}
