import { sha256 } from '#model/digest.ts'
import type { Finding, FindingKind } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { jsonText } from './answer-line.ts'
import { inert } from './escape.ts'
import { allGaps } from './gaps.ts'

/**
 * SARIF 2.1.0 (OASIS), with what code hosts ask for beyond the standard (GitHub's "SARIF support for code scanning"; rules `Ghas` of Microsoft's
 * SARIF Multitool). One result a finding. Code hosts take relative paths only, so a page's place is its host and path below the base `PAGES`;
 * its whole address is `webRequest.target`, and each piece of evidence a related location with its capture and artifact as a logical name.
 */
export function sarif(observations: readonly Observation[], version: string): string {
  const findings = observations.flatMap((observation) => observation.findings.map((finding) => ({ observation, finding })))
  const ruleIds = [...new Set(findings.map(({ finding }) => ruleId(finding)))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Assay', semanticVersion: version, rules: ruleIds.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: {
          PAGES: { description: { text: 'Web pages, by host and path; the whole address is the webRequest of a result.' } },
        },
        invocations: observations.map((observation) => ({
          executionSuccessful: observation.error === null,
          startTimeUtc: observation.observedAt,
          toolExecutionNotifications: [
            ...(observation.error === null
              ? []
              : [
                  {
                    level: 'error',
                    message: { text: plain(`${observation.url}: ${observation.error.code}: ${observation.error.message}`) },
                  },
                ]),
            ...observation.blindTo.map((blind) => ({
              level: 'warning',
              message: { text: plain(`${observation.url}: not seen: ${blind.artifact}: ${blind.reason}`) },
            })),
            ...allGaps(observation).map((gap) => ({ level: 'note', message: { text: plain(`${observation.url}: not whole: ${gap}`) } })),
          ],
        })),
        results: findings.map(({ observation, finding }) => {
          const slot = [finding.detector, finding.family, finding.service, finding.account, observation.site].join('|')
          const place = { artifactLocation: { uri: placeOf(observation.finalUrl), uriBaseId: 'PAGES' }, region: { startLine: 1 } }
          return {
            ruleId: ruleId(finding),
            ruleIndex: ruleIds.indexOf(ruleId(finding)),
            level: finding.kind !== 'mining' ? kinds[finding.kind].level : finding.weight === 'suspicion' ? 'warning' : 'error',
            message: { text: plain(`${finding.title}. ${observation.conclusion.sentence}`) },
            locations: [{ physicalLocation: place }],
            relatedLocations: finding.evidence.map((evidence, i) => ({
              id: i + 1,
              physicalLocation: place,
              logicalLocations: [
                {
                  name: inert(evidence.artifact),
                  fullyQualifiedName: inert(`${evidence.captureId}/${evidence.artifact}`),
                  kind: 'resource',
                },
              ],
              message: { text: plain(`${evidence.artifact}, ${evidence.at}: ${evidence.reason}`) },
            })),
            ...(/^https?:/i.test(observation.finalUrl) && {
              webRequest: { protocol: 'HTTP', method: 'GET', target: observation.finalUrl },
            }),
            partialFingerprints: { 'assaySlot/v1': slot, primaryLocationLineHash: `${sha256(Buffer.from(slot)).slice(7, 23)}:1` },
            properties: {
              kind: finding.kind,
              family: finding.family,
              service: finding.service,
              account: finding.account,
              status: observation.conclusion.status,
              captureId: observation.captureId,
            },
          }
        }),
      },
    ],
  }
  return jsonText(log, 2)
}

/** `severity`: 0 to 10 as CVSS counts, for what harms a visitor; code hosts call 7 and more high, 9 and more critical. */
const kinds: Readonly<Record<FindingKind, { level: 'error' | 'warning' | 'note'; severity: number | null; what: string; help: string }>> = {
  mining: {
    level: 'error',
    severity: 7.5,
    what: "The page mines cryptocurrency on its visitors' machines, or holds code that does.",
    help: 'Find the code by the evidence cited: the related locations name capture and artifact, and `assay report CAPTURE --html report.html` shows which tag loads it and what stops it.',
  },
  drainer: {
    level: 'error',
    severity: 9.1,
    what: "The page asks for what would empty a visitor's wallet.",
    help: 'Take the code cited off the page, and look for how it got there.',
  },
  clipboard: {
    level: 'error',
    severity: 8.8,
    what: "The page puts a command into the visitor's clipboard and tells him to run it.",
    help: 'Take the code cited off the page, and look for how it got there.',
  },
  proxyware: {
    level: 'warning',
    severity: 6.5,
    what: "The page sells the visitor's bandwidth.",
    help: 'Take the code cited off the page, unless visitors are asked for it first.',
  },
  'ad-worker': {
    level: 'warning',
    severity: 4.3,
    what: 'The page works on advertisements that nobody sees.',
    help: 'Take the code cited off the page, or report it to the network that delivered it.',
  },
  'proof-of-work': {
    level: 'note',
    severity: null,
    what: "The page makes the visitor's machine work for a captcha or a gate, which pays nobody.",
    help: 'Nothing is to be done: it is named so that it is not taken for mining.',
  },
  'crypto-library': {
    level: 'note',
    severity: null,
    what: 'The page holds hash functions or ciphers, as many pages do.',
    help: 'Nothing is to be done: it is named so that it is not taken for mining.',
  },
  wallet: {
    level: 'note',
    severity: null,
    what: 'The page holds a wallet.',
    help: 'Nothing is to be done: it is named so that it is not taken for mining.',
  },
}

function ruleOf(id: string): object {
  const [kind, detector] = id.split('/') as [FindingKind, string]
  const { level, severity, what, help } = kinds[kind]
  const found = `Found by the detector ${detector}.`
  return {
    id,
    name: pascalCase(id),
    shortDescription: { text: what },
    fullDescription: { text: `${what} ${found}` },
    help: { text: `${found} ${help}`, markdown: `${found} ${help}` },
    defaultConfiguration: { level },
    properties: {
      tags: severity === null ? ['web'] : ['security', 'web'],
      precision: 'high',
      'problem.severity': level === 'note' ? 'recommendation' : level,
      ...(severity === null ? {} : { 'security-severity': String(severity) }),
    },
  }
}

/** Host and path as a relative reference (RFC 3986, 4.2): nothing of it may be read as a scheme, a query or the way up. */
function placeOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.host === '') return `file/${encodeURIComponent(url.toWellFormed()).slice(0, 500)}`
  return `${encodeURIComponent(parsed.host)}${parsed.pathname}`.slice(0, 2_000).replace(/%[0-9a-f]?$/i, '')
}

/** Text of a message: brackets would be links (SARIF 2.1.0, 3.11.6), and the page may have written them. */
const plain = (text: string): string => inert(text).replace(/[\\[\]]/g, '\\$&')
const ruleId = (finding: Finding): string => `${finding.kind}/${finding.detector}`
const pascalCase = (id: string): string => id.replace(/(^|[/-])([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
