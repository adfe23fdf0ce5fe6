import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AssayError } from '#model/errors.ts'
import type { NameMap } from '#model/names.ts'
import { formatAddress, parseAddress, parseHost, parseRange, type Range } from './address.ts'
import { lookupPattern, type Resolver } from './resolver.ts'

const address = z.string().refine((text) => parseAddress(text) !== null, 'not an IP address')
const cidr = z.string().refine((text) => parseRange(text) !== null, 'not a range of addresses')
const port = z.number().int().min(1).max(65535)
const name = z
  .string()
  .refine((text) => parseHost(text.replace(/^\*\./, ''))?.text === text.replace(/^\*\./, ''), 'not a lower-case name without a final dot')

const nameMapSchema = z.looseObject({
  hosts: z.record(name, z.array(address).min(1)),
  ports: z.record(z.string().regex(/^\d{1,5}$/), port).default({}),
  allow: z.array(cidr).default([]),
  spki: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, 'not a base64 SHA-256')
    .nullable()
    .default(null),
  authorityPem: z.string().includes('-----BEGIN CERTIFICATE-----').nullable().default(null),
  networks: z
    .array(z.object({ cidr, country: z.string().regex(/^[A-Z]{2}$/), asn: z.number().int().nonnegative(), organisation: z.string() }))
    .default([]),
  world: z
    .object({
      startsAt: z.iso.datetime(),
      everyMs: z.number().int().positive(),
      weeks: z.number().int().positive(),
      turn: z.url({ protocol: /^http$/ }),
    })
    .optional(),
})

/** Reads a name map. Throws `BAD_INPUT_FILE`. */
export async function loadNameMap(path: string): Promise<NameMap> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new AssayError('BAD_INPUT_FILE', `${path} cannot be read as a name map: ${(cause as Error).message}`, { cause })
  }
  const parsed = nameMapSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AssayError('BAD_INPUT_FILE', `${path} is not a name map: ${issue?.path.join('.')}: ${issue?.message}`)
}

/**
 * A closed world of names: what the map does not name does not exist, addresses written in URLs included (an address is
 * named by an entry of its own, `"127.0.0.9": ["127.0.0.9"]`). The map's `allow` opens ranges for its own names only.
 */
export function nameMapResolver(map: NameMap): Resolver {
  const opened: Range[] = map.allow.map((text) => parseRange(text)).filter((range) => range !== null)
  const ports = new Map(Object.entries(map.ports).map(([from, to]) => [Number(from), to]))
  return {
    isClosed: true,
    portOf: (asked) => ports.get(asked) ?? asked,
    async resolve(asked) {
      const found = lookupPattern(map.hosts, asked)
      if (!found) throw new AssayError('DNS_FAILED', `NXDOMAIN: ${asked} is not in the name map`)
      const addresses = found.map((text) => parseAddress(text)).filter((parsed) => parsed !== null)
      return { addresses: addresses.map(formatAddress), opened }
    },
    close: () => {},
  }
}

/** A map in a file, whose hosts are read again when the file has changed: a lab's names come and go with its weeks. */
export async function nameMapFileResolver(path: string): Promise<{ names: NameMap; resolver: Resolver }> {
  const names = await loadNameMap(path)
  const resolver = nameMapResolver(names)
  // Asked for every name: the way to a thread would cost many times the call.
  const stamp = (): string | null => {
    const file = statSync(path, { throwIfNoEntry: false })
    return file === undefined ? null : `${file.ino} ${file.mtimeMs} ${file.size}`
  }
  let seen = stamp()
  return {
    names,
    resolver: {
      ...resolver,
      async resolve(asked) {
        // A file that is gone with its lab leaves the names as they were.
        const now = stamp()
        if (now !== null && now !== seen) {
          names.hosts = (await loadNameMap(path)).hosts
          seen = now
        }
        return resolver.resolve(asked)
      },
    },
  }
}
