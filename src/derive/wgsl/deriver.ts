import { ConstantCensus } from '../javascript/constants.ts'
import type { Deriver } from '../deriver.ts'
import type { WgslFeatures } from './features.ts'
import { nonceSearch } from './nonce-search.ts'

/**
 * WGSL → entry points and the constants that it holds (https://www.w3.org/TR/WGSL/, tokens only). A shader is short and cannot load
 * tables it does not have, so that its literals say which hash it computes.
 */
export const wgslDeriver: Deriver<'wgsl'> = {
  kind: 'wgsl',
  version: '2',
  maxBytes: 2 * 1024 * 1024,
  derive(bytes) {
    const source = stripComments(new TextDecoder().decode(bytes))
    const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length
    const census = new ConstantCensus()
    let uses = 0
    for (const match of source.matchAll(/(?<![\w.])(0[xX][0-9a-fA-F]{1,8}|\d{1,10})[iu]?(?![\w.])/g)) {
      const value = Number(match[1])
      census.number(value | 0, () => ({ line: lineOf(match.index), column: 0 }))
      if (/&\s*$/.test(source.slice(Math.max(0, match.index - 3), match.index))) census.mask(value)
      if (++uses > 200_000) break
    }
    const entryPoints: WgslFeatures['entryPoints'] = []
    for (const match of source.matchAll(/@(compute|vertex|fragment)\b[^{;]{0,400}?\bfn\s+(\w+)/g)) {
      if (entryPoints.length < 64) entryPoints.push({ name: match[2]!, stage: match[1] as 'compute', line: lineOf(match.index) })
    }
    const cores = census.cores(false).map(({ family, purpose, marks, place }) => ({ family, purpose, marks, line: place.line }))
    const search = nonceSearch(source)
    return { features: { entryPoints, cores, nonceLoop: search === null ? null : lineOf(search) }, inner: [] }
  },
}

function stripComments(source: string): string {
  return source.replace(/\/\/[^\n]*/g, ' ').replace(/\/\*[\s\S]*?(\*\/|$)/g, (text) => text.replace(/[^\n]/g, ' '))
}
