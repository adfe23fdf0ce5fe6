import { artifacts, type Capture } from '#model/capture.ts'
import type { Server } from '#model/server.ts'
import { hostOfUrl } from '#derive/party.ts'

const maxServers = 1_000

/** Hosts that the visit was connected with, by address, and the certificate that each showed. In the order of host and address. */
export function serversOf(capture: Capture): Server[] {
  const page = hostOfUrl(capture.manifest.finalUrl)
  const certificates = new Map<string, string>()
  for (const { host, tls } of artifacts(capture, 'host').items)
    if (tls?.fingerprint !== undefined && !certificates.has(host)) certificates.set(host, tls.fingerprint)
  const servers = new Map<string, Server>()
  for (const { host, address, outcome, asn, organisation, country } of artifacts(capture, 'connection').items) {
    if (address === undefined || (outcome !== 'connected' && outcome !== 'cut')) continue
    const key = `${host} ${address}`
    if (servers.has(key) || servers.size >= maxServers) continue
    servers.set(key, {
      host,
      address,
      asn: asn ?? null,
      organisation: organisation ?? null,
      country: country ?? null,
      certificate: certificates.get(host) ?? null,
      isPage: host === page,
    })
  }
  return [...servers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, server]) => server)
}
