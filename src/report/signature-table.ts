import type { Signature } from '#model/signature.ts'
import { knownBy } from '#model/signature-report.ts'

const kindsInWords: Partial<Record<Signature['kind'], string>> = {
  mining: 'Miners',
  'proof-of-work': 'Proof of work that pays nobody',
  'crypto-library': 'Cipher and hash libraries',
  wallet: 'Wallets',
}

/** `docs/signatures.md`: what the signatures that come with the program know. Generated from their files. */
export function signatureTable(signatures: readonly Signature[]): string {
  const kinds = [...new Set(signatures.map(({ kind }) => kind))].toSorted((a, b) => rank(a) - rank(b))
  const unsupported = signatures.filter((signature) => signature.unsupported !== undefined)
  return `<!-- Generated from signatures/ by scripts/generate-docs.ts; do not edit. -->

# Signatures

What is *known* by name: ${signatures.length} files in \`signatures/\`, each with its sources and with samples of our own that a test tries
(\`assay signatures test\`). [adding-a-miner.md](adding-a-miner.md) says how to write one, \`assay signatures new NAME\` begins it, and
\`--signatures DIR\` (\`ASSAY_SIGNATURES\`, or \`signatures/\` in a data folder) adds your own. A miner without a name needs none.

**By** what it is recognised: its hosts, sockets to its pools (\`pools\`), the path of its script on any host (\`path\`), addresses that start it (\`address\`), its calls, its markup,
strings of its client script (\`strings\`).
${kinds
  .map((kind) =>
    section(
      kindsInWords[kind] ?? kind,
      signatures.filter((signature) => signature.kind === kind),
    ),
  )
  .join('')}
## Known but unsupported

${unsupported.length === 0 ? 'None.' : unsupported.map(({ name, unsupported: why }) => `- ${cell(name)}: ${cell(why ?? '')}.`).join('\n')}
`
}

const order: readonly Signature['kind'][] = ['mining', 'proof-of-work', 'wallet', 'crypto-library']
const rank = (kind: Signature['kind']): number => (order.indexOf(kind) + order.length + 1) % (order.length + 1)

function section(title: string, signatures: readonly Signature[]): string {
  return `
## ${title}

| service | file | active | runs | account | consent | by |
| --- | --- | --- | --- | --- | --- | --- |
${signatures
  .map((signature) =>
    [
      cell(signature.name),
      `\`${signature.id}\``,
      yearsOf(signature),
      cell(signature.families.join(', ')) || '–',
      signature.account === undefined ? '–' : `\`${cell(signature.account)}\``,
      signature.kind === 'mining' ? signature.consent.replace('-', ' ') : '–',
      knownBy(signature).join(', ') || '–',
    ].join(' | '),
  )
  .map((row) => `| ${row} |\n`)
  .join('')}`
}

/** `2017-09 to 2019-03`, `since 2019-12`. */
export function yearsOf({ active }: Pick<Signature, 'active'>): string {
  if (active === undefined || (active.from === null && active.to === null)) return '–'
  if (active.from === null) return `until ${active.to}`
  return active.to === null ? `since ${active.from}` : `${active.from} to ${active.to}`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
