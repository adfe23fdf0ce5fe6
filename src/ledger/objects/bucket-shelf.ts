import type { AppendLog } from '../files/append-log.ts'
import { pack, suffix, unpack, unpackedName } from '../files/packed.ts'
import { isPacked, type Shelf } from '../files/shelf.ts'
import type { Bucket, ListedObject } from './bucket.ts'

/**
 * An object that was touched or written so lately is not touched again: a touch is a copy, which costs as much as writing. What is removed as
 * named by nothing has to be much older (decision 0086).
 */
export const touchedForMs = 6 * 60 * 60 * 1000
/** And so long it is taken to be there without a question. */
const knownForMs = 60 * 60 * 1000
const knownLimit = 200_000
const damagedReads = 3
/** What was removed as named by nothing lies there for a while: who named it at that moment still finds it. */
const gone = 'gone/'

/** Files of a record as objects of a bucket, under the names that they have in a folder. */
export function bucketShelf(bucket: Bucket, now: () => number = Date.now): Shelf {
  /** Blobs that this process saw there, and when. */
  const known = new Map<string, { octets: number; at: number }>()
  const knownOctets = (path: string): number | null => {
    const seen = known.get(path)
    return seen !== undefined && seen.at > now() - knownForMs ? seen.octets : null
  }
  const remember = (path: string, octets: number): void => {
    if (!path.startsWith('blobs/')) return
    known.delete(path)
    known.set(path, { octets, at: now() })
    if (known.size > knownLimit) for (const oldest of known.keys().take(1)) known.delete(oldest)
  }
  const namesOf = (path: string): string[] => (isPacked(path) ? [path + suffix, path] : [path])

  async function objectOf(path: string): Promise<ListedObject | null> {
    const found = await Promise.all(namesOf(path).map(async (name) => ({ name, info: await bucket.info(name) })))
    for (const { name, info } of found) if (info !== null) return { name, ...info }
    return null
  }

  async function readIn(place: string, path: string): Promise<Uint8Array | null | 'broken'> {
    for (const name of namesOf(path)) {
      const bytes = await bucket.get(place + name)
      if (bytes !== null) return name === path ? bytes : unpack(bytes)
    }
    return null
  }

  async function read(path: string, isWhole: (bytes: Uint8Array) => boolean = () => true): Promise<Uint8Array | null | 'broken'> {
    for (let attempt = 1; ; attempt++) {
      const bytes = (await readIn('', path)) ?? (path.startsWith('blobs/') ? await readIn(gone, path) : null)
      // It may have been cut short by somebody on the way who gave another length.
      if (bytes === null || (bytes !== 'broken' && isWhole(bytes)) || attempt === damagedReads) return bytes
    }
  }

  async function remove(path: string): Promise<void> {
    known.delete(path)
    for (const name of namesOf(path)) await bucket.remove(name)
    if (path.startsWith('blobs/')) for (const name of namesOf(path)) await bucket.remove(`${gone}${name}`)
  }

  return {
    width: 16,
    read,
    size: async (path) => knownOctets(path) ?? (await objectOf(path))?.octets ?? null,
    async write(path, bytes) {
      const packed = isPacked(path) ? await pack(bytes) : null
      await (packed === null ? bucket.put(path, bytes) : bucket.put(path + suffix, packed))
      remember(path, (packed ?? bytes).length)
    },
    // Each was acknowledged by itself.
    settle: async () => {},
    async touch(path) {
      if (knownOctets(path) !== null) return true
      const object = await objectOf(path)
      if (object === null) return false
      if (now() - object.modifiedAt.getTime() > touchedForMs && !(await bucket.copy(object.name, object.name))) return false
      remember(path, object.octets)
      return true
    },
    async removeOlder(path, { graceMs, dryRun }) {
      const object = await objectOf(path)
      if (object === null) return 0
      if (graceMs > 0 && now() - object.modifiedAt.getTime() < graceMs) return null
      if (dryRun) return object.octets
      if (graceMs > 0) await bucket.copy(object.name, `${gone}${object.name}`)
      known.delete(path)
      await bucket.remove(object.name)
      return object.octets
    },
    remove,
    async emptyTrash(isNamed, graceMs) {
      for await (const { name, modifiedAt } of bucket.list(`${gone}blobs/`)) {
        const back = name.slice(gone.length)
        if (isNamed(unpackedName(back).slice('blobs/ab/'.length))) {
          if ((await objectOf(unpackedName(back))) === null) await bucket.copy(name, back)
        } else if (now() - modifiedAt.getTime() < graceMs) continue
        await bucket.remove(name)
      }
    },
    async *list(prefix) {
      for await (const { name } of bucket.list(prefix)) yield unpackedName(name)
    },
    order: (kind) => orderOf(bucket, kind),
  }
}

/** An object is acknowledged when it is there: the order is that of the store's own times. */
function orderOf(bucket: Bucket, kind: 'captures' | 'observations'): AppendLog {
  return {
    append: async () => {},
    async *names() {
      const found: { name: string; at: number }[] = []
      for await (const { name, modifiedAt } of bucket.list(`${kind}/`))
        found.push({ name: unpackedName(name).slice(kind.length + 4, -'.json'.length), at: modifiedAt.getTime() })
      found.sort((a, b) => a.at - b.at)
      for (const { name } of found) yield name
    },
    has: async () => true,
  }
}
