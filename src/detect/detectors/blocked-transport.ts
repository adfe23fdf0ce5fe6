import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'

/** What a miner tried to reach over UDP, which cannot leave: cited beside the miner, evidence of nothing by itself. */
export const detector = defineDetector({
  meta: {
    id: 'blocked-transport',
    version: '1',
    title: 'Attempts over UDP',
    kinds: ['mining'],
    limits: 'The attempt is seen, what it would have said is not.',
  },
  needs: { artifacts: ['transport'], features: [], findings: true },
  hiddenBy: [],
  detect(input) {
    if (!input.findings.some((finding) => finding.kind === 'mining' && finding.weight !== 'context')) return []
    return input.artifacts.transport.items
      .filter(
        (transport) =>
          (transport.type === 'webrtc' || transport.type === 'webtransport') &&
          (transport.status === 'attempted' || transport.status === 'failed'),
      )
      .slice(0, 4)
      .map((transport): Finding => ({
        detector: 'blocked-transport',
        kind: 'mining',
        weight: 'context',
        family: null,
        service: null,
        account: null,
        title: 'Tried to reach a host over UDP',
        evidence: [
          evidence(
            input,
            transport.id,
            `${Math.round(transport.openedAtMs)} ms`,
            `${transport.type} to ${(transport.servers ?? [transport.url]).join(', ').slice(0, 200)}: ${transport.status}`,
          ),
        ],
      }))
  },
})
