import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AssayError } from '#model/errors.ts'

/**
 * One process at a time on this machine: the name of an abstract socket (unix(7)) belongs to one process and is free the moment that dies,
 * so a kill leaves nothing stale behind. Throws `STORE_BUSY` after `patienceMs`.
 */
export async function withStartLock<T>(name: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const server = createServer((socket) => socket.destroy())
    try {
      server.listen(`\0${name}`)
      await once(server, 'listening')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
      if (performance.now() > deadline)
        throw new AssayError('STORE_BUSY', 'another process has been starting the database for too long', { cause })
      await sleep(10 + 20 * (performance.now() % 1))
      continue
    }
    try {
      return await work()
    } finally {
      await new Promise((done) => server.close(done))
    }
  }
}
