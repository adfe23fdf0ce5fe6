import type { NameMap } from '#model/names.ts'
import { Random } from '../random.ts'

/** Hosting networks of the lab: their numbers are from the range for documentation (RFC 5398). */
const networks = [
  { country: 'US', asn: 64496, organisation: 'Lab Cloud Inc.' },
  { country: 'DE', asn: 64497, organisation: 'Laborhosting GmbH' },
  { country: 'FR', asn: 64498, organisation: 'Labo Hébergement SAS' },
  { country: 'NL', asn: 64499, organisation: 'Lab Transit B.V.' },
  { country: 'RU', asn: 64500, organisation: 'Lab Telecom' },
  { country: 'GB', asn: 64501, organisation: 'Lab Servers Ltd' },
  { country: 'JP', asn: 64502, organisation: 'Lab Internet KK' },
  { country: 'BR', asn: 64503, organisation: 'Lab Hospedagem' },
] as const

/** Addresses of one network at the most; what is above shares them, as on shared hosting. */
const perNetwork = 30

export interface AddressBook {
  /** `alone`: one that no other host gets, decided when the host is first asked for. */
  addressOf(host: string, alone?: boolean): string
  all(): string[]
  networks: NameMap['networks']
}

/** Each host gets a loopback address in one of the lab's networks, by its name; no two share one while there are enough. */
export function addressBook(): AddressBook {
  const taken = new Map<string, string>()
  const used = networks.map(() => 0)
  let lonely = 0
  return {
    addressOf(host, alone = false) {
      const known = taken.get(host)
      if (known !== undefined) return known
      let network = new Random(`network/${host}`).int(0, networks.length - 1)
      if (alone) {
        const address = `127.${network + 16}.${200 + (lonely >> 7)}.${(lonely & 127) + 1}`
        lonely++
        taken.set(host, address)
        return address
      }
      for (let tries = 0; tries < networks.length && (used[network] ?? 0) >= perNetwork; tries++) network = (network + 1) % networks.length
      const number = (used[network] ?? 0) % perNetwork
      used[network] = (used[network] ?? 0) + 1
      const address = `127.${network + 16}.${number >> 3}.${(number & 7) + 1}`
      taken.set(host, address)
      return address
    },
    all: () => [...new Set(taken.values())],
    networks: networks.map((network, index) => ({ cidr: `127.${index + 16}.0.0/16`, ...network })),
  }
}

/** Nothing ever listens here. */
export const silentAddress = '127.250.0.1'
