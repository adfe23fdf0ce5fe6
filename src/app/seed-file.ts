import { readFile } from 'node:fs/promises'
import { parseSeedList, type SeedList, type SeedListOptions } from '#crawl/seed-list.ts'
import { AssayError } from '#model/errors.ts'

/** A seed list as people have it. Throws `NOT_FOUND`, and `BAD_INPUT_FILE` where no line is good. */
export async function readSeedFile(path: string, options: SeedListOptions = {}): Promise<SeedList> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `the seed list ${path} cannot be read`, { cause })
  })
  const list = parseSeedList(bytes, options)
  if (list.seeds.length === 0) {
    const first = list.bad[0]
    throw new AssayError('BAD_INPUT_FILE', `${path} names no address${first ? `: line ${first.line} ${first.reason}` : ''}`)
  }
  return list
}
