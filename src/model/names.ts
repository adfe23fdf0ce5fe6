/**
 * Where names resolve to instead of the DNS, and what that opens. A lab writes such a file; an operator can, for a split-horizon test.
 * Everything behind name resolution is the same code as on the open web.
 */
export interface NameMap {
  /** Name (lower case, without a final dot) → addresses. A name that is not here does not exist. `*.` as first label matches any one or more labels. */
  hosts: Record<string, string[]>
  /** Port asked for → port connected to: an unprivileged user cannot bind 80 and 443. */
  ports: Record<string, number>
  /** CIDR ranges that the guard lets through for these names. */
  allow: string[]
  /** base64 SHA-256 of the public key that its certificates carry; and the PEM of the authority. */
  spki: string | null
  authorityPem: string | null
  /** Address (CIDR) → country and network, for lab addresses that no data base knows. */
  networks: { cidr: string; country: string; asn: number; organisation: string }[]
  /** A lab that shows another day when it is told: GET `turn` + a date (ISO 8601) answers 200 when that day is shown. */
  world?: { startsAt: string; everyMs: number; weeks: number; turn: string } | undefined
}
