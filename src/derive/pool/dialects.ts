import { addressOf } from './account.ts'
import type { PoolDialect, PoolMessage, PoolRole } from './message.ts'

type Members = Readonly<Record<string, unknown>>
type Read = Omit<PoolMessage, 'layers'>

/** A parsed value → the message of a known dialect that it is, by member names and the form of their values. */
export function dialectOf(value: unknown): Read | null {
  if (typeof value === 'string') return duino(value)
  if (Array.isArray(value)) return ofArray(value)
  const members = membersOf(value)
  if (members === null) return null
  for (const read of [coinhive, handshake, stratum, stratumV1, ethash, getwork, command]) {
    const message = read(members)
    if (message !== null) return message
  }
  return null
}

function ofArray(values: readonly unknown[]): Read | null {
  if (values.length === 0 || values.length > 64) return null
  const [event, payload] = values
  const ofJsecoin = typeof event === 'string' ? jsecoin(event, payload) : null
  if (ofJsecoin !== null) return ofJsecoin
  const members = membersOf(payload)
  // Socket.IO: ["auth", {…}].
  if (typeof event === 'string' && members !== null) {
    return (
      coinhive({ type: event, params: members }) ??
      handshake({ ...members, identifier: event }) ??
      stratum({ method: event, params: members }) ??
      command({ ...members, command: event }) ??
      dialectOf(members)
    )
  }
  for (const item of values.slice(0, 8)) {
    const message = membersOf(item) === null ? null : dialectOf(item)
    if (message !== null) return message
  }
  return null
}

function membersOf(value: unknown): Members | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) ? (value as Members) : null
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' && value.length <= 512 ? value : null)
const hex = (value: unknown, min: number, max = min): boolean => {
  if (value instanceof Uint8Array) return value.length * 2 >= min && value.length * 2 <= max
  return typeof value === 'string' && value.length >= min && value.length <= max && /^(0x)?[0-9a-f]+$/i.test(value)
}
const present = (value: unknown): boolean => value !== undefined && value !== null

function message(dialect: PoolDialect, role: PoolRole, method: string | null, from: Members = {}): Read {
  return {
    dialect,
    role,
    method,
    account: role === 'login' ? accountOf(from) : null,
    pool: role === 'login' ? text(from['pool']) : null,
    family: familyOf(from),
    jobId: text(from['job_id']) ?? text(from['jobId']) ?? text(from['job']),
  }
}

const accountNames = ['site_key', 'sitekey', 'siteKey', 'login', 'wallet', 'address', 'user', 'username', 'key', 'account'] as const

function accountOf(from: Members): string | null {
  for (const name of accountNames) {
    const account = text(from[name])
    if (account !== null) return addressOf(account)?.address ?? account
  }
  return null
}

/** Names that pools give to algorithms → families. */
export function familyByAlgorithm(name: string): string | null {
  const folded = name.toLowerCase()
  if (/^(cn|cryptonight|cryptonote)\b/.test(folded) || folded.startsWith('cn-') || folded.startsWith('cn/')) return 'cryptonight'
  if (/^(rx\/?|randomx|randomwow|randomarq)/.test(folded)) return 'randomx'
  if (/^argon2|^ar2|chukwa/.test(folded)) return 'argon2'
  if (
    /^(sha256d?|scrypt|yescrypt\w*|yespower\w*|ethash|kawpow|x11|x16r|ducos1|verushash|minotaurx|ghostrider|power2b|neoscrypt|qubit|lyra2\w*)$/.test(
      folded,
    )
  )
    return folded === 'ducos1' ? 'sha1' : folded
  return null
}

function familyOf(from: Members): string | null {
  for (const name of ['algo', 'algorithm', 'variant']) {
    const given = from[name]
    const first = Array.isArray(given) ? given[0] : given
    const family = typeof first === 'string' ? familyByAlgorithm(first) : null
    if (family !== null) return family
  }
  // RandomX jobs carry the hash of the seed block: https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md
  return hex(from['seed_hash'], 64) ? 'randomx' : null
}

function coinhive(members: Members): Read | null {
  const type = text(members['type'])
  const params = membersOf(members['params'])
  if (type === null || params === null) return null
  const is = (role: PoolRole): Read => message('coinhive', role, type, params)
  switch (type) {
    case 'auth':
      return text(params['site_key']) !== null ||
        (present(params['version']) && accountOf(params) !== null && text(params['type']) !== null)
        ? is('login')
        : null
    case 'authed':
      return typeof params['hashes'] === 'number' ||
        (text(params['token']) !== null && 'token' in params && Object.keys(params).length <= 3)
        ? is('logged-in')
        : null
    case 'job':
      return hex(params['blob'], 100, 1_024) || (present(params['job_id']) && hex(params['target'], 2, 64)) ? is('job') : null
    case 'submit':
      return present(params['job_id']) && present(params['nonce']) && present(params['result']) ? is('submit') : null
    case 'verify':
      return present(params['verify_id']) && present(params['nonce']) ? is('job') : null
    case 'hash_accepted':
      return typeof params['hashes'] === 'number' ? is('accepted') : null
    case 'error':
      return typeof params['error'] === 'string' &&
        /^(invalid_(site_key|opt_in|share|nonce)|hash_rejected|low_difficulty|banned)$/.test(params['error'])
        ? is('error')
        : null
    default:
      return null
  }
}

function handshake(members: Members): Read | null {
  const identifier = text(members['identifier'])
  if (identifier === null) return null
  const is = (role: PoolRole): Read => message('handshake', role, identifier, members)
  switch (identifier) {
    case 'handshake':
      return accountOf(members) !== null || present(members['pool']) || present(members['userid']) ? is('login') : null
    case 'job':
      return hex(members['blob'], 100, 1_024) || present(members['job_id']) ? is('job') : null
    case 'solved':
      return present(members['nonce']) && (present(members['result']) || present(members['job_id'])) ? is('submit') : null
    case 'hashsolved':
      return is('accepted')
    case 'error':
      return typeof members['param'] === 'string' ? is('error') : null
    default:
      return null
  }
}

function stratum(members: Members): Read | null {
  const method = text(members['method'])
  const params = membersOf(members['params'])
  if (method !== null && params !== null) {
    if (method === 'login') return isStratumLogin(params) ? message('stratum', 'login', method, params) : null
    if (method === 'job')
      return hex(params['blob'], 100, 1_024) && hex(params['target'], 2, 64) ? message('stratum', 'job', method, params) : null
    if (method === 'submit')
      return present(params['job_id']) && present(params['nonce']) && present(params['result'])
        ? message('stratum', 'submit', method, params)
        : null
    if (method === 'keepalived') return message('stratum', 'keepalive', method, params)
    return null
  }
  const result = membersOf(members['result'])
  const job = result === null ? null : membersOf(result['job'])
  if (job !== null && hex(job['blob'], 100, 1_024) && hex(job['target'], 2, 64)) return message('stratum', 'logged-in', null, job)
  const error = membersOf(members['error'])
  const said = error === null ? null : text(error['message'])
  if (said !== null && /^(low difficulty share|invalid address used for login|duplicate share|block expired|unauthenticated)$/i.test(said))
    return message('stratum', 'error', said)
  return null
}

/** Other systems have a `login` over JSON-RPC too: the account must be an address, or the message must name what only a miner names. */
function isStratumLogin(params: Members): boolean {
  const login = text(params['login'])
  if (login === null || present(params['email']) || present(params['password'])) return false
  if (addressOf(login) !== null) return true
  return (
    'pass' in params &&
    (text(params['agent']) !== null || Array.isArray(params['algo']) || present(params['rigid']) || /^[0-9A-Za-z.+_-]{40,}$/.test(login))
  )
}

const stratumV1Roles: Readonly<Record<string, PoolRole>> = {
  'mining.subscribe': 'login',
  'mining.authorize': 'login',
  'mining.configure': 'login',
  'mining.notify': 'job',
  'mining.set_difficulty': 'job',
  'mining.set_target': 'job',
  'mining.set_extranonce': 'job',
  'mining.extranonce.subscribe': 'keepalive',
  'mining.ping': 'keepalive',
  'mining.submit': 'submit',
}

function stratumV1(members: Members): Read | null {
  const method = text(members['method'])
  const role = method === null || !Object.hasOwn(stratumV1Roles, method) ? undefined : stratumV1Roles[method]
  const params = members['params']
  if (method === null || role === undefined || !Array.isArray(params)) return null
  const account = method === 'mining.authorize' ? text(params[0]) : null
  return {
    ...message('stratum-v1', role, method),
    account: account === null ? null : (addressOf(account)?.address ?? account),
    jobId: role === 'job' ? text(params[0]) : role === 'submit' ? text(params[1]) : null,
  }
}

function ethash(members: Members): Read | null {
  const method = text(members['method'])
  const params = members['params']
  if (!Array.isArray(params)) return null
  if (method === 'eth_submitLogin') return { ...message('ethash', 'login', method), account: text(params[0]), family: 'ethash' }
  if (method === 'eth_submitWork' && params.length >= 3 && hex(params[1], 64, 66))
    return { ...message('ethash', 'submit', method), family: 'ethash' }
  if (method === 'eth_submitHashrate') return { ...message('ethash', 'keepalive', method), family: 'ethash' }
  return null
}

function getwork(members: Members): Read | null {
  const method = text(members['method'])
  const params = members['params']
  if (method === 'getwork' && (params === undefined || Array.isArray(params))) {
    const data: unknown = Array.isArray(params) ? params[0] : undefined
    return hex(data, 256) ? message('getwork', 'submit', method) : message('getwork', 'login', method)
  }
  const result = membersOf(members['result'])
  return result !== null && hex(result['data'], 256) && hex(result['target'], 64) ? message('getwork', 'job', null) : null
}

const discriminators = ['command', 'cmd', 'action', 'op', 'event', 'type', 'method', 'msg', 't', 'e'] as const
const envelopes = ['params', 'data', 'payload', 'job', 'body', 'args'] as const

/** Dialects that name their fields as pools do and call their messages otherwise. */
function command(members: Members): Read | null {
  const name = discriminators.map((key) => text(members[key])).find((found) => found !== null) ?? null
  for (const key of ['', ...envelopes]) {
    const fields = key === '' ? members : membersOf(members[key])
    if (fields === null) continue
    const job = fields['job_id'] ?? fields['jobId'] ?? fields['job'] ?? fields['id']
    if (hex(fields['blob'], 140, 1_024) && hex(fields['target'], 2, 64)) return message('command', 'job', name, fields)
    if (
      present(job) &&
      (hex(fields['nonce'], 8, 16) || typeof fields['nonce'] === 'number') &&
      (hex(fields['result'], 64) || hex(fields['hash'], 64)) &&
      !hasChallenge(fields)
    )
      return message('command', 'submit', name, fields)
    if (name !== null && key !== 'job' && isNamedLogin(name, fields)) return message('command', 'login', name, fields)
  }
  return null
}

/** A captcha's answer has a nonce and a hash as well, and says which challenge it answers. */
function hasChallenge(fields: Members): boolean {
  return ['challenge', 'salt', 'signature', 'captcha', 'token'].some((name) => present(fields[name]))
}

const loginNames = /^(login|auth|authorize|connect|subscribe|handshake|hello|init|register|start|join|open|mine)$/i

function isNamedLogin(name: string, fields: Members): boolean {
  const account = accountOf(fields)
  if (account === null || !loginNames.test(name) || present(fields['email'])) return false
  const names = [
    'pool',
    'algo',
    'algorithm',
    'coin',
    'hashrate',
    'throttle',
    'threads',
    'worker',
    'agent',
    'pass',
    'difficulty',
    'diff',
  ].filter((key) => present(fields[key]))
  if (addressOf(account) !== null && account.length >= 95) return true
  return text(fields['site_key']) !== null
    ? names.length >= 1
    : names.length >= 2 && (names.includes('pool') || names.includes('algo') || names.includes('algorithm') || names.includes('hashrate'))
}

/** Duino-Coin's lines: https://github.com/revoxhere/duino-coin, "how to make your own miner". */
function duino(line: string): Read | null {
  const trimmed = line.trim()
  const ask = /^JOB,([^,\s]{1,64})(?:,(?:[A-Z0-9_]{2,16}|\d{1,8})(?:,[^\n]{0,64})?)?$/.exec(trimmed)
  if (ask) return { ...message('duino', 'login', 'JOB'), account: ask[1]!, family: 'sha1' }
  const job = /^([0-9a-f]{40}),([0-9a-f]{40}),\d{1,9}$/.exec(trimmed)
  if (job) return { ...message('duino', 'job', null), family: 'sha1', jobId: job[1]!.slice(0, 16) }
  return null
}

/**
 * JSEcoin over Socket.IO: the hash of the block without its nonce, and a text with the nonce back. By its client script of July 2018, as
 * https://github.com/retrocryptomining/data keeps it (samples/jsecoin): preHash,hash,nonce,publisher,visitor,site,sub-account.
 */
function jsecoin(event: string, payload: unknown): Read | null {
  switch (event) {
    case 'firstPreHash':
    case 'blockPreHash':
      return hex(payload, 32, 128) ? { ...message('jsecoin', 'job', event), family: 'sha256' } : null
    case 'requestFirstPreHash':
      return { ...message('jsecoin', 'login', event), family: 'sha256' }
    case 'optInAuthKey': {
      const publisher = membersOf(payload)?.['pubID']
      return typeof publisher === 'string' || typeof publisher === 'number'
        ? { ...message('jsecoin', 'login', event), account: text(String(publisher)), family: 'sha256' }
        : null
    }
    case 'submitHash': {
      const share =
        typeof payload === 'string' ? /^[0-9a-f]{32,128},[0-9a-f]{64},\d{1,16},([^,\s]{1,64}),[^,]{0,128},/i.exec(payload) : null
      return share === null ? null : { ...message('jsecoin', 'submit', event), account: share[1]!, family: 'sha256' }
    }
    default:
      return null
  }
}
