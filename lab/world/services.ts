import type { AccountForm } from '../accounts.ts'

/** How a site of the world takes a service up: as its public documentation says (signatures/services), the scripts are the lab's own. */
export interface Service {
  id: 'coinhive' | 'crypto-loot' | 'coinimp' | 'webminepool' | 'authedmine' | 'own'
  /** Of the operators. */
  share: number
  host: string
  path: string
  poolHost: string
  /** `CoinHive.Anonymous` */
  call: string
  account: AccountForm
  asksFirst: boolean
}

export const services: readonly Service[] = [
  {
    id: 'coinhive',
    share: 0.6,
    host: 'coinhive.com',
    path: '/lib/coinhive.min.js',
    poolHost: 'ws001.coinhive.com',
    call: 'CoinHive.Anonymous',
    account: 'site-key-32',
    asksFirst: false,
  },
  {
    id: 'crypto-loot',
    share: 0.16,
    host: 'crypto-loot.com',
    path: '/lib/miner.min.js',
    poolHost: 'ws1.crypto-loot.com',
    call: 'CryptoLoot.Anonymous',
    account: 'hex-44',
    asksFirst: false,
  },
  {
    id: 'coinimp',
    share: 0.09,
    host: 'www.coinimp.com',
    path: '/scripts/min.js',
    poolHost: 'ws1.coinimp.com',
    call: 'CoinImp.Anonymous',
    account: 'hex-64',
    asksFirst: false,
  },
  {
    id: 'webminepool',
    share: 0.05,
    host: 'webminepool.com',
    path: '/lib/base.js',
    poolHost: 'ws.webminepool.com',
    call: 'WMP.Anonymous',
    account: 'sk',
    asksFirst: false,
  },
  /** A miner of the operator's own, on a host of the operator's own: no signature knows it. */
  { id: 'own', share: 0.1, host: '', path: '', poolHost: '', call: '', account: 'monero', asksFirst: false },
]

export const authedmine: Service = {
  id: 'authedmine',
  share: 0,
  host: 'authedmine.com',
  path: '/lib/authedmine.min.js',
  poolHost: 'ws001.authedmine.com',
  call: 'CoinHive.Anonymous',
  account: 'site-key-32',
  asksFirst: true,
}

export function serviceOf(id: Service['id']): Service {
  const found = id === 'authedmine' ? authedmine : services.find((one) => one.id === id)
  if (found === undefined) throw new RangeError(`no service ${id}`)
  return found
}
