import type { Observation } from '#model/observation.ts'
import { inert } from './escape.ts'
import { allGaps } from './gaps.ts'
import { askedLines, visitLines, visitOf } from './visits.ts'
import { counted, miningFacts, statusWords } from './words.ts'

export interface TerminalOptions {
  colour: boolean
  /** Where the capture is kept, for the last line. */
  keptIn?: string
  /** Stands instead of the URL where a file was judged. */
  file?: string
}

const colours = { bad: '1;31', warn: '1;33', good: '1;32', unknown: '1;36' } as const

/** One page's answer for a person on a terminal; reads well aloud, so nothing is said by colour or position alone. */
export function terminalAnswer(observation: Observation, options: TerminalOptions): string {
  const paint = (code: string, text: string): string => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const { conclusion } = observation
  const words = statusWords[conclusion.status]
  const lines: string[] = []
  const section = (title: string, items: string[]): void => {
    if (items.length === 0) return
    lines.push(`  ${paint('1', title)}`)
    for (const item of items) lines.push(`    ${item}`)
  }

  lines.push(paint('1', inert(options.file ?? observation.url, 500)) + arrow(observation, options))
  lines.push(`  ${paint(colours[words.urgency], words.label)}  ${inert(conclusion.sentence)}`)
  if (observation.error) lines.push(`  Error ${observation.error.code}: ${inert(observation.error.message, 500)}`)
  if (observation.error?.hint) lines.push(`    ${inert(observation.error.hint, 500)}`)
  section(
    'Who is paid',
    conclusion.accounts.map(({ account, service }) => `account ${inert(account, 200)}${service ? ` at ${inert(service, 100)}` : ''}`),
  )
  section(
    'How it got there',
    conclusion.chain.map(
      (link, i) =>
        `${'  '.repeat(Math.min(i, 8))}${inert(link.how, 60)} ${inert(link.url, 300)}${link.artifact ? ` (${inert(link.artifact, 100)})` : ''}`,
    ),
  )
  section(
    'How we know',
    observation.findings.flatMap((finding) => [
      `${inert(finding.title)} [${inert(finding.detector, 60)}${finding.kind === 'mining' ? '' : `, ${finding.kind}`}${finding.family ? `, ${inert(finding.family, 60)}` : ''}]`,
      ...finding.evidence
        .slice(0, 5)
        .map(
          (evidence) =>
            `  ${visitOf(evidence.captureId, observation)}${inert(evidence.artifact, 100)}, ${inert(evidence.at, 120)}: ${inert(evidence.reason, 400)}`,
        ),
      ...(finding.evidence.length > 5 ? [`  and ${counted(finding.evidence.length - 5, 'more place', 'more places')}`] : []),
    ]),
  )
  if (conclusion.mining.activity !== 'none-seen')
    section(
      'In four facts',
      miningFacts(conclusion.mining).map(({ name, value }) => `${name}: ${value}`),
    )
  section(
    'What to do',
    conclusion.advice.map((advice) => inert(advice)),
  )
  section(
    'What was not seen',
    observation.blindTo.map((blind) => `${inert(blind.artifact, 100)}: ${inert(blind.reason, 400)}`),
  )
  section(
    'Lists that are not whole',
    allGaps(observation).map((gap) => inert(gap, 400)),
  )
  section(
    'Visits that this rests on',
    visitLines(observation).map((line) => inert(line, 1_000)),
  )
  section(
    'Look again',
    askedLines(observation).map((line) => inert(line, 500)),
  )
  if (options.keptIn) lines.push(`  Evidence: ${observation.captureId} in ${inert(options.keptIn, 500)}`)
  return `${lines.join('\n')}\n`
}

function arrow(observation: Observation, options: TerminalOptions): string {
  if (options.file !== undefined) return observation.lane === 'archive' ? `  (page ${inert(observation.url, 500)})` : ''
  return observation.finalUrl === observation.url ? '' : `  → ${inert(observation.finalUrl, 500)}`
}
