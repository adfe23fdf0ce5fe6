import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { HostArtifact } from '#model/artifact.ts'
import { complete } from '#model/collection.ts'
import { portOf } from '#model/port.ts'
import type { Collector, VisitContext } from '../collector.ts'

/** Every host that was spoken to, and how it showed itself. Addresses are joined from egress when the visit is over. */
export function hostCollector(context: VisitContext): Collector<'host'> {
  const hosts = new Map<string, HostArtifact>()

  function note(url: string, security: Protocol.Network.SecurityDetails | undefined): void {
    const parsed = /^(https?|wss?):/.test(url) ? URL.parse(url) : null
    if (!parsed) return
    const port = portOf(parsed)
    const key = `${parsed.hostname}:${port}`
    const host = hosts.get(key) ?? { id: context.nextId('host'), host: parsed.hostname, port, addresses: [] }
    hosts.set(key, host)
    if (!security || host.tls) return
    host.tls = {
      protocol: security.protocol,
      cipher: security.cipher,
      issuer: security.issuer,
      subject: security.subjectName,
      san: security.sanList,
      validFrom: isoOf(security.validFrom),
      validTo: isoOf(security.validTo),
    }
  }

  return {
    kind: 'host',
    attach({ session }) {
      session.on('Network.responseReceived', ({ response }) => note(response.url, response.securityDetails))
      session.on('Network.requestWillBeSent', ({ redirectResponse }) => {
        if (redirectResponse) note(redirectResponse.url, redirectResponse.securityDetails)
      })
      session.on('Network.webSocketCreated', ({ url }) => note(url, undefined))
    },
    async finish() {
      return complete([...hosts.values()])
    },
  }
}

/** Seconds since the epoch. A certificate may say anything. */
function isoOf(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}
