/** A host that a visit was connected with, at one address. What is not known is null. */
export interface Server {
  host: string
  /** IPv4 or IPv6, as egress connected it. */
  address: string
  asn: number | null
  organisation: string | null
  /** ISO 3166-1 alpha-2, of the address's registration on the day of the visit's data: where an anycast or CDN address answers, it does not say. */
  country: string | null
  /** Fingerprint of the certificate that the host showed. */
  certificate: string | null
  /** Whether it served the page itself, not something that the page loaded. */
  isPage: boolean
}
