import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One labelled script, page or archive. */
export interface Row {
  kind: string
  label: string
  group: string
  family: string
  name: string
  path: string
  sha256: string
  variant: string
  original: string
}

/** A lineage, site or repository → the part it fell into (eval/README.md). */
export const partOf = (group: string): string => (createHash('sha256').update(`assay:${group}`).digest()[0]! < 102 ? 'test' : 'tuning')

/** `MANIFEST=DIR` → the rows whose sample is there. */
export function rowsOf(pair: string): Row[] {
  const [manifest = '', directory = ''] = pair.split('=')
  const [header = '', ...lines] = readFileSync(manifest, 'utf8').trim().split('\n')
  const names = header.split('\t')
  return lines.flatMap((line): Row[] => {
    const cells = Object.fromEntries(line.split('\t').map((cell, at) => [names[at], cell])) as Record<string, string>
    const kind = cells['kind'] ?? ''
    const label = cells['label'] ?? ''
    const group = (cells['lineage'] ?? cells['site'] ?? '') || (cells['repo'] ?? '')
    const sha = cells['sha256'] ?? ''
    const path =
      kind === 'site'
        ? siteFolder(join(directory, 'site', label), cells)
        : [join(directory, label, `${sha}.${kind}`), join(directory, kind, label, `${sha}.${kind}`)].find((candidate) =>
            existsSync(candidate),
          )
    return path === undefined
      ? []
      : [
          {
            kind,
            label,
            group,
            family: cells['family'] ?? '',
            name: `${cells['repo']} ${cells['path']}`,
            path,
            sha256: sha,
            variant: cells['variant'] ?? '',
            original: cells['original'] ?? sha,
          },
        ]
  })
}

function siteFolder(parent: string, cells: Record<string, string>): string | undefined {
  if (!existsSync(parent)) return undefined
  const name = readdirSync(parent).find(
    (folder) => folder.startsWith(`${cells['site']}-${cells['date']}`) && folder.endsWith((cells['commit'] ?? '').slice(0, 8)),
  )
  return name === undefined ? undefined : join(parent, name)
}
