/** One row of a labelled sample manifest (tab-separated with a header line; see the columns). */
export interface SampleRow {
  kind: string
  label: string
  family: string
  lineage: string
  variant: string
  repo: string
  path: string
  member: string
  sha256: string
  note: string
}

export function readManifest(text: string): SampleRow[] {
  const [header = '', ...lines] = text.split('\n').filter((line) => line !== '')
  const names = header.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    const of = (name: string): string => cells[names.indexOf(name)] ?? ''
    return {
      kind: of('kind'),
      label: of('label'),
      family: of('family'),
      lineage: of('lineage'),
      variant: of('variant'),
      repo: of('repo'),
      path: of('path'),
      member: of('member'),
      sha256: of('sha256'),
      note: of('note'),
    }
  })
}

/** Lineages that are divided by repository and transformation, because one of them holds most of the miner modules. */
const divided = new Set(['webminerpool'])

/** What is dealt to one part as a whole: a lineage, or a part of a very large one. */
export function unitOf(row: SampleRow): string {
  if (!divided.has(row.lineage)) return row.lineage
  if (row.repo !== 'HakonHarnes/wasm-obf') return `${row.lineage}/${row.repo}${row.variant === 'plain' ? '' : `/${row.variant}`}`
  if (row.variant === 'plain') return `${row.lineage}/wasm-obf/plain`
  const transformation = /(?:llvm|tigress)-(?:enable-)?([a-z]+)/.exec(row.path)?.[1] ?? /([a-z]+)\.wasm$/.exec(row.path)?.[1] ?? 'other'
  return `${row.lineage}/wasm-obf/${transformation}`
}
