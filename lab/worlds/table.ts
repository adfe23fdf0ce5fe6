import type { World } from '../lab.ts'
import { ordinaryContents } from '../ordinary/all.ts'
import { Random } from '../random.ts'
import { type SiteOptions, type WeekContent, makeSite } from '../site/make-site.ts'
import { type MinerSpec, completeSpec } from '../site/miner-spec.ts'
import type { Fault, LabSite } from '../site/site.ts'
import { thirdParties } from '../site/third-parties.ts'
import { hostName } from '../text/identifiers.ts'

/** Draws names that no other site of the world has. */
export function siteFactory(
  seed: number,
  label: string,
): (content: (week: number) => WeekContent, more?: Pick<SiteOptions, 'rank' | 'tags'>) => LabSite {
  const parties = thirdParties(seed)
  const random = new Random(`${label}/${seed}`)
  const taken = new Set<string>(parties.all)
  let number = 0
  return (contentOf, more = {}) => {
    const draw = random.fork(number++)
    let [host, key] = [hostName(draw), draw.hex(8)]
    while (taken.has(host) || taken.has(key)) [host, key] = [hostName(draw), draw.hex(8)]
    taken.add(host).add(key)
    return makeSite({ key, host, seed: `${label}/${seed}/${host}`, thirdParties: parties, contentOf, ...more })
  }
}

/** Every way in, every thread, every form of module, dialect, encoding, transport, hiding place and way of asking at least once. */
const rows: Partial<MinerSpec>[] = [
  // ways in
  { load: 'inline' },
  { load: 'event-handler' },
  { load: 'own-file', thread: 'worker-url' },
  { load: 'own-module', thread: 'worker-module' },
  { load: 'own-library', thread: 'worker-blob' },
  { load: 'third-party' },
  { load: 'tag-manager' },
  { load: 'fourth-party' },
  { load: 'document-write' },
  { load: 'eval' },
  { load: 'new-function' },
  { load: 'cross-site-frame', thread: 'worker-url' },
  { load: 'srcdoc-frame' },
  { load: 'data-frame', thread: 'worker-data' },
  { load: 'sandboxed-frame' },
  { load: 'ad-frame' },
  // threads
  { thread: 'worker-data', load: 'own-file' },
  { thread: 'worker-nested', load: 'inline' },
  { thread: 'worker-nested', load: 'third-party' },
  { thread: 'shared-worker', load: 'own-file' },
  { thread: 'shared-worker', load: 'inline', family: 'unknown-core' },
  { thread: 'service-worker', load: 'inline' },
  { thread: 'service-worker', load: 'own-file', module: 'streaming' },
  { thread: 'main-thread', load: 'inline', family: 'unknown-core' },
  { thread: 'main-thread', load: 'third-party', family: 'sha1', module: 'javascript' },
  // modules and families
  { module: 'streaming', load: 'third-party' },
  { module: 'fetched', load: 'own-file', thread: 'worker-url' },
  { module: 'built', load: 'tag-manager' },
  { module: 'small-modules', load: 'own-file', thread: 'worker-url' },
  { module: 'small-modules', load: 'third-party', dialect: 'binary' },
  { module: 'asm.js', load: 'inline' },
  { module: 'asm.js', load: 'third-party', family: 'unknown-core' },
  { module: 'javascript', load: 'own-file', family: 'cryptonight' },
  { module: 'javascript', load: 'inline', family: 'scrypt' },
  { family: 'sha256', load: 'own-file', thread: 'worker-url', module: 'streaming' },
  { family: 'sha256', load: 'third-party', module: 'javascript' },
  { family: 'scrypt', load: 'inline', module: 'fetched' },
  { family: 'sha1', load: 'third-party', module: 'buffer' },
  { family: 'unknown-core', load: 'own-file', module: 'streaming' },
  // dialects, encodings, transports
  { dialect: 'coinhive', load: 'own-file', encoding: 'json' },
  { dialect: 'coinhive', load: 'third-party', encoding: 'base64' },
  { dialect: 'identifier', load: 'inline', encoding: 'json' },
  { dialect: 'identifier', load: 'third-party', encoding: 'xor' },
  { dialect: 'command', load: 'third-party', encoding: 'msgpack' },
  { dialect: 'command', load: 'own-file' },
  { dialect: 'stratum-login', load: 'third-party', encoding: 'msgpack' },
  { dialect: 'stratum-login', load: 'inline', encoding: 'base64' },
  { dialect: 'stratum-subscribe', load: 'third-party', encoding: 'xor', family: 'scrypt' },
  { dialect: 'binary', load: 'own-file', thread: 'worker-url' },
  { dialect: 'stratum-login', load: 'inline', transport: 'long-poll' },
  { dialect: 'coinhive', load: 'third-party', transport: 'fetch-stream', encoding: 'base64' },
  { dialect: 'identifier', load: 'own-file', transport: 'eventsource' },
  { dialect: 'stratum-login', load: 'own-file', poolMode: 'first-party' },
  { dialect: 'coinhive', load: 'inline', poolMode: 'dead' },
  { dialect: 'stratum-login', load: 'third-party', poolMode: 'dead' },
  { dialect: 'stratum-login', load: 'own-file', poolMode: 'refuses', thread: 'worker-url' },
  // hiding
  { hiding: 'throttled', load: 'own-file' },
  { hiding: 'throttled', load: 'third-party', family: 'unknown-core' },
  { hiding: 'one-thread', load: 'inline' },
  { hiding: 'slow-start', load: 'third-party' },
  { hiding: 'starts-late', load: 'own-file' },
  { hiding: 'on-input', load: 'third-party' },
  { hiding: 'when-idle', load: 'inline' },
  { hiding: 'when-visible', load: 'own-file' },
  { hiding: 'no-automation', load: 'third-party' },
  { hiding: 'no-automation', load: 'inline', module: 'asm.js' },
  { hiding: 'mobile-only', load: 'third-party' },
  // asking
  { asking: 'asks-first', load: 'own-file' },
  { asking: 'asks-first', load: 'third-party', dialect: 'coinhive' },
  { asking: 'asks-first-confirm', load: 'inline' },
  { asking: 'asks-late', load: 'own-file' },
  { asking: 'ignores-refusal', load: 'inline' },
  { asking: 'cookie-banner', load: 'third-party' },
  { asking: 'captcha-says', load: 'own-file' },
  { asking: 'captcha-silent', load: 'third-party' },
  { asking: 'start-button', load: 'own-file' },
]

const faults: readonly Fault[] = ['unresolved', 'bad-certificate', 'connection-reset', 'connection-refused', 'server-error']

export interface TableOptions {
  /** Leave parts away. */
  parts?: readonly ('miners' | 'ordinary' | 'faults')[]
}

/** The table of combinations: miners of every kind, pages that only look like it, and names that cannot be reached. One week. */
export function tableWorld(seed: number, o: TableOptions = {}): World {
  const parts = o.parts ?? ['miners', 'ordinary', 'faults']
  const make = siteFactory(seed, 'table')
  const random = new Random(`table-specs/${seed}`)
  const miners = rows.map((row, index) => {
    const spec = completeSpec(row, random.fork(index))
    return make(() => ({ type: 'miner', spec }))
  })
  const ordinary = ordinaryContents.map((content) => make(() => ({ type: 'ordinary', content })))
  const broken = faults.map((fault) => make(() => ({ type: 'fault', fault })))
  return {
    seed,
    weeks: 1,
    sites: [
      ...(parts.includes('miners') ? miners : []),
      ...(parts.includes('ordinary') ? ordinary : []),
      ...(parts.includes('faults') ? broken : []),
    ],
  }
}
