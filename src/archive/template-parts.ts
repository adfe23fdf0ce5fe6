import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { liquidComment } from './page-source.ts'
import { type Region, replaceRegions } from './source-regions.ts'

const partsFolder = '_includes/'
/** Larger files are no template that somebody wrote. */
const maxOctets = 1024 * 1024
const commented: readonly Region[] = [liquidComment, { opens: /<!--/g, closes: () => /-->/g }]
const includes = /\{%-?\s*(?:include|include_cached)\s+["']?([\w./-]+)/g

/**
 * The sources of a static site (Jekyll's folders: https://jekyllrb.com/docs/includes/) hold parts that stand in no page until something includes
 * them. Answers with the paths of those that nothing does, or only in a comment. Empty where the folder is no such source.
 */
export async function unusedParts(root: string, files: readonly { path: string; mimeType: string; size: number }[]): Promise<Set<string>> {
  const parts = new Set(files.map(({ path }) => path).filter((path) => path.startsWith(partsFolder)))
  if (parts.size === 0) return parts
  const texts = files.filter(({ path, size }) => /\.(?:html?|md|markdown|liquid|xml)$/i.test(path) && size <= maxOctets)
  const named = new Map<string, string[]>()
  for (const { path } of texts) {
    const text = replaceRegions(await readFile(join(root, path), 'utf8'), commented)
    named.set(
      path,
      [...text.matchAll(includes)].map(([, name]) => partsFolder + name),
    )
  }
  const pending = [...named.keys()].filter((path) => !parts.has(path))
  for (let path = pending.pop(); path !== undefined; path = pending.pop())
    for (const name of named.get(path) ?? []) if (parts.delete(name)) pending.push(name)
  return parts
}
