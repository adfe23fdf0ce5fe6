import { artifacts } from '#model/capture.ts'
import type { Conversation } from '#model/conversation.ts'
import type { OriginFile } from '#model/origin.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { allGaps } from './gaps.ts'
import { codeText, plainText } from './markdown-text.ts'
import { ownershipWords, repairs, sinceUnknown, sinceWords } from './origin-words.ts'
import { askedLines, ownFindings, visitLines, visitOf } from './visits.ts'
import {
  behind,
  clockText,
  counted,
  deedText,
  loaderOf,
  miningFacts,
  ownerOf,
  ownersWords,
  poolSummary,
  roleWords,
  statusWords,
  thirdParties,
  trackerWords,
  viaWords,
} from './words.ts'

const shown = { evidence: 10, threads: 8, conversations: 10, turns: 12, code: 100 }

/** The report as Markdown (CommonMark with GFM's tables): for issues, mails and wikis. Nothing of the page is read as markup. */
export function markdownReport(pages: readonly ReportedPage[], version: string): string {
  const parts = [...(pages.length > 1 ? [overview(pages)] : []), ...pages.map(pageText)]
  return `${parts.join('\n\n---\n\n')}\n\n---\n\n*Written by Assay ${version}. A visit shows what one browser saw at one time.*\n`
}

function overview(pages: readonly ReportedPage[]): string {
  return [
    `# ${pages.length} pages`,
    '',
    ...pages.map(
      (page) =>
        `- **${statusWords[page.observation.conclusion.status].label}** ${codeText(nameOf(page), 300)}: ${plainText(page.observation.conclusion.sentence)}`,
    ),
  ].join('\n')
}

const nameOf = (page: ReportedPage): string => page.file ?? page.observation.url

function pageText(page: ReportedPage): string {
  const { observation, capture } = page
  const { conclusion } = observation
  const unreached = behind(observation.reached)
  const sections: string[] = [
    [
      `# ${codeText(nameOf(page), 300)}`,
      ...(observation.finalUrl === observation.url ? [] : [`reached ${codeText(observation.finalUrl, 300)}`]),
      `**${statusWords[conclusion.status].label}:** ${plainText(conclusion.sentence)}`,
      ...(observation.error === null ? [] : [`Error ${observation.error.code}: ${plainText(observation.error.message)}`]),
    ].join('\n\n'),
  ]
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) sections.push(`## ${title}\n\n${lines.join('\n')}`)
  }
  section('What to do', conclusion.advice.map(bullet))
  section(
    'Who is paid',
    conclusion.accounts.map(({ account, service }) => `- ${codeText(account)}${service === null ? '' : ` at ${plainText(service)}`}`),
  )
  section(
    'How it got there',
    conclusion.chain.map(
      (link, i) =>
        `${i + 1}. ${plainText(link.how)} ${codeText(link.url, 500)}${link.artifact === null ? '' : ` (${codeText(link.artifact)})`}`,
    ),
  )
  if (page.origin !== null) {
    section('Whose code it is', [
      plainText(ownershipWords(page.origin, observation.site)),
      '',
      ...page.origin.files.flatMap(originFile),
      ...(page.origin.files.every((file) => sinceWords(file).length === 0) ? [`- Since when: ${sinceUnknown}`] : []),
    ])
    section(conclusion.status === 'opt-in' ? 'What to change, if it is not yours' : 'What to change', repairs(page.origin).map(repair))
  }
  section('How we know', findings(page))
  if (capture !== null) section("Load of the visitor's machine", threads(capture))
  section('Sockets', page.conversations.slice(0, shown.conversations).flatMap(conversation))
  section('All code on this page', code(page))
  section('What was not seen', [
    ...(unreached === null ? [] : [`- **${unreached}**`]),
    ...(observation.blindTo.length === 0 && unreached === null
      ? ['- Every detector had what it needs.']
      : observation.blindTo.map((blind) => `- **${plainText(blind.artifact)}**: ${plainText(blind.reason)}`)),
    ...allGaps(observation).map((gap) => `- Not whole: ${plainText(gap)}`),
    ...askedLines(observation).map((line) => `- Worth another look: ${plainText(line)}`),
  ])
  const { conditions } = observation
  const trackers = trackerWords(observation)
  section('The visits that this rests on', visitLines(observation).map(bullet))
  section('How it was looked at', [
    `- Visited ${codeText(observation.observedAt)}, page reached: ${observation.reached}`,
    `- Lane ${conditions.lane} from ${plainText(conditions.vantage)}, ${Math.round(conditions.dwellMs / 100) / 10} s after loading, consent: ${conditions.consent}`,
    `- Browser ${plainText(conditions.browser ?? 'none')}${conditions.browser === null ? '' : conditions.sandbox ? ', sandboxed' : ', WITHOUT its sandbox'}`,
    ...(conditions.referrer === undefined ? [] : [`- Came from ${codeText(conditions.referrer, 500)}`]),
    ...(trackers.length === 0 ? [] : [`- Trackers know it as ${trackers.map((each) => codeText(each, 200)).join(', ')}`]),
    `- Capture ${codeText(observation.captureId)}`,
    `- Judgement ${codeText(observation.judgement)}`,
    ...(capture === null
      ? []
      : [
          `- Clock: ${plainText(clockText(capture.manifest))}`,
          `- Signed by ${capture.manifest.keyId === undefined ? 'nobody: imported, or of an earlier version' : `the key ${codeText(capture.manifest.keyId)}`}`,
        ]),
  ])
  return sections.join('\n\n')
}

const bullet = (text: string): string => `- ${plainText(text)}`

const originFile = (file: OriginFile): string[] => [
  `- ${codeText(file.url, 500)}, of ${plainText(file.owner)}${file.party === 'third' ? ', another party' : ', this site'}, ${file.size === null ? 'size not known' : `${file.size} bytes`}, ${file.digest === null ? 'not collected' : codeText(file.digest)}`,
  ...sinceWords(file).map((text) => `  - ${plainText(text)}`),
]

const repair = ({ title, text, code: toCopy }: ReturnType<typeof repairs>[number], i: number): string =>
  `${i + 1}. **${plainText(title)}.** ${plainText(text)}${toCopy === null ? '' : ` ${codeText(toCopy)}`}`

function findings({ observation }: ReportedPage): string[] {
  const { mining, rule } = observation.conclusion
  return [
    ...(observation.findings.length === 0 ? ['No detector found anything.'] : []),
    ...observation.findings.flatMap((finding) => [
      `- **${plainText(finding.title)}** (${[finding.kind, finding.family, finding.detector]
        .filter((part) => part !== null)
        .map((part) => plainText(part))
        .join(', ')})`,
      ...finding.evidence
        .slice(0, shown.evidence)
        .map(
          (evidence) =>
            `  - ${visitOf(evidence.captureId, observation)}${codeText(evidence.artifact)}, ${plainText(evidence.at)}: ${plainText(evidence.reason)}`,
        ),
      ...(finding.evidence.length > shown.evidence
        ? [`  - and ${counted(finding.evidence.length - shown.evidence, 'more place', 'more places')}`]
        : []),
    ]),
    ...(mining.activity === 'none-seen' ? [] : miningFacts(mining).map(({ name, value }) => `- ${name}: ${value}`)),
    '',
    `Rule that decided: ${plainText(rule)}`,
  ]
}

function threads(capture: NonNullable<ReportedPage['capture']>): string[] {
  const cpu = artifacts(capture, 'cpu')
  return cpu.items
    .toSorted((a, b) => b.busy - a.busy)
    .slice(0, shown.threads)
    .map(
      (thread) =>
        `- ${Math.round(thread.busy * 100)} % of a core: ${plainText(thread.thread)} ${codeText(thread.url, 200)}${thread.hottest[0] === undefined ? '' : `, busiest in ${codeText(thread.hottest[0].functionName || '(anonymous)', 80)}`}`,
    )
}

function conversation(each: Conversation): string[] {
  return [
    `- ${codeText(each.url, 300)} (${viaWords(each.via)}, ${codeText(each.artifact)}): ${each.sentCount} sent, ${each.receivedCount} received${each.notes.map((note) => `; ${plainText(note)}`).join('')}`,
    ...(each.pool === null ? [] : [`  - **Spoken with a mining pool.** ${plainText(poolSummary(each.pool))}`]),
    ...each.turns
      .slice(0, shown.turns)
      .map(
        (turn) =>
          `  - ${turn.direction === 'sent' ? 'page' : 'server'}${turn.role === null ? '' : `, ${roleWords[turn.role] ?? turn.role}`}: ${codeText(turn.payload || `(${turn.size} bytes)`, 200)}`,
      ),
    ...(each.turns.length + each.turnsLeft > shown.turns
      ? [`  - and ${counted(each.turns.length + each.turnsLeft - shown.turns, 'more message', 'more messages')}`]
      : []),
  ]
}

function code({ observation, deeds }: ReportedPage): string[] {
  const { components } = observation
  if (components.length === 0) return []
  const named = new Set(ownFindings(observation).flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)))
  const sorted = components.toSorted((a, b) => Number(named.has(b.artifact)) - Number(named.has(a.artifact)))
  return [
    `${counted(components.length, 'piece', 'pieces')} of code, ${counted(thirdParties(components), 'third party', 'third parties')}${named.size > 0 ? '; what a finding names comes first' : ''}.`,
    '',
    plainText(ownersWords(components)),
    '',
    '| Code | Whose | Loaded | Bytes | SHA-256 | What it did |',
    '| --- | --- | --- | ---: | --- | --- |',
    ...sorted
      .slice(0, shown.code)
      .map(
        (component) =>
          `| ${[
            `${codeText(component.artifact)} ${codeText(component.url || component.slot, 300)}`,
            plainText(ownerOf(component)),
            plainText(loaderOf(component)),
            component.size === null ? '?' : String(component.size),
            component.digest === null ? 'not collected' : codeText(component.digest.slice(7)),
            (deeds[component.artifact] ?? []).map((deed) => plainText(deedText(deed))).join('; ') || 'nothing traced to it',
          ].join(' | ')} |`,
      ),
    ...(components.length > shown.code
      ? ['', `${counted(components.length - shown.code, 'more is', 'more are')} in the JSON of the data folder.`]
      : []),
  ]
}
