import type { PoolDialect, PoolMessage, PoolRole } from './message.ts'
import type { ShapedMessage } from './shape.ts'

/** One message of a conversation, read already: see `readFrame`. */
export interface DialogueFrame {
  direction: 'sent' | 'received'
  atMs: number
  /** Where to cite it: `frame 2`, or the artifact of a request. */
  place: string
  message: PoolMessage | null
  shape: PoolMessage | null
}

export interface Dialogue {
  dialect: PoolDialect
  /** `named`: in a dialect that is known. `shape`: both sides exchanged what only a miner and a pool exchange, under other names. `one-sided`: only one side of it was seen, or only by shape. */
  strength: 'named' | 'shape' | 'one-sided'
  accounts: string[]
  pool: string | null
  family: string | null
  layers: string[]
  /** How often each part was seen, in the direction that it belongs to, and the first place of it. */
  roles: Partial<Record<PoolRole, { count: number; place: string; atMs: number }>>
  firstAtMs: number
}

const sentRoles: ReadonlySet<PoolRole> = new Set(['login', 'submit', 'keepalive'])

/**
 * A conversation on one socket (or with one host over HTTP), as a whole. A login is sent, a job received, a share sent: messages in the
 * other direction are somebody showing them, and do not count. Null where it is no mining dialogue.
 */
export function dialogueOf(frames: readonly DialogueFrame[]): Dialogue | null {
  return named(frames) ?? renamed(frames)
}

function named(frames: readonly DialogueFrame[]): Dialogue | null {
  const told = frames.filter((frame) => frame.message !== null && sentRoles.has(frame.message.role) === (frame.direction === 'sent'))
  if (told.length === 0) return null
  const job = told.find((frame) => frame.message!.role === 'job' || frame.message!.role === 'logged-in')
  // Who greeted in words of its own, and then was sent jobs or handed in a share, said who is paid. Jobs in a stream that broke off may be lost.
  const firstShare = told.find((frame) => frame.message!.role === 'submit')
  const greetings = told.some((frame) => frame.message!.role === 'login')
    ? []
    : frames.filter(
        (frame) => frame.direction === 'sent' && frame.shape?.role === 'login' && frame.atMs <= (job?.atMs ?? firstShare?.atMs ?? -1),
      )
  const lines =
    job?.message?.dialect === 'duino'
      ? frames.filter((frame) => frame.direction === 'sent' && toldOf(frame) === 'line' && frame.atMs >= job.atMs)
      : []
  const dialogue = fold(
    [...greetings, ...told, ...lines],
    (frame) => frame.message ?? { ...frame.shape!, dialect: told[0]!.message!.dialect },
  )
  const spoke = dialogue.roles.login ?? dialogue.roles.submit ?? dialogue.roles.keepalive
  const share = dialogue.roles.submit
  // A page of statistics is told of jobs and answers nothing; a lone ping proves nothing.
  const strong =
    (dialogue.roles.login !== undefined ||
      (share !== undefined && (dialogue.roles.job !== undefined || share.count >= 2 || dialogue.dialect !== 'command'))) &&
    spoke !== undefined
  return { ...dialogue, strength: strong ? 'named' : 'one-sided' }
}

function renamed(frames: readonly DialogueFrame[]): Dialogue | null {
  const told = frames.filter(
    (frame) => frame.shape !== null && toldOf(frame) === 'form' && sentRoles.has(frame.shape.role) === (frame.direction === 'sent'),
  )
  const jobs = told.filter((frame) => frame.shape!.role === 'job')
  const logins = told.filter((frame) => frame.shape!.role === 'login')
  const shares = told.filter(
    (frame) => frame.shape!.role === 'submit' && jobs.some((job) => job.atMs <= frame.atMs && answers(tokensOf(frame), tokensOf(job))),
  )
  const dialogue = (of: readonly DialogueFrame[], strength: Dialogue['strength']): Dialogue => ({
    ...fold(of, (frame) => frame.shape!),
    strength,
  })
  const greetings =
    shares.length > 0 && logins.length === 0
      ? frames.filter((frame) => toldOf(frame) === 'greeting' && frame.direction === 'sent' && frame.atMs <= jobs[0]!.atMs)
      : []
  if (jobs.length > 0 && (shares.length > 0 || logins.length > 0))
    return dialogue(
      [...greetings, ...logins, ...jobs, ...shares].sort((a, b) => a.atMs - b.atMs),
      'shape',
    )
  if (jobs.length >= 2 || logins.length > 0)
    return dialogue(
      told.filter((frame) => frame.shape!.role !== 'submit'),
      'one-sided',
    )
  return raw(frames)
}

/** Octets only: a coin address went out, then blocks of one size came in, and what answers them by their number went out. */
function raw(frames: readonly DialogueFrame[]): Dialogue | null {
  const told = frames.filter((frame) => toldOf(frame) === 'raw')
  const login = told.find((frame) => frame.direction === 'sent' && frame.shape!.role === 'login')
  if (login === undefined) return null
  const blocks = told.filter((frame) => frame.direction === 'received' && frame.shape!.role === 'job' && frame.atMs >= login.atMs)
  const jobs = blocks.filter((frame) => sizeOf(frame) === sizeOf(blocks[0]!))
  const shares = told.filter(
    (frame) =>
      frame.direction === 'sent' &&
      frame.shape!.role === 'submit' &&
      jobs.some((job) => job.atMs <= frame.atMs && tokensOf(frame).some((token) => tokensOf(job).includes(token))),
  )
  const isPool = jobs.length >= 2 || (jobs.length > 0 && shares.length > 0)
  return {
    ...fold(isPool ? [login, ...jobs, ...shares].sort((a, b) => a.atMs - b.atMs) : [login], (frame) => frame.shape!),
    strength: isPool ? 'shape' : 'one-sided',
  }
}

const toldOf = (frame: DialogueFrame): ShapedMessage['told'] | null => (frame.shape as ShapedMessage | null)?.told ?? null
const sizeOf = (frame: DialogueFrame): number | undefined => (frame.shape as ShapedMessage | null)?.size
const tokensOf = (frame: DialogueFrame): readonly string[] => (frame.shape as ShapedMessage | null)?.tokens ?? []

/** A share names its job. Where jobs carry no name, a share is what has a digest and follows: one token in common is not asked for then. */
function answers(share: readonly string[], job: readonly string[]): boolean {
  const names = job.filter((token) => token.length >= 3 && !/^\d{1,4}$/.test(token))
  return names.length <= 1 || names.some((token) => share.includes(token))
}

function fold(frames: readonly DialogueFrame[], read: (frame: DialogueFrame) => PoolMessage): Omit<Dialogue, 'strength'> {
  const accounts = new Set<string>()
  const roles: Dialogue['roles'] = {}
  let pool: string | null = null
  let family: string | null = null
  const votes = new Map<PoolDialect, number>()
  for (const frame of frames) {
    const message = read(frame)
    votes.set(message.dialect, (votes.get(message.dialect) ?? 0) + (message.role === 'login' ? 3 : 1))
    if (message.account !== null) accounts.add(message.account)
    pool ??= message.pool
    family ??= message.family
    const seen = roles[message.role]
    if (seen) seen.count++
    else roles[message.role] = { count: 1, place: frame.place, atMs: frame.atMs }
  }
  const dialect = [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'renamed'
  return {
    dialect,
    accounts: [...accounts],
    pool,
    family,
    layers: read(frames[0]!).layers,
    roles,
    firstAtMs: Math.min(...frames.map((frame) => frame.atMs)),
  }
}
