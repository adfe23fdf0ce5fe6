import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { appendLog } from './append-log.ts'
import { isMissing, syncFolder, writeWhole } from './atomic.ts'
import { packedFile, packedSize, readPacked, touchPacked, unpackedName, writePacked } from './packed.ts'
import { isPacked, orderForms, type Shelf } from './shelf.ts'

/** Files of a record in a folder of this machine. */
export function folderShelf(dir: string, tmp: string): Shelf {
  /** Folders with new names. */
  let unsynced = new Set<string>()
  return {
    width: 1,
    read: (path) => readPacked(join(dir, path)),
    size: (path) => packedSize(join(dir, path)),
    async write(path, bytes, lasts) {
      const file = join(dir, path)
      await (isPacked(path) ? writePacked(file, bytes, tmp) : writeWhole(file, bytes, tmp))
      if (lasts === 'now') await syncFolder(dirname(file))
      else unsynced.add(dirname(file))
    },
    async settle() {
      const folders = unsynced
      unsynced = new Set()
      try {
        await Promise.all([...folders].map(syncFolder))
      } catch (error) {
        for (const folder of folders) unsynced.add(folder)
        throw error
      }
    },
    async touch(path) {
      const file = join(dir, path)
      if (!touchPacked(file)) return false
      // Another process may have written it and not be done yet.
      unsynced.add(dirname(file))
      return true
    },
    async removeOlder(path, { graceMs, dryRun }) {
      const file = packedFile(join(dir, path))
      return file === null ? 0 : removeAged(file, tmp, graceMs, dryRun)
    },
    async remove(path) {
      const file = join(dir, path)
      try {
        for (let there = packedFile(file); there !== null; there = packedFile(file)) await rm(there, { force: true })
        // A power cut must not bring it back.
        await syncFolder(dirname(file))
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
    // A folder can tell in one step that somebody names what is about to go.
    emptyTrash: async () => {},
    list: (prefix) => pathsFrom(dir, prefix),
    order: (kind) => appendLog(join(dir, kind, 'log'), orderForms[kind].form, orderForms[kind].length),
  }
}

/** Without waiting in between: who writes sees the file there or not. */
function removeAged(file: string, tmp: string, graceMs: number, dryRun: boolean): number | null {
  // Against a file's own time only the file system's clock counts.
  const isYoung = (mtimeMs: number) => graceMs > 0 && Date.now() - mtimeMs < graceMs
  const info = statSync(file, { throwIfNoEntry: false })
  if (info === undefined) return 0
  if (isYoung(info.mtimeMs)) return null
  if (dryRun) return info.size
  const aside = join(tmp, `gone-${process.pid}-${file.slice(-72).replaceAll('/', '-')}`)
  try {
    renameSync(file, aside)
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  // Touched between the look and the removal: somebody names it.
  if (isYoung(statSync(aside).mtimeMs)) {
    putBack(aside, file)
    return null
  }
  rmSync(aside)
  return info.size
}

function putBack(aside: string, file: string): void {
  try {
    linkSync(aside, file)
  } catch (error) {
    // Written anew meanwhile, the same octets.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      renameSync(aside, file)
      return
    }
  }
  rmSync(aside)
}

/** Files in the folders of a kind, not those beside the folders (the order files). */
async function* pathsFrom(dir: string, prefix: string): AsyncIterable<string> {
  const at = prefix.lastIndexOf('/')
  const [folder, start] = [prefix.slice(0, at), prefix.slice(at + 1)]
  const isKind = !folder.includes('/') && start === ''
  const flat = folder === 'imports' || folder === 'purges'
  for (const entry of await entriesOf(join(dir, folder))) {
    if (isKind && !flat) {
      if (entry.isDirectory())
        for (const file of await entriesOf(join(dir, folder, entry.name))) yield `${folder}/${entry.name}/${unpackedName(file.name)}`
    } else if (entry.name.startsWith(start)) yield `${folder}/${unpackedName(entry.name)}`
  }
}

async function entriesOf(folder: string) {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
