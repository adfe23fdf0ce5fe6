import type { Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { seedOf } from '#model/seed.ts'
import { openLedger } from '#ledger/ledger.ts'
import { sampleCapture, sampleObservation } from '../../ledger/testing/samples.ts'
import { drawWorld, type WorldLaw } from '../../study/testing/world.ts'

const dayMs = 86_400_000

export const studyWorld: WorldLaw = {
  sites: 120,
  rounds: 10,
  cadence: 7,
  shape: 0.8,
  scale: 30,
  detection: 0.96,
  reached: 0.95,
  lostWithMiner: 0.02,
  campaign: 2,
}

const endings = ['com', 'net', 'fm', 'org']
const networks: [number, string, string][] = [
  [64500, 'Example Hosting', 'US'],
  [64501, 'Beispiel Rechenzentrum', 'DE'],
  [64502, 'Hébergeur Exemple', 'FR'],
  [64503, 'CLOUDFLARENET', 'US'],
]

export const siteName = (number: number): string => `site-${number}.${endings[number % endings.length]}`

/** A crawl of a world of sites whose miners come and go, as visits and observations of a data folder: no browser has seen them. One in three sites never mines. */
export async function keepStudyWorld(dir: string, law: WorldLaw, seed: number): Promise<{ visits: number }> {
  const ledger = await openLedger({ dataDir: dir })
  const start = Date.UTC(2026, 0, 5, 10)
  let visits = 0
  try {
    const world = drawWorld(law, seed)
    const seeds = world.map((_, number) =>
      seedOf(`https://${siteName(number)}/`, { rank: number * 37 + 1, tags: number % 9 === 0 ? ['government'] : [] }),
    )
    await ledger.defineCrawl({ name: 'world', seeds, everyMs: law.cadence * dayMs, rounds: law.rounds, startsAt: new Date(start) })
    const work: Promise<void>[] = []
    for (const [number, { looks, cluster }] of world.entries()) {
      for (const [round, look] of looks.entries()) {
        visits++
        const [asn, organisation, country] = networks[number % networks.length]!
        const status: Status = look.state === 'missed' ? 'not-observed' : look.state === 'seen' && number % 3 !== 0 ? 'active' : 'none'
        const at = new Date(start + look.at * dayMs).toISOString()
        const capture = sampleCapture({ url: seeds[number]!.url, seed: seeds[number]!, startedAt: at, endedAt: at })
        const service = number % 4 === 1 ? 'coinimp' : 'coinhive'
        const over: Partial<Observation> = {
          site: siteName(number),
          rank: seeds[number]!.rank ?? null,
          tags: seeds[number]!.tags,
          reached: status === 'not-observed' ? 'error' : 'content',
          servers: [
            { host: siteName(number), address: `192.0.2.${number % 40}`, asn, organisation, country, certificate: null, isPage: true },
          ],
        }
        work.push(
          (async () => {
            await ledger.files.putCapture(capture)
            await ledger.files.appendObservation(
              sampleObservation(capture, status, { family: 'cryptonight', service, account: `${service}-${cluster}` }, over),
            )
            await ledger.files.putVisit({
              schema: 'assay.visit',
              schemaVersion: 1,
              visitId: capture.manifest.visitId,
              crawl: 'world',
              round,
              seed: seeds[number]!,
              site: siteName(number),
              plannedAt: at,
              captureId: capture.id,
              judgement: 'sha256:judgement-1',
              observedAt: at,
              error: null,
            })
          })(),
        )
        if (work.length >= 64) await Promise.all(work.splice(0))
      }
    }
    await Promise.all(work)
    await ledger.reindex()
  } finally {
    await ledger.close()
  }
  return { visits }
}
