import type { Database } from '../database/database.ts'

/** Visits that a crawl may make on one day, by UTC, over all its processes. */
export interface DailyBudget {
  crawl: string
  limit: number
}

const dayOf = (now: Date) => now.toISOString().slice(0, 10)

/** Takes up to `count` visits out of the day's budget and answers how many there were. What a killed process took stays taken. */
export async function takeFromBudget(database: Database, { crawl, limit }: DailyBudget, count: number, now: Date): Promise<number> {
  return database.transaction(async (transaction) => {
    await transaction.query('insert into assay.budgets (crawl, day, used) values ($1, $2, 0) on conflict do nothing', [crawl, dayOf(now)])
    const [row] = await transaction.query<{ used: number }>('select used from assay.budgets where crawl = $1 and day = $2 for update', [
      crawl,
      dayOf(now),
    ])
    const taken = Math.max(0, Math.min(count, limit - (row?.used ?? 0)))
    if (taken > 0)
      await transaction.query('update assay.budgets set used = used + $3 where crawl = $1 and day = $2', [crawl, dayOf(now), taken])
    return taken
  })
}

export async function returnToBudget(database: Database, { crawl }: DailyBudget, count: number, now: Date): Promise<void> {
  await database.query('update assay.budgets set used = greatest(0, used - $3) where crawl = $1 and day = $2', [crawl, dayOf(now), count])
}
