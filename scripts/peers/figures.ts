/** Share that 95 of 100 such trials stay under where none of n went wrong (rule of three), in percent. */
export const boundOf = (n: number): string => (n === 0 ? '–' : `${Math.min(100, 300 / n).toFixed(1)} %`)

/** What of all that is called mining does, where one in 1,000 mines; no alarm counts as three in as many. */
export function precisionOf(found: number, miners: number, alarms: number, others: number): string {
  if (miners === 0 || others === 0 || found === 0) return '–'
  const recall = (found / miners) * 0.001
  const rate = ((alarms === 0 ? 3 : alarms) / others) * 0.999
  return `${alarms === 0 ? '≥ ' : ''}${((100 * recall) / (recall + Math.min(0.999, rate))).toFixed(1)} %`
}

export const share = (part: number, all: number): string => (all === 0 ? '–' : `${part} of ${all} (${((100 * part) / all).toFixed(1)} %)`)

export const tableHead =
  '| kind | who | found | false alarms | where none: below | precision at 0.1 % | cannot read |\n| --- | --- | --- | --- | --- | --- | --- |'

export class PeerTally {
  found = 0
  miners = 0
  unread = 0
  readonly alarms = new Map<string, { alarms: number; n: number }>()

  add(miner: boolean, label: string, flagged: boolean | null): void {
    if (flagged === null) this.unread++
    if (miner) {
      this.miners++
      this.found += Number(flagged === true)
    } else {
      const of = this.alarms.get(label) ?? { alarms: 0, n: 0 }
      of.n++
      of.alarms += Number(flagged === true)
      this.alarms.set(label, of)
    }
  }

  line(kind: string, who: string): string {
    const alarms = [...this.alarms.values()].reduce((sum, one) => sum + one.alarms, 0)
    const others = [...this.alarms.values()].reduce((sum, one) => sum + one.n, 0)
    const by = [...this.alarms].filter(([, one]) => one.alarms > 0).map(([label, one]) => `${label} ${one.alarms}/${one.n}`)
    return `| ${kind} | ${who} | ${share(this.found, this.miners)} | ${share(alarms, others)}${by.length > 0 ? `: ${by.join(', ')}` : ''} | ${alarms === 0 ? boundOf(others) : ''} | ${precisionOf(this.found, this.miners, alarms, others)} | ${this.unread || ''} |`
  }
}
