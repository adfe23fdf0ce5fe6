/** What one message of a mining dialogue is for. `login` to `keepalive` are what a miner sends or gets in every dialect. */
export type PoolRole = 'login' | 'logged-in' | 'job' | 'submit' | 'accepted' | 'keepalive' | 'error'

/**
 * `stratum`: JSON-RPC login/job/submit of CryptoNote pools. `stratum-v1`: mining.subscribe and its kin. `ethash`: eth_getWork and its kin.
 * `getwork`: Bitcoin's getwork over HTTP. `coinhive`: {type, params}. `handshake`: {identifier}, webminerpool, CryptoLoot, CoinImp.
 * `command`: {command: …}. `duino`: lines of text. `jsecoin`: named events around texts between commas. `renamed`: field names that nobody knows around values that only a pool exchanges.
 */
export type PoolDialect =
  | 'stratum'
  | 'stratum-v1'
  | 'ethash'
  | 'getwork'
  | 'coinhive'
  | 'handshake'
  | 'command'
  | 'duino'
  | 'jsecoin'
  | 'renamed'

export interface PoolMessage {
  dialect: PoolDialect
  role: PoolRole
  /** The dialect's own name of it, as sent: `mining.authorize`, `auth`, `solved`. */
  method: string | null
  /** Who is paid, as sent: address, site key, user name. */
  account: string | null
  /** Pool asked for by name, where a proxy's dialect carries one. */
  pool: string | null
  /** The algorithm, where the message names it: `cryptonight`, `randomx`, `sha1` … */
  family: string | null
  /** The job that it opens or answers. */
  jobId: string | null
  /** What had to be undone before it could be read, outermost first: `base64`, `xor 0x5a`, `msgpack`. */
  layers: string[]
}
