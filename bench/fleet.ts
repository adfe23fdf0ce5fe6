/**
 * Manners and fairness of a fleet: `npm run bench -- fleet [--processes 4] [--slots 4] [--hot 3] [--pages 100] [--cold 200] [--delay 250] [--seconds 0]`. That many processes of
 * so many slots, at one PostgreSQL 15 and one S3 server, visit a few sites of many pages and many of one; what the sites' own server saw is counted.
 * With `--seconds` hot sites are left when cold ones are done and so much time is over.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mannersSeen, startFleet } from '#cli/testing/fleet.ts'

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '4' },
    slots: { type: 'string', default: '4' },
    hot: { type: 'string', default: '3' },
    pages: { type: 'string', default: '100' },
    cold: { type: 'string', default: '200' },
    delay: { type: 'string', default: '250' },
    seconds: { type: 'string', default: '0' },
  },
})
const [processes, pagesOfHot, delayMs] = [Number(values.processes), Number(values.pages), Number(values.delay)]
const seconds = Number(values.seconds)
const hot = Array.from({ length: Number(values.hot) }, (_, index) => `hot-${index}.test`)
const cold = Array.from({ length: Number(values.cold) }, (_, index) => `cold-${index}.test`)
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)} ${value}\n`)

const fleet = await startFleet({
  sites: new Map([...hot, ...cold].map((site, index) => [site, `127.0.0.${2 + (index % 8)}`])),
  body: (site, path) => `<title>${site}${path}</title><p>${'Words to be read by somebody. '.repeat(20)}</p>`,
  serveMs: 50,
})
try {
  const how = [
    '--lab',
    '.',
    '--lane',
    'http',
    '--delay',
    `${delayMs}ms`,
    '--retries',
    '0',
    '--per-address',
    '4',
    '--http-jobs',
    values.slots,
  ]
  /** Seconds from the first page to the end of the last cold one, when all processes are there. */
  async function visit(name: string, urls: readonly string[]): Promise<number> {
    await writeFile(join(fleet.dir, `${name}.csv`), urls.map((url) => `${url}\n`).join(''))
    const first = fleet.assay('machine-0', 'seeds', 'import', `${name}.csv`, '--name', name)
    if ((await first.ended) !== 0) throw new Error(first.err())
    const from = fleet.served.length
    const crawl = fleet.assay('machine-0', 'crawl', '--name', name, ...how)
    const workers = Array.from({ length: processes - 1 }, (_, index) =>
      fleet.assay(`machine-${index + 1}`, 'worker', '--crawl', name, '--keep-on', '--lab', '.', '--http-jobs', values.slots),
    )
    const isCold = ({ site, to }: { site: string; to: number }) => site.startsWith('cold') && to < Infinity
    if (seconds > 0) {
      const over = AbortSignal.timeout(seconds * 1000)
      const left = fleet.until(() => over.aborted && fleet.served.slice(from).filter(isCold).length >= cold.length)
      if ((await Promise.race([crawl.ended, left.then(() => null)])) === null) crawl.child.kill('SIGINT')
      await crawl.ended
    } else if ((await crawl.ended) !== 0) throw new Error(crawl.err())
    for (const { child } of workers) child.kill('SIGINT')
    await Promise.all(workers.map(({ ended }) => ended))
    const pages = fleet.served.slice(from)
    const start = Math.min(...pages.map((page) => page.from))
    return Math.max(...pages.filter(({ site }) => site.startsWith('cold')).map((page) => page.to - start)) / 1000
  }
  const home = cold.map((site) => `http://${site}/`)
  const alone = await visit('alone', home)
  const from = fleet.served.length
  const together = await visit('together', [
    ...hot.flatMap((site) => Array.from({ length: pagesOfHot }, (_, page) => `http://${site}/${page}`)),
    ...home,
  ])
  const seen = mannersSeen(fleet.served.slice(from), delayMs)
  print(
    `${hot.length} sites of ${pagesOfHot} pages, ${cold.length} of one, ${processes} processes of ${values.slots} slots: pages`,
    String(seen.pages),
  )
  print('pages of a site while another of it was served', String(seen.overlaps))
  print(`pages sooner than ${delayMs} ms after the last of the site`, String(seen.tooSoon))
  print('the most pages at one address at a time (cap 4)', String(seen.mostAtOneAddress))
  print('last cold site, alone and beside hot ones', `${alone.toFixed(1)} s, ${together.toFixed(1)} s (${(together / alone).toFixed(2)} ×)`)
} finally {
  await fleet.close()
}
