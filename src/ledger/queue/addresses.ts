import { batched } from '../database/batched.ts'
import type { Database } from '../database/database.ts'
import { jsonForSql } from '../index/write.ts'

interface Occupying {
  visitId: string
  address: string
  cap: number
}

/** First number of the advisory locks of addresses: `aa` in ASCII. */
const addressLockClass = 0x6161

/** Whether a visit may go to an address: no more than its cap of all crawls and processes are there. Questions that come together are one transaction. */
export const addressesOf = (database: Database) =>
  batched((wanted: Occupying[]) =>
    database.transaction(async (transaction) => {
      const addresses = [...new Set(wanted.map(({ address }) => address))]
      // In one order, so that no two processes wait for each other.
      await transaction.query(
        'select pg_advisory_xact_lock($1, n) from (select distinct hashtext(a) as n from unnest($2::text[]) a order by 1) o',
        [addressLockClass, addresses],
      )
      const rows = await transaction.query<{ id: string; address: string }>(
        'select visit_id as id, address from assay.leases where address = any($1)',
        [addresses],
      )
      const there = Map.groupBy(rows, ({ address }) => address)
      const taken: { id: string; address: string }[] = []
      const answers = wanted.map(({ visitId, address, cap }) => {
        const others = (there.get(address) ?? []).filter(({ id }) => id !== visitId)
        if (others.length >= cap) return false
        taken.push({ id: visitId, address })
        there.set(address, [...others, { id: visitId, address }])
        return true
      })
      if (taken.length > 0)
        await transaction.query(
          'update assay.leases l set address = t.address from jsonb_to_recordset($1::jsonb) as t(id text, address text) where l.visit_id = t.id',
          [jsonForSql(taken)],
        )
      return answers
    }),
  )
