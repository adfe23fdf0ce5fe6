import type { PoolConfig } from 'pg'

/** Where the PostgreSQL is, and how to get it back: the only thing in which an embedded and a served database differ. */
export interface DatabaseServer {
  readonly kind: 'embedded' | 'served'
  /** Resolves when it answers, starting it where that is ours to do. Rejects with `DATABASE_FAILED`, `STORE_DENIED`, `DISK_FULL`, `STORE_BUSY`, `UNSUPPORTED`. */
  ensure(): Promise<PoolConfig>
  /** This process has no more use for it. */
  release(): Promise<void>
}

export function servedDatabase(url: string): DatabaseServer {
  return {
    kind: 'served',
    ensure: async () => ({ connectionString: url }),
    release: async () => {},
  }
}
