import net from 'node:net'
import { AssayError } from '#model/errors.ts'

export interface DialOptions {
  /** For all attempts together. Milliseconds. */
  timeoutMs: number
  /** Between the starts of two attempts: RFC 8305, 5 recommends 250. Milliseconds. */
  staggerMs: number
  signal: AbortSignal
}

/**
 * Connects to the first of these addresses that answers (Happy Eyeballs, RFC 8305). The addresses are literals: no name is
 * resolved here, so what was checked is what is connected to. Throws `CONNECT_FAILED`, `TIMEOUT` or `INTERRUPTED`.
 */
export function dialFirst(addresses: readonly string[], port: number, o: DialOptions): Promise<net.Socket> {
  const order = interleaved(addresses)
  return new Promise((resolve, reject) => {
    const attempts = new Set<net.Socket>()
    let next = 0
    let failure: Error | null = null
    let stagger: NodeJS.Timeout | undefined
    const deadline = setTimeout(
      () => settle(new AssayError('TIMEOUT', `no answer from ${order.join(', ')} port ${port} in ${o.timeoutMs} ms`)),
      o.timeoutMs,
    )
    const onAbort = (): void => settle(new AssayError('INTERRUPTED', 'the visit ended'))
    o.signal.addEventListener('abort', onAbort, { once: true })

    function settle(outcome: net.Socket | Error): void {
      clearTimeout(deadline)
      clearTimeout(stagger)
      o.signal.removeEventListener('abort', onAbort)
      for (const attempt of attempts) {
        if (attempt === outcome) continue
        attempt.removeAllListeners()
        // A socket that is given up may still fail; that concerns nobody.
        attempt.on('error', () => {})
        attempt.destroy()
      }
      attempts.clear()
      if (outcome instanceof Error) return reject(outcome)
      outcome.removeAllListeners()
      resolve(outcome)
    }

    function start(): void {
      clearTimeout(stagger)
      const address = order[next++]
      if (address === undefined) {
        if (attempts.size === 0) settle(failure ?? new AssayError('CONNECT_FAILED', 'no address to connect to'))
        return
      }
      const socket = net.connect({ host: address, port, allowHalfOpen: true, noDelay: true, autoSelectFamily: false })
      attempts.add(socket)
      socket.once('connect', () => settle(socket))
      socket.once('error', (cause) => {
        attempts.delete(socket)
        failure = new AssayError('CONNECT_FAILED', `${address} port ${port}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}`, {
          cause,
        })
        start()
      })
      if (next < order.length) stagger = setTimeout(start, o.staggerMs)
    }

    if (o.signal.aborted) onAbort()
    else start()
  })
}

/** IPv6 and IPv4 by turns, each family in the resolver's order, IPv6 first (RFC 8305, 4). */
export function interleaved(addresses: readonly string[]): string[] {
  const six = addresses.filter((address) => address.includes(':'))
  const four = addresses.filter((address) => !address.includes(':'))
  return Array.from({ length: Math.max(six.length, four.length) }, (_, at) => [six[at], four[at]])
    .flat()
    .filter((address) => address !== undefined)
}
