import type { World } from '../lab.ts'
import { ordinaryContents } from '../ordinary/all.ts'
import { Random } from '../random.ts'
import type { WeekContent } from '../site/make-site.ts'
import { type MinerSpec, accountFor, completeSpec } from '../site/miner-spec.ts'
import { hostName } from '../text/identifiers.ts'
import { siteFactory } from './table.ts'

export const demoWeeks = 3

/**
 * Twenty sites over three weeks: two campaigns with one account each, miners that come, go and return, one that asks first, pages that look
 * like miners and are none, a gate, and a name that does not resolve in the second week.
 */
export function demoWorld(seed: number): World {
  const make = siteFactory(seed, 'demo')
  const random = new Random(`demo-specs/${seed}`)
  const spec = (label: string, partial: Partial<MinerSpec>): WeekContent => ({
    type: 'miner',
    spec: completeSpec(partial, random.fork(label)),
  })
  const content = (name: string): WeekContent => {
    const found = ordinaryContents.find((candidate) => candidate.name === name)
    if (!found) throw new RangeError(`no content ${name}`)
    return { type: 'ordinary', content: found }
  }
  const plain = content('ordinary page')
  /** `null` stands for an ordinary page. */
  const weekly =
    (...weeks: (WeekContent | null)[]) =>
    (week: number): WeekContent =>
      weeks[Math.min(week, weeks.length) - 1] ?? plain
  const always = (what: WeekContent) => (): WeekContent => what

  const first = {
    account: accountFor('coinhive', random.fork('first')),
    poolHost: hostName(random.fork('first-pool'), 'pool'),
    dialect: 'coinhive',
    encoding: 'json',
    family: 'cryptonight',
  } as const
  const second = {
    account: accountFor('stratum-login', random.fork('second')),
    poolHost: hostName(random.fork('second-pool'), 'node'),
    dialect: 'stratum-login',
    encoding: 'base64',
    family: 'unknown-core',
  } as const
  const firstInline = spec('first-inline', { ...first, load: 'inline' })
  const firstFile = spec('first-file', { ...first, load: 'own-file', thread: 'worker-url', module: 'streaming' })
  const firstTags = spec('first-tags', { ...first, load: 'tag-manager', hiding: 'throttled' })
  const secondThird = spec('second-third', { ...second, load: 'third-party' })
  const secondFrame = spec('second-frame', { ...second, load: 'cross-site-frame' })
  const lone = spec('lone', { load: 'own-file', family: 'sha1' })
  const ad = spec('ad', { load: 'ad-frame', dialect: 'identifier' })
  const dead = spec('dead', { load: 'inline', dialect: 'stratum-login', poolMode: 'dead' })
  const optIn = spec('opt-in', { load: 'own-file', asking: 'asks-first', dialect: 'coinhive' })

  const sites = [
    make(always(firstInline)),
    make(weekly(null, firstFile, firstFile)),
    make(weekly(firstTags, firstTags, null)),
    make(weekly(firstInline, null, firstInline)),
    make(weekly(null, null, secondThird)),
    make(always(secondThird)),
    make(weekly(secondFrame, null, null)),
    make(weekly(null, lone, lone)),
    make(weekly(null, ad, null)),
    make(always(dead)),
    make(always(optIn)),
    make(always(content('proof-of-work captcha'))),
    make(always(content('wallet'))),
    make(always(content('video codec'))),
    make(always(content('chat about Stratum'))),
    make(always(content('article quoting a miner'))),
    make(always(content('proof-of-work gate'))),
    make(weekly(null, { type: 'fault', fault: 'unresolved' }, null)),
    make(always(content('ad-heavy news page'))),
    make(always(plain)),
  ]
  return { seed, weeks: demoWeeks, sites }
}
