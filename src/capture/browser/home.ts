import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `nobody` and `nogroup` on Debian; a number needs no entry in a user data base. */
const nobody = { uid: 65534, gid: 65534 }
const prefix = 'assay-browser-'

/** The user that the browser is dropped to: Chromium's sandbox refuses to work for root. Null where we are not root. */
export function unprivileged(): { uid: number; gid: number } | null {
  return process.getuid?.() === 0 ? nobody : null
}

/**
 * Chromium opens 32 connections to one proxy, and a visit has one proxy: a page that holds so many open would have kept the next one, to a
 * pool perhaps, from being opened. Without a proxy it opens 255. The preferences of its policies MaxConnectionsPerProxy and …ForWebSocket.
 */
const localState = JSON.stringify({ net: { max_connections_per_proxy: 255, max_connections_per_proxy_for_websocket: 255 } })

/** A socket's path has at most 107 octets (unix(7)); the browser puts one into `tmp/org.chromium.Chromium.XXXXXX/SingletonSocket` of its home. */
const maxBaseLength = 107 - '/assay-browser-0000000-XXXXXX/tmp/org.chromium.Chromium.XXXXXX/SingletonSocket'.length

/** Where homes are made: the folder for temporary files, or `/tmp` where that one's name is so long that no browser would start in it. */
export const homesFolder = (folder: string = tmpdir()): string => (Buffer.byteLength(folder) <= maxBaseLength ? folder : '/tmp')

/** A temporary home of a browser, named by this process so that whoever comes later can tell an orphan. */
export async function createHome(owner: { uid: number; gid: number } | null): Promise<string> {
  sweepOrphans()
  const home = mkdtempSync(join(homesFolder(), `${prefix}${process.pid}-`))
  mkdirSync(join(home, 'tmp'))
  mkdirSync(join(home, 'profile'))
  writeFileSync(join(home, 'profile', 'Local State'), localState)
  if (owner)
    for (const path of [home, ...['tmp', 'profile', 'profile/Local State'].map((name) => join(home, name))])
      chownSync(path, owner.uid, owner.gid)
  return home
}

export const removeHome = {
  now(home: string): void {
    // A dying child may still write for a moment, so the folder is tried again.
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  },
  async later(home: string): Promise<void> {
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
  },
}

let swept = false

/** Homes of processes that were killed before they could remove them. Their browsers ended with their pipe. */
function sweepOrphans(): void {
  if (swept) return
  swept = true
  for (const name of readdirSync(homesFolder())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    if (Number.isNaN(pid) || isAlive(pid)) continue
    try {
      removeHome.now(join(homesFolder(), name))
    } catch {
      // Another user's: not ours to remove.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
