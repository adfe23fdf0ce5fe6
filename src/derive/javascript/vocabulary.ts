/**
 * Names that a miner's parts need to understand each other: fields of a pool's protocol survive minification, because the other side
 * reads them. `work`: a job and its answer. `accounting`: counting hashes. `load`: how much of the machine to take. `payee`: who is paid.
 * `challenge`: work that a site asks for itself. `algorithm`: functions named after hashes that only coins use.
 * Each is common alone; see the detector `miner-client` for what they must add up to.
 */
export type VocabularyGroup = 'work' | 'accounting' | 'load' | 'payee' | 'stratum' | 'challenge' | 'algorithm'

const groups: Readonly<Record<Exclude<VocabularyGroup, 'algorithm'>, readonly string[]>> = {
  work: ['job_id', 'blob', 'target', 'nonce', 'result', 'midstate', 'prevhash', 'coinb1', 'extranonce', 'seed_hash', 'ntime', 'difficulty'],
  accounting: [
    'hashespersecond',
    'hashrate',
    'totalhashes',
    'acceptedhashes',
    'hashestotal',
    'gethashespersecond',
    'gettotalhashes',
    'getacceptedhashes',
    'gethashrate',
    'hash_accepted',
    'sharessubmitted',
    'sharesaccepted',
    'acceptedshares',
    'hashes',
    'shares',
  ],
  load: [
    'throttle',
    'setthrottle',
    'getthrottle',
    'numthreads',
    'setnumthreads',
    'autothreads',
    'setautothreadsenabled',
    'hardwareconcurrency',
    'threads',
    'throttlewait',
    'throttlemining',
  ],
  payee: ['site_key', 'wallet', 'walletaddress', 'pool', 'poolurl', 'worker_name', 'rig_id'],
  challenge: [
    'challenge',
    'challengeurl',
    'salt',
    'maxnumber',
    'puzzle',
    'solution',
    'captcha',
    'hashcash',
    'proofofwork',
    'verifyurl',
    'stamp',
    'signature',
  ],
  stratum: [
    'mining.subscribe',
    'mining.authorize',
    'mining.submit',
    'mining.notify',
    'eth_submitwork',
    'eth_submitlogin',
    'getwork',
    'stratum',
  ],
}

/** Spellings that mean the same field. */
const spellings: Readonly<Record<string, string>> = {
  proof_of_work: 'proofofwork',
  solutions: 'solution',
  puzzles: 'puzzle',
  jobid: 'job_id',
  job: 'job_id',
  sitekey: 'site_key',
  _sitekey: 'site_key',
  extranonce1: 'extranonce',
  extranonce2: 'extranonce',
  xnonce1: 'extranonce',
  xnonce2: 'extranonce',
  coinb2: 'coinb1',
  coinbase1: 'coinb1',
  workername: 'worker_name',
  rigid: 'rig_id',
  hash_rate: 'hashrate',
  seedhash: 'seed_hash',
  blockheader: 'blob',
  headerblob: 'blob',
  hash_result: 'result',
  job_blob: 'blob',
  nonces: 'nonce',
  nbits: 'ntime',
  prevblock: 'prevhash',
  prev_hash: 'prevhash',
  accepted_hashes: 'acceptedhashes',
  total_hashes: 'totalhashes',
  hashes_per_second: 'hashespersecond',
}

const coinAlgorithms =
  /(scanhash|cryptonight|randomx|yescrypt|yespower|heavyhash|ghostrider|verushash|cn_slow_hash|minotaurx|neoscrypt|x16rv?2?_hash|argon2d_(?:dyn|crds)|power2b|panthera|miner_thread|mine_step|hash_cn)/i

const groupOf = new Map<string, VocabularyGroup>(
  Object.entries(groups).flatMap(([group, words]) => words.map((word) => [word, group as VocabularyGroup] as const)),
)

/** A name as it stands in code → the word of the trade that it is, in one spelling; null for every other name. */
export function tradeWord(name: string): { group: VocabularyGroup; word: string } | null {
  const algorithm = name.length <= 60 ? coinAlgorithms.exec(name)?.[1] : undefined
  if (algorithm !== undefined && !/\s/.test(name)) return { group: 'algorithm', word: algorithm.toLowerCase() }
  if (name.length > 24 || name.length < 3) return null
  const folded = name.replace(/^_+/, '').toLowerCase()
  const word = spellings[folded] ?? folded
  const group = groupOf.get(word)
  return group === undefined ? null : { group, word }
}
