import type { Observation } from '#model/observation.ts'

export function serverRows({ captureId, judgement, servers = [] }: Observation) {
  const rows = new Map(servers.map((server) => [`${server.host} ${server.address}`, server]))
  return [...rows.values()].map(({ host, address, asn, organisation, country, certificate, isPage }) => ({
    capture_id: captureId,
    judgement,
    host,
    address,
    asn,
    organisation,
    country,
    certificate,
    is_page: isPage,
  }))
}

/** Slot of the first component that the evidence of a finding lies in; null where it lies in no piece of code (a socket, a thread). */
export function slotOf(observation: Observation, evidence: readonly { artifact: string }[]): string | null {
  for (const { artifact } of evidence) {
    const component = observation.components.find((each) => each.artifact === artifact)
    if (component !== undefined) return component.slot
  }
  return null
}
