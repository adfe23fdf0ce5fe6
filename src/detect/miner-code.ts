import type { JavaScriptFeatures } from '#derive/javascript/features.ts'
import type { VocabularyGroup } from '#derive/javascript/vocabulary.ts'

export interface ClientMarks {
  /** `client`: it fetches jobs and hands in results. `worker`: it works on jobs that it is given. `binding`: it calls a hash that only coins use. */
  part: 'client' | 'worker' | 'binding'
  decided: boolean
  reasons: string[]
}

/**
 * Whether a script is a miner's client or worker: the fields of a pool's protocol, that it answers jobs with nonces, that it counts
 * hashes, and that it takes a share of the machine. Each is common alone; the rules below are the whole of it.
 */
export function clientMarks(script: JavaScriptFeatures): ClientMarks | null {
  const words = (group: VocabularyGroup): string[] => script.vocabulary.filter((word) => word.group === group).map(({ word }) => word)
  const work = words('work')
  const accounting = words('accounting')
  const load = words('load')
  const payee = words('payee')
  const stratum = words('stratum')
  const algorithms = words('algorithm')
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
  if (algorithms.length > 0 && (script.wasm.instantiates || script.workers.constructed > 0 || jobs))
    return {
      part: 'binding',
      decided: false,
      reasons: [`calls hash functions that only coins use (${algorithms.slice(0, 3).join(', ')})`, ...reasons],
    }
  return null
}
