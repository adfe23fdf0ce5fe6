import { clopperPearson } from '../../src/study/estimators/clopper-pearson.ts'
import { stayLength, type LengthEstimate, type ObservedStay } from '../../src/study/estimators/stay-length.ts'
import { kaplanMeier, survivalQuantile } from '../../src/study/estimators/kaplan-meier.ts'
import { listSummaries } from './lists.ts'
import { pairedOf } from './pairs.ts'
import { count, daysText, markdownTable, percent, probability, shareText, type Block } from './page.ts'
import { lookedStay, servedStay, staysIn, untilService, type RepositoryStay, type SiteState } from './repositories.ts'
import type { Sources } from './sources.ts'
import { dayOf, siteName } from './table.ts'
import { scansOf, weeklyStays } from './weekly.ts'

const replicates = 1000

export function persistence({ screener, minesweeper, published, weekly }: Sources): Block | null {
  if (screener === null || minesweeper === null) return null
  const of = (holds: (families: readonly string[]) => boolean): Set<string> =>
    new Set([...screener.sites].filter(([, families]) => holds(families)).map(([site]) => site))
  const mined = new Set(minesweeper.sites.keys())
  const named = new Set(screener.sites.keys())
  const asks = of((families) => families.every((family) => family === 'coinhive-authedmine'))
  const coinhive = of((families) => families.some((family) => family.startsWith('coinhive') && family !== 'coinhive-authedmine'))
  const pairs: [string, ReadonlySet<string>, string, ReadonlySet<string>, boolean][] = [
    ['cm-screener, 2018-01-31', named, 'MineSweeper, 2018-03 to 04', mined, true],
    ['– Coinhive that does not ask', coinhive, 'the same', mined, false],
    ['– only AuthedMine', asks, 'the same', mined, false],
  ]
  if (published !== null) {
    const its = new Set(published.filter(({ date }) => date === '2017-10-17').map(({ site = '' }) => siteName(site)))
    pairs.push(
      ['Unit 42, 2017-10-17, the ranked names', its, 'cm-screener', named, false],
      ['Unit 42, 2017-10-17, the ranked names', its, 'MineSweeper', mined, false],
    )
  }
  const last = weekly === null ? undefined : [...scansOf(weekly)].at(-1)
  if (last !== undefined)
    pairs.push([`Censys, ${last[0]}`, last[1], 'cm-screener', named, false], [`Censys, ${last[0]}`, last[1], 'MineSweeper', mined, false])
  return markdownTable(
    ['found at first', 'looked again', 'found again [95 %, exact]', 'only first / only later', 'McNemar, exact'],
    pairs.map(([from, first, to, second, bothLooked]) => {
      const { again, onlyFirst, onlySecond, p } = pairedOf(first, second)
      return [
        from,
        to,
        shareText(again),
        bothLooked ? `${count(onlyFirst)} / ${count(onlySecond)}` : '–',
        bothLooked ? `p ${probability(p)}` : 'not of one population',
      ]
    }),
  )
}

export function weeks({ weekly }: Sources): Block | null {
  if (weekly === null) return null
  const scans = scansOf(weekly)
  const days = [...scans.keys()]
  const pairs = days.slice(1).map((day, at) => {
    const before = days[at] ?? ''
    const { again, onlyFirst, onlySecond, p } = pairedOf(scans.get(before) ?? new Set(), scans.get(day) ?? new Set())
    return [`${before} → ${day}`, shareText(again), onlyFirst, onlySecond, probability(p)]
  })
  const rules = [1, 2].map((endAfter) => {
    const { observed, alreadyThere, returns, misses, stays } = weeklyStays(scans, endAfter)
    const length = stayLength(observed, { times: [14, 21, 28], replicates })
    return [
      endAfter === 1 ? 'one scan' : 'two scans in a row',
      `${stays.length} (${alreadyThere}, ${returns})`,
      `${length.ended} / ${length.stays - length.ended}`,
      ...[14, 21, 28].map((time) => curveText(length, time)),
      endAfter === 1 ? 'none by the rule' : shareText(clopperPearson(misses.missed, misses.looks)),
    ]
  })
  return [
    ...markdownTable(['from scan to scan', 'found again [95 %, exact]', 'gone', 'new', 'McNemar p'], pairs),
    '',
    ...markdownTable(
      [
        'an end is … without it',
        'stays (start not seen, returns)',
        'ended / not',
        'longer than 14 days',
        '21 days',
        '28 days',
        'looks within stays that missed it [95 %, exact]',
      ],
      rules,
    ),
  ]
}

function curveText({ curve }: LengthEstimate, at: number): string {
  const point = curve.find(({ time }) => time === at)
  if (point === undefined) return '–'
  const bare = (share: number | null): string => percent(share).replace(' %', '')
  return `${percent(point.survival)} [${bare(point.low)}, ${bare(point.high)}]`
}

/** Coinhive announced it on 2019-02-26: mining would no longer be operable after that day. */
const coinhiveClosed = dayOf('2019-03-08')

export function repositories({ repositories: its }: Sources): Block | null {
  const kept = its.flatMap(({ history, commitDays }) => (commitDays === null ? [] : [{ history, commitDays }]))
  if (kept.length === 0) return null
  const grid = [1, 7, 30, 90, 180, 365, 730, 1500, 3000]
  const reading = (
    name: string,
    states: readonly SiteState[],
    observe: (stay: RepositoryStay, site: (typeof kept)[number]) => ObservedStay | null,
  ): string[] => {
    const all = kept.flatMap((site) => staysIn(site.history, states).map((stay) => ({ stay, site })))
    const observed = all.flatMap(({ stay, site }) => observe(stay, site) ?? [])
    const length = stayLength(observed, { times: grid, replicates })
    const quartile = (share: number): string => {
      const found = length.quantiles.find((quantile) => quantile.share === share)
      return found === undefined ? '–' : daysText(found)
    }
    return [
      name,
      `${length.stays} on ${length.clusters} (${all.length - observed.length} apart)`,
      `${length.ended} / ${length.stays - length.ended}`,
      quartile(0.25),
      quartile(0.5),
      quartile(0.75),
      ...[30, 180, 365].map((time) => curveText(length, time)),
    ]
  }
  const served = (stay: RepositoryStay, { history, commitDays }: (typeof kept)[number]): ObservedStay | null =>
    servedStay(stay, commitDays.at(-1) ?? 0, history.site)
  const needsCoinhive = (families: readonly string[]): boolean =>
    families.length > 0 && families.every((family) => family === 'coinhive' || family === 'authedmine')
  const told = kept.flatMap(({ history: { changes }, commitDays }) => changes.map(({ day }) => commitDays.includes(day)))
  return [
    ...markdownTable(
      [
        'reading',
        'stays on sites (start not seen)',
        'ended / not',
        'first quartile',
        'median',
        'third quartile',
        'longer than 30 days',
        '180 days',
        '365 days',
      ],
      [
        reading('mines unasked; served until the commit that ends it', ['miner'], served),
        reading('the same, nothing known between commits', ['miner'], (stay, { history, commitDays }) =>
          lookedStay(stay, commitDays, history.site),
        ),
        reading('the same as the first, over when Coinhive closed', ['miner'], (stay, site) =>
          served(untilService(stay, needsCoinhive(site.history.families) ? coinhiveClosed : null), site),
        ),
        reading('mines unasked or asks first', ['miner', 'optin'], served),
      ],
    ),
    '',
    `${kept.length} repositories at hand of ${its.length} named; ${told.filter(Boolean).length} of ${told.length} days of a change are days of a commit of theirs.`,
  ]
}

export function lists({ listIntervals, screener, minesweeper, endpoints }: Sources): Block | null {
  if (listIntervals.length === 0) return null
  const horizon = dayOf('2018-02-28')
  const lastSeen = new Map<string, number>()
  const see = (host: string, date: string): void => {
    lastSeen.set(siteName(host), Math.max(lastSeen.get(siteName(host)) ?? -Infinity, dayOf(date)))
  }
  for (const { site = '', date = '' } of [...(screener?.rows ?? []), ...(minesweeper?.rows ?? [])]) see(site, date)
  for (const { endpoint_host: host = '', last_seen: day = '' } of endpoints ?? []) see(host, day)
  const rows = listSummaries(listIntervals, lastSeen).map(
    ({ list, intervals, initial, removed, removedAtOnce, largestRemoval, putBack, seenAfter }) => {
      const its = listIntervals.filter((row) => row['list'] === list && row['initial'] !== '1')
      const median = (counts: (removedAt: string) => boolean): string => {
        const times = its.map(({ first_listed: from = '', removed_at: to = '' }) => ({
          time: (to === '' ? horizon : dayOf(to)) - dayOf(from),
          ended: to !== '' && counts(to),
        }))
        return its.length < 10 ? 'too few' : daysText(survivalQuantile(kaplanMeier(times), 0.5))
      }
      return [
        list,
        count(intervals),
        count(initial),
        count(removed),
        removed === 0 ? '–' : `${count(removedAtOnce)} (${percent(removedAtOnce / removed)})`,
        count(putBack),
        seenAfter.of === 0 ? '–' : shareText(seenAfter),
        median(() => true),
        median((removedAt) => removedAt !== largestRemoval),
      ]
    },
  )
  return markdownTable(
    [
      'list',
      'entries × times',
      'from its first version',
      'taken off',
      'most in one commit',
      'put back',
      'hosts taken off for good that a scan saw later [95 %, exact]',
      'median time on the list',
      '– that commit taken for no end',
    ],
    rows,
  )
}
