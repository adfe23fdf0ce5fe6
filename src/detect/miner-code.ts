import type { JavaScriptFeatures } from '#derive/javascript/features.ts'
import type { VocabularyGroup } from '#derive/javascript/vocabulary.ts'

export interface ClientMarks {
  /**
   * `client`: it fetches jobs and hands in results. `worker`: it works on jobs that it is given. `binding`: it calls a hash that only coins use.
   * `controls`: it asks and steers a miner by the interface that most have.
   */
  part: 'client' | 'worker' | 'binding' | 'controls'
  decided: boolean
  reasons: string[]
}

/**
 * Whether a script is a miner's client or worker: the fields of a pool's protocol, that it answers jobs with nonces, that it counts
 * hashes, and that it takes a share of the machine. Each is common alone; the rules below are the whole of it.
 */
export function clientMarks(script: JavaScriptFeatures): ClientMarks | null {
  // Pools are written in JavaScript too: they hand out the jobs.
  if (script.isServer) return null
  const words = (group: VocabularyGroup): string[] => script.vocabulary.filter((word) => word.group === group).map(({ word }) => word)
  const work = words('work')
  const accounting = words('accounting')
  const load = words('load')
  const payee = words('payee')
  const stratum = words('stratum')
  const algorithms = words('algorithm')
  const range = words('range')
  const challenge = words('challenge')
  const submits = script.dialogue.some(({ role }) => role === 'submit')
  const logsIn = script.dialogue.some(({ role }) => role === 'login')
  const reasons: string[] = []
  if (submits) reasons.push('answers jobs with nonce and result')
  if (logsIn) reasons.push('logs in in a pool’s dialect')
  if (work.length >= 3) reasons.push(`reads the fields of a pool’s jobs (${work.slice(0, 6).join(', ')})`)
  if (accounting.length > 0) reasons.push(`counts hashes (${accounting.slice(0, 4).join(', ')})`)
  if (load.length > 0) reasons.push(`sets its share of the machine (${load.slice(0, 4).join(', ')})`)
  if (stratum.length > 0) reasons.push(`names Stratum’s methods (${stratum.slice(0, 4).join(', ')})`)
  const jobs = work.includes('job_id') && work.includes('nonce')
  const client =
    (submits && logsIn) ||
    (submits && jobs && work.length >= 4) ||
    (logsIn && script.sockets.constructed > 0 && (script.workers.constructed > 0 || accounting.length + load.length > 0)) ||
    (submits && jobs && accounting.length > 0 && load.length > 0) ||
    (submits && jobs && accounting.length >= 2) ||
    (submits &&
      work.length >= 4 &&
      (script.sockets.constructed > 0 || script.nonceLoop !== null) &&
      accounting.length + load.length + payee.length > 0) ||
    (stratum.filter((word) => word.includes('.') || word.includes('_')).length >= 2 &&
      (script.sockets.constructed > 0 || work.length >= 3)) ||
    (stratum.length >= 2 && work.length >= 4 && payee.length >= 1) ||
    (accounting.length >= 2 && payee.length >= 2 && (stratum.length > 0 || submits) && script.nonceLoop !== null)
  if (client) return { part: script.sockets.constructed > 0 || logsIn || stratum.length > 0 ? 'client' : 'worker', decided: true, reasons }
  if (
    jobs &&
    work.length >= 4 &&
    (work.includes('coinb1') || work.includes('midstate') || work.includes('blob')) &&
    (accounting.length > 0 || script.nonceLoop !== null) &&
    !work.includes('seed_hash')
  )
    return { part: 'worker', decided: true, reasons }
  if (jobs && work.includes('coinb1') && work.length >= 5) return { part: 'worker', decided: true, reasons }
  // What Bitcoin's getwork handed out, and nothing since: the half of the work that is done, and the padding of the second hash.
  const isGetwork = work.includes('midstate') && work.includes('target') && work.includes('hash1')
  if (isGetwork && (work.includes('nonce') || accounting.length > 0 || range.length > 0 || script.nonceLoop !== null))
    return { part: script.workers.constructed > 0 || stratum.length > 0 ? 'client' : 'worker', decided: true, reasons }
  const threads = script.workers.constructed > 0 || script.workers.serves
  if (algorithms.length > 0 && (script.wasm.instantiates || threads || jobs))
    return {
      part: 'binding',
      decided: false,
      reasons: [`calls hash functions that only coins use (${algorithms.slice(0, 3).join(', ')})`, ...reasons],
    }
  // From here on it points to a miner and does not decide.
  const counts = accounting.filter((word) => word !== 'hashes' && word !== 'shares')
  if (
    script.sockets.constructed > 0 &&
    script.workers.constructed > 0 &&
    counts.length > 0 &&
    payee.length > 0 &&
    (load.length > 0 || jobs || submits || logsIn)
  )
    return { part: 'client', decided: false, reasons: ['has a socket and workers', ...reasons] }
  if (challenge.length === 0 && threads && range.length > 0 && (words('control').length > 0 || (counts.length > 0 && jobs)))
    return {
      part: script.workers.serves ? 'worker' : 'client',
      decided: false,
      reasons: [`shares out counters (${range.join(', ')})`, ...reasons],
    }
  if (
    challenge.length === 0 &&
    jobs &&
    counts.length > 0 &&
    script.nonceLoop !== null &&
    (work.includes('target') || work.includes('difficulty'))
  )
    return { part: 'worker', decided: false, reasons: ['a loop that hashes a counter', ...reasons] }
  const asked = script.minerMethods
  if (asked.filter((name) => /Hashes/.test(name)).length >= 1 && asked.length >= 2)
    return { part: 'controls', decided: false, reasons: [`calls the interface of a miner (${asked.slice(0, 4).join(', ')})`, ...reasons] }
  return null
}
