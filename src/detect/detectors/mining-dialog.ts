import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** Questions of mining that were put to the visitor, and what was answered: the evidence for consent. */
export const detector = defineDetector({
  meta: {
    id: 'mining-dialog',
    version: '1',
    title: 'Question of mining to the visitor',
    kinds: ['mining'],
    limits: 'Knows the languages of src/derive/dialog.ts; a question drawn as an image is not read.',
  },
  needs: { artifacts: ['dialog'], features: ['html'], findings: true },
  hiddenBy: [],
  detect(input) {
    if (!input.findings.some((finding) => finding.kind === 'mining')) return []
    const findings: Finding[] = []
    const base = { detector: 'mining-dialog', kind: 'mining', weight: 'context', family: null, service: null, account: null } as const
    for (const dialog of input.artifacts.dialog.items) {
      if (dialog.about !== 'mining') continue
      const answer = {
        accepted: 'it was accepted',
        rejected: 'it was declined',
        ignored: 'it was not answered',
        dismissed: 'it was closed',
      }[dialog.answer.choice]
      findings.push({
        ...base,
        title: 'Asked the visitor about mining',
        evidence: [
          evidence(
            input,
            dialog.id,
            `${Math.round(dialog.openedAtMs)} ms`,
            `asked "${dialog.text.replace(/\s+/g, ' ').slice(0, 200)}"; ${answer}`,
          ),
        ],
      })
    }
    for (const html of input.features.html) {
      const artifact = html.artifacts[0]
      const notice = html.features.miningNotice
      if (artifact !== undefined && html.runs && notice !== null)
        findings.push({
          ...base,
          title: 'Tells its visitors of mining',
          evidence: [evidence(input, artifact.id, 'text', `says "${notice.slice(0, 200)}"`)],
        })
    }
    return findings.slice(0, 8)
  },
})
