import { createHash } from 'node:crypto'
import type { Family } from '../cores/core.ts'
import type { Random } from '../random.ts'
import type { Message } from './encoding.ts'
import type { Dialect, Endpoint, PoolEvent } from './endpoint.ts'

export type Report = (type: PoolEvent['type'], account: string | null) => void

/** One miner at one pool: what it says → what it is answered. It gets harder work when it is fast, as at any pool. */
export interface PoolSession {
  receive(message: Message): void
}

interface Job {
  id: string
  blob: string
  target: number
  givenAtMs: number
}

/** What pools call it: https://xmrig.com/docs/algorithms. */
const algorithmOf: Partial<Record<Family, string>> = { cryptonight: 'cn/1', randomx: 'rx/0' }

interface Context {
  random: Random
  send(message: Message): void
  report: Report
  nowMs(): number
}

export function poolSession(endpoint: Endpoint, context: Context): PoolSession {
  return makers[endpoint.dialect](new Work(endpoint.dialect, context), { ...context, algorithm: algorithmOf[endpoint.family] ?? null })
}

class Work {
  account: string | null = null
  job: Job
  readonly #context: Context
  readonly #size: number
  #target = 0x80000000

  constructor(dialect: Dialect, context: Context) {
    this.#context = context
    this.#size = dialect === 'stratum-subscribe' ? 80 : 76
    this.job = this.next()
  }

  next(): Job {
    const { random } = this.#context
    this.job = {
      id: String(random.int(100000000, 999999999)),
      blob: `0${random.pick(['7', '9', 'e'])}${random.hex(this.#size * 2 - 2)}`,
      target: this.#target,
      givenAtMs: this.#context.nowMs(),
    }
    return this.job
  }

  login(account: unknown): void {
    this.account = typeof account === 'string' ? account : null
    this.#context.report('login', this.account)
  }

  given(): Job {
    this.#context.report('job', this.account)
    return this.job
  }

  share(): void {
    this.#context.report('share', this.account)
    // Harder by as much as it was too fast, about one share in a second and a half.
    const factor = Math.min(64, 1500 / Math.max(1, this.#context.nowMs() - this.job.givenAtMs))
    if (factor > 1) this.#target = Math.max(0x3ff, Math.floor(this.#target / factor))
    this.next()
  }
}

type Fields = Record<string, unknown>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const little = (value: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes.toString('hex')
}

interface MakerContext extends Context {
  /** Null where the work has no published name. */
  algorithm: string | null
}

const makers: Record<Dialect, (work: Work, context: MakerContext) => PoolSession> = {
  'stratum-login': (work, { send, report, random, algorithm }) => {
    const session = random.hex(16)
    const job = (): Fields => {
      const { id, blob, target } = work.given()
      return {
        blob,
        job_id: id,
        target: little(target),
        height: 2_700_000 + random.int(0, 9999),
        ...(algorithm === null ? {} : { algo: algorithm }),
        ...(algorithm === 'rx/0' ? { seed_hash: random.hex(64) } : {}),
      }
    }
    return {
      receive(message) {
        const m = fieldsOf(message)
        const params = fieldsOf(m.params)
        if (m.method === 'login') {
          work.login(params.login)
          send({ id: m.id, jsonrpc: '2.0', error: null, result: { id: session, job: job(), status: 'OK' } })
        } else if (m.method === 'submit') {
          work.share()
          send({ id: m.id, jsonrpc: '2.0', error: null, result: { status: 'OK' } })
          send({ jsonrpc: '2.0', method: 'job', params: job() })
        } else report('bad-message', work.account)
      },
    }
  },
  'stratum-subscribe': (work, { send, report, random }) => {
    const notify = (): void => {
      const { id, blob, target } = work.given()
      send({ id: null, method: 'mining.set_difficulty', params: [65536 / target] })
      send({
        id: null,
        method: 'mining.notify',
        params: [id, blob.slice(8, 72), random.hex(40), random.hex(40), [], blob.slice(0, 8), '1d00ffff', random.hex(8), true],
      })
    }
    return {
      receive(message) {
        const m = fieldsOf(message)
        const params = Array.isArray(m.params) ? m.params : []
        if (m.method === 'mining.subscribe') send({ id: m.id, result: [[['mining.notify', random.hex(8)]], random.hex(8), 4], error: null })
        else if (m.method === 'mining.authorize') {
          // The worker's name after the address is nobody's account.
          work.login(String(params[0]).split('.')[0])
          send({ id: m.id, result: true, error: null })
          notify()
        } else if (m.method === 'mining.submit') {
          work.share()
          send({ id: m.id, result: true, error: null })
          notify()
        } else report('bad-message', work.account)
      },
    }
  },
  coinhive: (work, { send, report, random }) => {
    let hashes = 0
    const job = (): void => {
      const { id, blob, target } = work.given()
      send({ type: 'job', params: { job_id: id, blob, target: little(target) } })
    }
    return {
      receive(message) {
        const m = fieldsOf(message)
        if (m.type === 'auth') {
          work.login(fieldsOf(m.params).site_key)
          send({ type: 'authed', params: { token: random.alphanumeric(16), hashes: 0 } })
          job()
        } else if (m.type === 'submit') {
          work.share()
          send({ type: 'hash_accepted', params: { hashes: (hashes += 256) } })
          job()
        } else report('bad-message', work.account)
      },
    }
  },
  identifier: (work, { send, report, algorithm }) => {
    let total = 0
    const job = (): void => {
      const { id, blob, target } = work.given()
      send({ identifier: 'job', job_id: id, blob, target: little(target), ...(algorithm === 'cn/1' ? { algo: 'cn', variant: 1 } : {}) })
    }
    return {
      receive(message) {
        const m = fieldsOf(message)
        if (m.identifier === 'handshake') {
          work.login(m.login)
          job()
        } else if (m.identifier === 'solved') {
          work.share()
          send({ identifier: 'hashsolved', hashes: ++total })
          job()
        } else report('bad-message', work.account)
      },
    }
  },
  command: (work, { send, report }) => {
    const job = (): void => {
      const { id, blob, target } = work.given()
      send({ command: 'job', job_id: id, blob, target: little(target) })
    }
    return {
      receive(message) {
        const m = fieldsOf(message)
        if (m.command === 'auth') {
          work.login(m.key)
          job()
        } else if (m.command === 'submit') {
          work.share()
          send({ command: 'accepted' })
          job()
        } else report('bad-message', work.account)
      },
    }
  },
  duino: (work, { send, report, random, nowMs }) => {
    let expected = ''
    let last = ''
    let reach = 2_000
    let givenAtMs = 0
    return {
      receive(message) {
        const parts = String(message).split(',')
        if (parts[0] === 'JOB') {
          work.login(parts[1])
          last = random.hex(40)
          expected = createHash('sha1')
            .update(`${last}${random.int(reach >> 1, reach)}`)
            .digest('hex')
          givenAtMs = nowMs()
          report('job', work.account)
          send(`${last},${expected},${Math.round(reach / 100)}`)
        } else if (/^\d+$/.test(parts[0] ?? '')) {
          const isRight = createHash('sha1').update(`${last}${parts[0]}`).digest('hex') === expected
          report(isRight ? 'share' : 'bad-message', work.account)
          if (nowMs() - givenAtMs < 1500) reach = Math.min(20_000_000, reach * 8)
          send(isRight ? 'GOOD' : 'BAD,wrong hash')
        } else report('bad-message', work.account)
      },
    }
  },
  binary: (work, { send, report }) => {
    const job = (): void => {
      const { id, blob, target } = work.given()
      send(Buffer.from(`02${little(Number(id))}${little(target)}${blob}`, 'hex'))
    }
    return {
      receive(message) {
        const bytes = message instanceof Uint8Array ? message : new Uint8Array()
        if (bytes[0] === 1) {
          work.login(new TextDecoder().decode(bytes.subarray(2, 2 + (bytes[1] ?? 0))))
          job()
        } else if (bytes[0] === 3) {
          work.share()
          send(Uint8Array.of(4, 0))
          job()
        } else report('bad-message', work.account)
      },
    }
  },
}
