import { AssayError } from '#model/errors.ts'
import type { Digest } from '#model/digest.ts'
import type { Observation } from '#model/observation.ts'
import type { ValidatorStore } from '#model/validators.ts'
import { siteOf } from '#model/site.ts'
import { type Database, openDatabase } from './database/database.ts'
import { embeddedDatabase } from './database/embedded.ts'
import { migrate } from './database/migrate.ts'
import { servedDatabase } from './database/server.ts'
import { type FileStore, openFileStore } from './file-store.ts'
import {
  changeSeeds,
  type CrawlDefinition,
  type CrawlRow,
  defineCrawl,
  type JoinableCrawl,
  joinableCrawls,
  listCrawls,
  listSeeds,
  type SeedChange,
  type SeedRow,
} from './index/crawls.ts'
import { crawlStatus, type CrawlStatusRow } from './index/crawl-status.ts'
import { robotsCache, type RobotsCache } from './index/robots.ts'
import { validatorStore } from './index/validators.ts'
import { capturesWith, type IndexedSubject, looksAt } from './index/hits.ts'
import { reindex, type ReindexReport } from './index/reindex.ts'
import { foldSightings } from './index/fold.ts'
import { type StudyQuestions, studyQuestions } from './index/study-questions.ts'
import { listSightings, listVisits, type SightingRow, type VisitFilter, type VisitRow } from './index/questions.ts'
import { blobsOfIndex, type IndexRemoval, removeFromIndex } from './index/remove.ts'
import { writeIndex } from './index/write.ts'
import { type CrawlQueue, openCrawlQueue, type QueueOptions } from './queue/queue.ts'
import type { VisitRecord } from './visit-record.ts'

/** The memory: files are the record, SQL is an index over them and the queue. */
export interface Ledger {
  readonly files: FileStore
  readonly kind: Database['kind']
  /** Keeps an observation made outside a crawl (a page that a person asked for, a capture judged again). Resolves when it lasts; twice is once. */
  record(observation: Observation): Promise<void>
  /** Makes the crawl, or finds it with the same schedule, and adds the seeds that it lacks. Throws `BAD_ARGUMENT` where it has another schedule. */
  defineCrawl(definition: CrawlDefinition): Promise<{ added: number; seeds: number }>
  listCrawls(): Promise<CrawlRow[]>
  /** The same without a count of their pages, for those who look again and again. */
  joinableCrawls(): Promise<JoinableCrawl[]>
  listSeeds(crawl: string): Promise<SeedRow[]>
  /** Tags and overrides of seeds that are there; answers how many there are. */
  changeSeeds(crawl: string, urls: readonly string[], change: SeedChange): Promise<number>
  /** Where a crawl stands. Null where there is none of that name. */
  crawlStatus(crawl: string, now: Date): Promise<CrawlStatusRow | null>
  readonly robots: RobotsCache
  readonly validators: ValidatorStore
  openQueue(crawl: string, options: QueueOptions): Promise<CrawlQueue>
  /** One row a visit, with what is believed of it now, in the order of sites and rounds. */
  listVisits(filter?: VisitFilter): Promise<VisitRow[]>
  listSightings(filter?: { kind?: string }): Promise<SightingRow[]>
  readonly study: StudyQuestions
  /** Captures in which code or an account is, as it is believed now. */
  capturesWith(subjects: readonly IndexedSubject[]): Promise<Digest[]>
  /** What is believed now of every visit to some sites. */
  looksAt(sites: readonly string[]): ReturnType<typeof looksAt>
  reindex(onProgress?: (done: number) => void): Promise<ReindexReport>
  /** Blobs that the index names, captures or not: robots.txt, what the http lane may ask for again. */
  blobsInUse(): Promise<Digest[]>
  /** Takes a purge's subject out of the index and off the lists of crawls; answers how many pages that were. */
  removeFromIndex(removal: IndexRemoval): Promise<number>
  close(): Promise<void>
}

export interface LedgerOptions {
  /** Folder of captures, blobs and, without `database`, of an embedded PostgreSQL. */
  dataDir: string
  /** `postgres://…` of a served PostgreSQL (15 or later). */
  database?: string
  poolSize?: number
  /** How long to wait for a database that is gone. */
  patienceMs?: number
  /** Once it was reached the database is waited for however long it takes; told when it has not answered for a while. */
  onWaiting?: () => void
  signal?: AbortSignal
}

/** Rejects with `DATABASE_FAILED`, `STORE_DENIED`, `STORE_BUSY`, `DISK_FULL`, `UNSUPPORTED`. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  if (options.database !== undefined && !/^postgres(ql)?:\/\//.test(options.database)) {
    throw new AssayError('BAD_ARGUMENT', 'a database is given as postgres://user@host/name')
  }
  const server = options.database === undefined ? embeddedDatabase(options.dataDir) : servedDatabase(options.database)
  const { poolSize, patienceMs, onWaiting, signal } = options
  const files = await openFileStore(options.dataDir, {
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(signal === undefined ? {} : { signal }),
  })
  const database = await openDatabase(server, {
    ...(poolSize === undefined ? {} : { poolSize }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(onWaiting === undefined ? {} : { onWaiting }),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    await migrate(database)
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    files,
    kind: database.kind,
    async record(observation) {
      await files.appendObservation(observation)
      const known = await files.getVisit(observation.visitId)
      const visit = known ?? (await visitOf(observation, files))
      if (known === null) await files.putVisit(visit)
      await database.transaction((transaction) => writeIndex(transaction, [visit], [observation]))
    },
    defineCrawl: (definition) => defineCrawl(database, definition),
    listCrawls: () => listCrawls(database),
    joinableCrawls: () => joinableCrawls(database),
    listSeeds: (crawl) => listSeeds(database, crawl),
    changeSeeds: (crawl, urls, change) => changeSeeds(database, crawl, urls, change),
    crawlStatus: (crawl, now) => crawlStatus(database, crawl, now),
    robots: robotsCache(database, files),
    validators: validatorStore(database),
    openQueue: (crawl, queueOptions) => openCrawlQueue(database, files, crawl, queueOptions),
    listVisits: (filter = {}) => listVisits(database, filter),
    async listSightings(filter = {}) {
      await foldSightings(database)
      return listSightings(database, filter)
    },
    study: studyQuestions(database, files.shelf, () => foldSightings(database)),
    capturesWith: (subjects) => capturesWith(database, subjects),
    looksAt: (sites) => looksAt(database, sites),
    reindex: (onProgress) => reindex(database, files, onProgress),
    blobsInUse: () => blobsOfIndex(database),
    removeFromIndex: (removal) => removeFromIndex(database, removal),
    close: () => database.close(),
  }
}

async function visitOf(observation: Observation, files: FileStore): Promise<VisitRecord> {
  const { manifest } = await files.getCapture(observation.captureId)
  return {
    schema: 'assay.visit',
    schemaVersion: 1,
    visitId: observation.visitId,
    crawl: null,
    round: null,
    seed: manifest.seed,
    site: URL.canParse(manifest.seed.url) ? siteOf(manifest.seed.url) : observation.site,
    plannedAt: null,
    captureId: observation.captureId,
    judgement: observation.judgement,
    observedAt: observation.observedAt,
    error: null,
  }
}
