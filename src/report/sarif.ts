import type { Finding } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { inert } from './escape.ts'
import { allGaps } from './gaps.ts'

/**
 * SARIF 2.1.0 (OASIS). One result a finding; the page is its location, each piece of evidence a related location,
 * so that a code host shows it without knowing captures. Findings of other kinds than mining are notes.
 */
export function sarif(observations: readonly Observation[], version: string): string {
  const findings = observations.flatMap((observation) => observation.findings.map((finding) => ({ observation, finding })))
  const ruleIds = [...new Set(findings.map(({ finding }) => ruleId(finding)))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Assay',
            semanticVersion: version,
            rules: ruleIds.map((id) => ({
              id,
              name: pascalCase(id),
              shortDescription: { text: ruleText(id) },
              defaultConfiguration: { level: id.startsWith('mining/') ? 'error' : 'note' },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: observations.map((observation) => ({
          executionSuccessful: observation.error === null,
          startTimeUtc: observation.observedAt,
          toolExecutionNotifications: [
            ...observation.blindTo.map((blind) => ({
              level: 'warning',
              message: { text: plain(`${observation.url}: not seen: ${blind.artifact}: ${blind.reason}`) },
            })),
            ...allGaps(observation).map((gap) => ({ level: 'note', message: { text: plain(`${observation.url}: not whole: ${gap}`) } })),
          ],
        })),
        results: findings.map(({ observation, finding }) => ({
          ruleId: ruleId(finding),
          ruleIndex: ruleIds.indexOf(ruleId(finding)),
          level: finding.kind !== 'mining' ? 'note' : finding.weight === 'suspicion' ? 'warning' : 'error',
          message: { text: plain(`${finding.title}. ${observation.conclusion.sentence}`) },
          locations: [{ physicalLocation: { artifactLocation: { uri: observation.finalUrl }, region: { startLine: 1 } } }],
          relatedLocations: finding.evidence.map((evidence, i) => ({
            id: i + 1,
            physicalLocation: { artifactLocation: { uri: `assay:${evidence.captureId}/${evidence.artifact}` } },
            message: { text: plain(`${evidence.at}: ${evidence.reason}`) },
          })),
          partialFingerprints: {
            'assaySlot/v1': [finding.detector, finding.family, finding.service, finding.account, observation.site].join('|'),
          },
          properties: {
            kind: finding.kind,
            family: finding.family,
            service: finding.service,
            account: finding.account,
            status: observation.conclusion.status,
            captureId: observation.captureId,
          },
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** Text of a message: brackets would be links (SARIF 2.1.0, 3.11.6), and the page may have written them. */
const plain = (text: string): string => inert(text).replace(/[\\[\]]/g, '\\$&')
const ruleId = (finding: Finding): string => `${finding.kind}/${finding.detector}`
const ruleText = (id: string): string => `Found by the detector ${id.split('/')[1]} (kind ${id.split('/')[0]})`
const pascalCase = (id: string): string => id.replace(/(^|[/-])([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
