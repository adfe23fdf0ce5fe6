import type { Database } from '../database/database.ts'

export interface Draw {
  crawl: string
  schedule: { every_ms: number | null; rounds: number; starts_at: Date }
  /** Hints of one round that the browser lane visits. */
  budget: number
}

/**
 * Hints of a round wait until its http lane is done (or the next round has begun). Then the `budget` of them with the lowest places are
 * drawn: a simple random sample, each with probability budget ÷ hints. The others are done with in this round, and stay among its http visits.
 */
export async function drawHints(database: Database, { crawl, schedule, budget }: Draw, now: Date): Promise<number> {
  return database.transaction(async (transaction) => {
    await transaction.query('select 1 from assay.crawls where name = $1 for update', [crawl])
    const rounds = await transaction.query<{ round: number; held: number; under_way: number }>(
      `select h.next_round as round, count(*) as held,
         (select count(*) from assay.seeds s where s.crawl = $1 and s.lane = 'http' and s.next_round = h.next_round and s.next_at is not null) as under_way
       from assay.seeds h where h.crawl = $1 and h.drawn is not null group by h.next_round`,
      [crawl],
    )
    let settled = 0
    for (const { round, held, under_way: underWay } of rounds) {
      const isOver = schedule.every_ms !== null && now.getTime() >= schedule.starts_at.getTime() + (round + 1) * schedule.every_ms
      if (underWay > 0 && !isOver) continue
      const probability = Math.min(1, budget / held)
      const taken = await transaction.query<{ url: string }>(
        `update assay.seeds s set drawn = null, next_at = $5, inclusion = jsonb_build_object('probability', $3::float8, 'reason', 'hint')
         from (select url from assay.seeds where crawl = $1 and next_round = $2 and drawn is not null order by drawn, url limit $4) d
         where s.crawl = $1 and s.url = d.url returning s.url`,
        [crawl, round, probability, budget, now],
      )
      const left = await transaction.query<{ url: string }>(
        `update assay.seeds s set drawn = null, inclusion = null, repeat = 0, lane = c.first_lane, attempts = 0, tried = '[]',
           next_round = case when $2::int + 1 < c.rounds then $2::int + 1 end,
           next_at = case when $2::int + 1 < c.rounds then c.starts_at + ($2::int + 1) * coalesce(c.every_ms, 0) * interval '1 millisecond' end
         from assay.crawls c where c.name = s.crawl and s.crawl = $1 and s.next_round = $2::int and s.drawn is not null returning s.url`,
        [crawl, round],
      )
      settled += taken.length + left.length
    }
    return settled
  })
}
