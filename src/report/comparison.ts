import type { CodeChange, ComparedCode, ComparedPage, Comparison, MinerFacts } from '#model/comparison.ts'
import type { Finding } from '#model/finding.ts'
import { inert } from './escape.ts'
import { codeText, plainText } from './markdown-text.ts'
import { counted, miningFacts, statusWords } from './words.ts'

/** How a text of the page and how code is shown: the two formats differ in nothing else. */
interface Format {
  text(text: string): string
  code(text: string): string
}

const terminalFormat: Format = { text: (text) => inert(text, 400), code: (text) => inert(text, 300) }
const markdownFormat: Format = { text: (text) => plainText(text, 400), code: (text) => codeText(text, 300) }

/** Sections of a comparison, each a title and its lines. The first has no title. */
function sectionsOf(comparison: Comparison, f: Format): { title: string; lines: string[] }[] {
  const { before, after, code, hosts, findings } = comparison
  const page = (name: string, { url, at, captureId, sentence }: ComparedPage): string =>
    `${name}: ${f.code(url)}, ${at}, ${f.code(captureId.slice(0, 19))}: ${f.text(sentence)}`
  const cautions = [
    ...(comparison.sameSite ? [] : ['A and B are of different sites.']),
    ...(comparison.inOrder ? [] : ['A was visited after B: what "came" was there first.']),
    ...comparison.conditions.map(
      ({ name, before: was, after: is }) => `Visited otherwise: ${name} ${f.code(was || 'none')}, then ${f.code(is || 'none')}.`,
    ),
    ...comparison.notWhole.map(
      ({ side, artifact, reason }) =>
        `Not whole in ${side === 'before' ? 'A' : 'B'}: ${f.text(artifact)} (${f.text(reason)}). What seems to have come or gone may not have been seen.`,
    ),
  ]
  return [
    { title: '', lines: [page('A', before), page('B', after)] },
    { title: 'To be kept in mind', lines: cautions },
    { title: 'The miner, then and now', lines: minerLines(before.miner, after.miner, f) },
    {
      title: 'Code',
      lines: [
        `${code.same} the same${code.changes.length === 0 ? ', nothing else' : `, ${counts(code.changes)}`}`,
        ...code.changes.map((change) => codeLine(change, f)),
      ],
    },
    {
      title: 'Hosts',
      lines: [
        `${hosts.same} the same, ${hosts.came.length} came, ${hosts.went.length} went`,
        ...hosts.came.map((host) => `came: ${f.code(host)}`),
        ...hosts.went.map((host) => `went: ${f.code(host)}`),
      ],
    },
    {
      title: 'Findings',
      lines: [
        `${findings.same} the same, ${findings.came.length} came, ${findings.went.length} went`,
        ...findings.came.map((finding) => `came: ${findingLine(finding, f)}`),
        ...findings.went.map((finding) => `went: ${findingLine(finding, f)}`),
      ],
    },
  ].filter(({ lines }) => lines.length > 0)
}

function minerLines(before: MinerFacts, after: MinerFacts, f: Format): string[] {
  const list = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.map((value) => f.code(value)).join(', '))
  const load = ({ loadCores, busyThreads }: MinerFacts): string =>
    loadCores === null
      ? 'not measured'
      : `${loadCores} ${loadCores === 1 ? 'core' : 'cores'} beside the page's own thread, ${counted(busyThreads ?? 0, 'thread', 'threads')} above half a core`
  const shown = (miner: MinerFacts): [string, string][] => [
    ['Status', statusWords[miner.status].label],
    ...miningFacts(miner.mining)
      .filter(({ name }) => name !== 'Operator')
      .map(({ name, value }): [string, string] => [name, value]),
    ['Pool', list(miner.pools)],
    ['Account', list(miner.accounts)],
    ['Algorithm', list(miner.families)],
    ['Service', list(miner.services)],
    ['Load', load(miner)],
  ]
  const then = new Map(shown(before))
  return shown(after).map(([name, value]) =>
    then.get(name) === value ? `${name}: ${value}, as before` : `${name}: ${then.get(name)} → ${value}`,
  )
}

function counts(changes: readonly CodeChange[]): string {
  return (['came', 'changed', 'moved', 'went'] as const)
    .map((kind) => [kind, changes.filter(({ change }) => change === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}

function codeLine({ change, before, after, similarity }: CodeChange, f: Format): string {
  const one = (code: ComparedCode | null): string =>
    code === null
      ? ''
      : `${f.code(code.url)} (${[
          code.artifact,
          code.party === 'inline' ? "the page's own" : `${code.owner}${code.party === 'third' ? ', another party' : ', this site'}`,
          code.size === null ? 'size not known' : `${code.size} bytes`,
          code.digest === null ? 'octets not collected' : code.digest.slice(7, 19),
        ]
          .map((part) => f.text(part))
          .join(', ')})`
  if (change === 'came') return `came: ${one(after)}`
  if (change === 'went') return `went: ${one(before)}`
  const share = similarity === null ? 'how much cannot be said' : `${Math.round(similarity * 100)} % alike`
  return change === 'moved' ? `moved: ${one(before)} → ${one(after)}` : `changed, ${share}: ${one(before)} → ${one(after)}`
}

const findingLine = (finding: Omit<Finding, 'weight'>, f: Format): string =>
  `${f.text(finding.title)} (${[finding.kind, finding.detector, finding.family]
    .filter((part) => part !== null)
    .map((part) => f.text(part))
    .join(', ')})${finding.account === null ? '' : `, account ${f.code(finding.account)}`}`

/** For a person on a terminal. */
export function comparisonText(comparison: Comparison, options: { colour: boolean }): string {
  const bold = (text: string): string => (options.colour ? `\u001b[1m${text}\u001b[0m` : text)
  return `${sectionsOf(comparison, terminalFormat)
    .flatMap(({ title, lines }) => (title === '' ? lines : [`  ${bold(title)}`, ...lines.map((line) => `    ${line}`)]))
    .join('\n')}\n`
}

export function comparisonMarkdown(comparison: Comparison, version: string): string {
  const parts = sectionsOf(comparison, markdownFormat).map(
    ({ title, lines }) => `${title === '' ? '# What changed' : `## ${title}`}\n\n${lines.map((line) => `- ${line}`).join('\n')}`,
  )
  return `${parts.join('\n\n')}\n\n---\n\n*Written by Assay ${version}.*\n`
}
