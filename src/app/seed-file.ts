import { readFile } from 'node:fs/promises'
import { parseSeedList, type SeedList, type SeedListOptions } from '#crawl/seed-list.ts'
import { AssayError } from '#model/errors.ts'

/** A seed list as people have it. Throws `NOT_FOUND`, and `BAD_INPUT_FILE` where no line is good. */
export async function readSeedFile(path: string, options: SeedListOptions = {}): Promise<SeedList> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `the seed list ${path} cannot be read`, { cause })
  })
  if (bytes.includes(0) && !isUtf16(bytes))
    throw new AssayError('BAD_INPUT_FILE', `the seed list ${path} is no text`, {
      hint: 'Give one address a line, or a top list, unpacked.',
    })
  const list = parseSeedList(bytes, options)
  if (list.seeds.length === 0) {
    const first = list.bad[0]
    throw new AssayError('BAD_INPUT_FILE', `${path} names no address${first ? `: line ${first.line} ${first.reason}` : ''}`)
  }
  return list
}

/** By its mark. Other text has no octet that is zero, other files soon do: names that turn up in them are nobody's wish. */
const isUtf16 = (bytes: Uint8Array): boolean => (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
