import { readFile } from 'node:fs/promises'
import type net from 'node:net'

/**
 * Whose process is at the other end of a connection on loopback. A proxy on loopback is open to every process of the machine, and
 * Chromium has no way to send it a secret without being asked for one on every connection; but the kernel says which user
 * owns the other socket (`/proc/net/tcp`, proc(5)). See docs/decisions/0016-who-may-use-the-proxy.md.
 */
export interface ClientCheck {
  isAllowed(client: net.Socket): Promise<boolean>
}

export const everyClient: ClientCheck = { isAllowed: async () => true }

/** One reading of the table serves every connection that was accepted before it began. */
export function clientsOfUsers(uids: ReadonlySet<number>, read: () => Promise<string> = () => readFile('/proc/net/tcp', 'latin1')): ClientCheck {
  let running: Promise<string | null> | null = null
  let queued: Promise<string | null> | null = null

  function table(): Promise<string | null> {
    if (queued) return queued
    const start = async (): Promise<string | null> => {
      queued = null
      running = read().catch(() => null)
      return running
    }
    // What is being read already may be older than this connection.
    queued = running ? running.then(start) : Promise.resolve().then(start)
    return queued
  }

  return {
    async isAllowed(client) {
      if (client.remotePort === undefined || client.localPort === undefined) return false
      const entry = ` ${endpoint(client.remoteAddress, client.remotePort)} ${endpoint(client.localAddress, client.localPort)} `
      const text = await table()
      if (text === null) return false
      const at = text.indexOf(entry)
      if (at < 0) return false
      // After the two ends: state, queues, timer, retransmissions, uid.
      const uid = /^(?:\S+\s+){4}(\d+)/.exec(text.slice(at + entry.length, at + entry.length + 80))?.[1]
      return uid !== undefined && uids.has(Number(uid))
    },
  }
}

/** `0100007F:1F90`: the address as a number of this machine's octet order (little-endian wherever Chromium runs), the port as hex. */
function endpoint(address: string | undefined, port: number): string {
  const octets = (address ?? '').replace(/^::ffff:/, '').split('.')
  return `${octets.reverse().map((octet) => hex(Number(octet), 2)).join('')}:${hex(port, 4)}`
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0')
}

/** The user who runs this, and, where that is root, the unprivileged one that the browser is dropped to. Null where the system has no such table. */
export function usualUsers(): ReadonlySet<number> | null {
  if (process.platform !== 'linux') return null
  const own = process.getuid?.()
  return own === undefined ? null : new Set(own === 0 ? [0, 65534] : [own])
}
