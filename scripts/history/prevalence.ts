import type { Share } from '#model/study.ts'
import { clopperPearson } from '../../src/study/estimators/clopper-pearson.ts'
import { clusteredShare } from '../../src/study/estimators/sampling.ts'
import { wilson } from '../../src/study/wilson.ts'
import { count, markdownTable, percent, shareText, type Block } from './page.ts'
import type { Census, Sources } from './sources.ts'
import { endingOf, siteName, type Row } from './table.ts'
import { scansOf } from './weekly.ts'

/** What the Censys scans and the screener set out from; how many of them answered neither of them published. */
const askedFor = 1_000_000
/** Konoth et al., CCS 2018. */
const crawledByMinesweeper = 991_513
/** The 2018 study that this project is named after: its own figures. */
const study = { servers: 415, of: 10_000, instances: { '.com': 4265, '.fm': 3000, '.net': 400 } } as const

const isCoinhive = (families: readonly string[]): boolean => families.some((family) => family.startsWith('coinhive'))
const asksFirst = (families: readonly string[]): boolean => families.every((family) => family === 'coinhive-authedmine')
const onlyGeneric = (families: readonly string[]): boolean => families.every((family) => family === 'generic')

function many(census: Census, holds: (families: readonly string[]) => boolean): number {
  return [...census.sites.values()].filter(holds).length
}

export function prevalence({ weekly, screener, minesweeper }: Sources): Block | null {
  if (weekly === null && screener === null && minesweeper === null) return null
  const scans = weekly === null ? [] : [...scansOf(weekly)]
  const rows = scans.map(([day, found]) => [day, 'Censys: AuthedMine (asks first)', shareText(wilson(found.size, askedFor))])
  if (screener !== null) {
    rows.push(
      ['2018-01-31', 'cm-screener: any pattern', shareText(wilson(screener.sites.size, askedFor))],
      [
        '2018-01-31',
        '– without those that only match a name such as `miner.js`',
        shareText(
          wilson(
            many(screener, (its) => !onlyGeneric(its)),
            askedFor,
          ),
        ),
      ],
      [
        '2018-01-31',
        '– without those and AuthedMine',
        shareText(
          wilson(
            many(screener, (its) => !onlyGeneric(its) && !asksFirst(its)),
            askedFor,
          ),
        ),
      ],
    )
  }
  if (minesweeper !== null) {
    rows.push(
      ['2018-03-03 to 04-10', 'MineSweeper: mined in a browser', shareText(wilson(minesweeper.sites.size, crawledByMinesweeper))],
      [
        '',
        '– the interval where sites that one account pays for are one cluster',
        shareText(byAccount(minesweeper.rows, crawledByMinesweeper)),
      ],
    )
  }
  return markdownTable(['day', 'source, what was looked for', 'sites found [95 %, Wilson]'], rows)
}

/** A site of several accounts belongs to the one that most sites share. */
function byAccount(found: readonly Row[], of: number): Share {
  const accountsOf = ({ accounts = '' }: Row): string[] => [...new Set(accounts.split(';').filter((account) => account !== ''))]
  const sites = new Map<string, number>()
  for (const account of found.flatMap(accountsOf)) sites.set(account, (sites.get(account) ?? 0) + 1)
  const largest = (row: Row): string | undefined => accountsOf(row).sort((a, b) => (sites.get(b) ?? 0) - (sites.get(a) ?? 0))[0]
  const units = found.map((row, at) => ({ hit: true, cluster: largest(row) ?? `site ${at}` }))
  for (let at = units.length; at < of; at++) units.push({ hit: false, cluster: `site ${at}` })
  return clusteredShare(units)
}

const buckets: readonly (readonly [number, number])[] = [
  [1, 100],
  [101, 1000],
  [1001, 10_000],
]

const whole = [1, 10_000] as const

/** Found sites in each bucket of a ranked list; of a list without ranks, in all of it. */
export function byRank(list: ReadonlyMap<string, number | null>, found: ReadonlySet<string>): { from: number; to: number; share: Share }[] {
  const isRanked = [...list.values()].some((rank) => rank !== null)
  const its: readonly (readonly [number, number])[] = isRanked ? [...buckets, whole] : [[1, list.size]]
  return its.map(([from, to]) => {
    const sites = [...list].filter(([, rank]) => rank === null || (rank >= from && rank <= to)).map(([site]) => site)
    return { from, to, share: clopperPearson(sites.filter((site) => found.has(site)).length, sites.length) }
  })
}

export function ranks({ screener, minesweeper, published, ranks: lists }: Sources): Block | null {
  if (screener === null || minesweeper === null || published === null || lists.size === 0) return null
  const rows: string[][] = []
  for (const [name, list] of lists) {
    const [one, other] = [screener, minesweeper].map(({ sites }) => byRank(list, new Set(sites.keys())))
    one?.forEach(({ from, to, share }, at) => {
      const theirs = other?.[at]
      rows.push([name.replace(/\.\w+$/, ''), `${count(from)}–${count(to)}`, shareText(share), theirs ? shareText(theirs.share) : '–', ''])
    })
  }
  const rankOf = ({ evidence = '' }: Row): number[] => [/alexa_rank=(\d+)/.exec(evidence)?.[1] ?? []].flat().map(Number)
  const lasting = published.filter(({ site = '' }) => endingOf(site) !== '.bid')
  const own = [
    ...buckets.map((bucket) => ({ bucket, of: published, what: 'its own ranks' })),
    { bucket: whole, of: published, what: 'its own ranks' },
  ]
  for (const { bucket, of, what } of [...own, { bucket: whole, of: lasting, what: '– without .bid' }]) {
    const [from, to] = bucket
    const within = of.flatMap(rankOf).filter((rank) => rank >= from && rank <= to).length
    rows.push([what, `${count(from)}–${count(to)}`, '', '', `at least ${shareText(clopperPearson(within, to - from + 1))}`])
  }
  return markdownTable(['list', 'ranks', 'cm-screener, 2018-01-31', 'MineSweeper, 2018-03 to 04', 'Unit 42, 2017-10-17'], rows)
}

const endingsShown = ['.com', '.net', '.org', '.ru', '.info', '.br', '.tv', '.ir', '.in', '.de', '.fm']

export function endings({ screener, minesweeper, ranks: lists }: Sources): Block | null {
  const listName = 'alexa-10k-2018-10-03.csv'
  const list = lists.get(listName)
  if (screener === null || minesweeper === null || list === undefined) return null
  const among = (sites: Iterable<string>, ending: string): string => {
    const all = [...sites]
    return shareText(wilson(all.filter((site) => endingOf(site) === ending).length, all.length))
  }
  return markdownTable(
    ['ending', 'of the sites found by cm-screener', 'of those found by MineSweeper', 'of the Alexa 10,000 of 2018-10-03'],
    endingsShown.map((ending) => [
      ending,
      among(screener.sites.keys(), ending),
      among(minesweeper.sites.keys(), ending),
      among(list.keys(), ending),
    ]),
  )
}

export function services({ screener, minesweeper }: Sources): Block | null {
  if (screener === null || minesweeper === null) return null
  const kinds: readonly (readonly [string, (families: readonly string[]) => boolean])[] = [
    ['Coinhive, any of its scripts', isCoinhive],
    ['only AuthedMine', asksFirst],
    ['CoinImp', (its) => its.includes('coinimp')],
    ['Crypto-Loot', (its) => its.includes('crypto-loot')],
    ['Mineralt', (its) => its.includes('mineralt')],
    ['no service named', onlyGeneric],
  ]
  return markdownTable(
    ['service', 'cm-screener, 2018-01-31', 'MineSweeper, 2018-03 to 04'],
    kinds.map(([name, holds]) => [
      name,
      ...[screener, minesweeper].map((census) => shareText(wilson(many(census, holds), census.sites.size))),
    ]),
  )
}

/** How miners looked to a browser in 2018: shares of pages, not of sites. */
export function profiles({ features }: Sources): Block | null {
  if (features.length < 2) return null
  const names: readonly (readonly [string, string])[] = [
    ['websocket', 'opened a WebSocket'],
    ['wasm', 'ran WebAssembly'],
    ['webworkers', 'started workers'],
    ['hash_function', 'has a known hash function'],
  ]
  return markdownTable(
    ['the page', ...features.map(({ label }) => (label === 'crypto' ? 'mining pages' : 'other pages'))],
    names.map(([column, text]) => [
      text,
      ...features.map(({ rows }) => shareText(wilson(rows.filter((row) => Number(row[column]) > 0).length, rows.length))),
    ]),
  )
}

export function comparison({ screener, minesweeper, published, weekly, ranks: lists }: Sources): Block | null {
  const list = lists.get('alexa-10k-2018-10-03.csv')
  if (screener === null || minesweeper === null || published === null || weekly === null || list === undefined) return null
  const ever = new Set([
    ...screener.sites.keys(),
    ...minesweeper.sites.keys(),
    ...[...published, ...weekly].map(({ site = '' }) => siteName(site)),
  ])
  const inList = (sites: Iterable<string>): Share => wilson([...sites].filter((site) => list.has(site)).length, list.size)
  const theirs = wilson(study.servers, study.of)
  const ratio = (one: '.com', other: '.net' | '.fm'): string[] => {
    const of = (census: Census, ending: string): number => [...census.sites.keys()].filter((site) => endingOf(site) === ending).length
    const instances = study.instances
    return [
      `${one} of ${one} and ${other} together`,
      `${percent(instances[one] / (instances[one] + instances[other]))} of instances`,
      ...[screener, minesweeper].map((census) => shareText(wilson(of(census, one), of(census, one) + of(census, other)))),
    ]
  }
  return [
    ...markdownTable(
      ['', 'the 2018 study', 'cm-screener', 'MineSweeper'],
      [
        [
          'in the Alexa 10,000',
          `${shareText(theirs)}, ever in 23 weeks`,
          `${shareText(inList(screener.sites.keys()))}, one day`,
          `${shareText(inList(minesweeper.sites.keys()))}, one visit`,
        ],
        ratio('.com', '.net'),
        ratio('.com', '.fm'),
      ],
    ),
    '',
    `All four sources together, October 2017 to April 2018, name ${shareText(inList(ever))} of that list.`,
  ]
}
