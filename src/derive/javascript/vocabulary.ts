/**
 * Names that a miner's parts need to understand each other: fields of a pool's protocol survive minification, because the other side
 * reads them. `work`: a job and its answer. `accounting`: counting hashes. `load`: how much of the machine to take. `payee`: who is paid.
 * `challenge`: work that a site asks for itself. `algorithm`: functions named after hashes that only coins use. `range`: counters shared out
 * among threads. `control`: functions that start and stop mining.
 * Each is common alone; see the detector `miner-client` for what they must add up to.
 */
export type VocabularyGroup = 'work' | 'accounting' | 'load' | 'payee' | 'stratum' | 'challenge' | 'algorithm' | 'range' | 'control'

const groups: Readonly<Record<Exclude<VocabularyGroup, 'algorithm' | 'control'>, readonly string[]>> = {
  work: [
    'job_id',
    'blob',
    'target',
    'nonce',
    'result',
    'midstate',
    'hash1',
    'prevhash',
    'coinb1',
    'extranonce',
    'seed_hash',
    'ntime',
    'difficulty',
  ],
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
    'golden_ticket',
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
  range: ['minnonce', 'maxnonce', 'startnonce', 'endnonce', 'first_nonce', 'last_nonce', 'noncesperrun', 'nonce_base', 'noncerange'],
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
  goldenticket: 'golden_ticket',
  min_nonce: 'minnonce',
  max_nonce: 'maxnonce',
  start_nonce: 'startnonce',
  noncestart: 'startnonce',
  nonce_start: 'startnonce',
  end_nonce: 'endnonce',
  nonceend: 'endnonce',
  nonce_end: 'endnonce',
  firstnonce: 'first_nonce',
  lastnonce: 'last_nonce',
  noncebase: 'nonce_base',
  nonce_range: 'noncerange',
}

const coinAlgorithms =
  /(scanhash|cryptonight|randomx|yescrypt|yespower|heavyhash|ghostrider|verushash|cn_slow_hash|minotaurx|neoscrypt|x(?:1[1357]|16rv?2?)_?hash|argon2d_?(?:dyn|crds|250|500|4096|16000)|power2b|panthera|miner_thread|mine_step|hash_cn|lyra2(?:re|rev\d|z|v\d)|verthash|autolykos|cuckaroo|cuckatoo|astrobwt|kawpow|rinhash|cpupower|curvehash|odocrypt|equihash)/i

/** Names of algorithms alone: in a text they are what a board of coins shows, and no function. */
const label =
  /^[\s\W]*(?:cryptonight|randomx|rx|cn|yescrypt|yespower|k?heavyhash|ghostrider|verushash|minotaurx|neoscrypt|x1[1357]|x16rv?2?|lyra2(?:re|rev\d|z|v\d)|verthash|autolykos|cuckaroo|cuckatoo|astrobwt|kawpow|rinhash|cpupower|power2b|panthera|curvehash|odocrypt|equihash)(?:r\d+|v\d+|\d+|[-/ ][\w-]{1,10})?$/i

/** Functions that do the work that a site asks for. */
const solving = /(?:solve|find|launch|compute|perform|do|run)_?(?:challenge|pow(?![a-z])|puzzle|proof|captcha)/i

/** Functions that start or stop it. */
const control = /^_?(?:start|stop|pause|resume|begin|toggle)_?(?:web)?_?min(?:ing|er)(?:on|s|with|block|$|_|[A-Z])/i

const groupOf = new Map<string, VocabularyGroup>(
  Object.entries(groups).flatMap(([group, words]) => words.map((word) => [word, group as VocabularyGroup] as const)),
)

/**
 * A name as it stands in code, or in a string of it (`isText`) → the word of the trade that it is, in one spelling; null for every other name.
 */
export function tradeWord(name: string, isText = false): { group: VocabularyGroup; word: string } | null {
  const algorithm = name.length <= 60 ? coinAlgorithms.exec(name)?.[1] : undefined
  if (algorithm !== undefined && !/\s/.test(name))
    return isText && label.test(name) ? null : { group: 'algorithm', word: algorithm.toLowerCase() }
  if (name.length > 24 || name.length < 3) return null
  if (!isText && solving.test(name)) return { group: 'challenge', word: 'solve' }
  if (!isText && control.test(name)) return { group: 'control', word: 'startmining' }
  const folded = name.replace(/^_+/, '').toLowerCase()
  const word = spellings[folded] ?? folded
  const group = groupOf.get(word)
  return group === undefined ? null : { group, word }
}
