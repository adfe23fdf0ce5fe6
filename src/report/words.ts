import type { Mining, Status } from '#model/finding.ts'

/** How each status is called for a reader; the urgency decides its colour. */
export const statusWords: Record<Status, { label: string; urgency: 'bad' | 'warn' | 'good' | 'unknown' }> = {
  active: { label: 'MINING', urgency: 'bad' },
  loaded: { label: 'MINER LOADED', urgency: 'bad' },
  suspected: { label: 'SUSPECTED', urgency: 'warn' },
  'opt-in': { label: 'OPT-IN MINER', urgency: 'warn' },
  none: { label: 'NO MINER FOUND', urgency: 'good' },
  inconclusive: { label: 'INCONCLUSIVE', urgency: 'unknown' },
  'not-observed': { label: 'NOT OBSERVED', urgency: 'unknown' },
  hint: { label: 'HINT OF A MINER', urgency: 'warn' },
  'no-hint': { label: 'NO HINT', urgency: 'unknown' },
}

const facts = {
  activity: {
    hashing: 'hashing was seen',
    'pool-contact': 'a pool was contacted',
    delivered: 'miner code was delivered, not seen running',
    'none-seen': 'none seen',
  },
  consent: {
    'asked-first': 'visitors are asked first',
    'asked-late': 'visitors are asked only after it has begun',
    'refused-ignored': 'it mines although the visitor said no',
    'not-asked': 'visitors are not asked',
    unknown: 'not known',
  },
  placement: {
    page: "in the page's own markup",
    'own-file': "in a script file of the site's own",
    'third-party': "in a third party's code",
    ad: 'in an advertisement',
    unknown: 'not known',
  },
  operator: { declared: 'the owner has declared it', denied: 'the owner says it is not his', unknown: 'not known whether the owner knows' },
} as const

export function miningFacts(mining: Mining): { name: string; value: string }[] {
  return [
    { name: 'Activity', value: facts.activity[mining.activity] },
    { name: 'Consent', value: facts.consent[mining.consent] },
    { name: 'Placement', value: facts.placement[mining.placement] },
    { name: 'Operator', value: facts.operator[mining.operator] },
  ]
}
