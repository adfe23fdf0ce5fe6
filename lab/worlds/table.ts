import type { World } from '../lab.ts'
import { ordinaryContents } from '../ordinary/all.ts'
import { Random } from '../random.ts'
import { type SiteOptions, type WeekContent, makeSite } from '../site/make-site.ts'
import { type Load, type MinerSpec, completeSpec, dialectsFor, encodingsFor, placementOf, threadsFor } from '../site/miner-spec.ts'
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
  { hiding: 'devtools-closed', load: 'third-party' },
  { hiding: 'devtools-closed', load: 'inline', module: 'streaming' },
  { hiding: 'by-referrer', load: 'own-file' },
  { hiding: 'by-referrer', load: 'tag-manager', dialect: 'coinhive' },
  { hiding: 'by-referrer-at-server', load: 'inline' },
  { hiding: 'second-visit', load: 'own-file' },
  { hiding: 'second-visit', load: 'inline', module: 'streaming' },
  { hiding: 'mobile-only', load: 'own-file', thread: 'worker-url' },
  { load: 'pop-under', thread: 'worker-url' },
  { load: 'own-pop-under' },
  // GPU
  { module: 'wgsl', load: 'own-file' },
  { module: 'wgsl', load: 'third-party', thread: 'main-thread' },
  { module: 'wgsl', load: 'inline', family: 'unknown-core' },
  { module: 'wgsl', load: 'own-file', hiding: 'real-gpu-only', thread: 'worker-url' },
  { module: 'wgsl', load: 'inline', poolMode: 'refuses' },
  // UDP
  { transport: 'webtransport', load: 'own-file' },
  { transport: 'webtransport', load: 'third-party', poolMode: 'unreachable-own-work' },
  { transport: 'webrtc', load: 'inline' },
  { transport: 'webrtc', load: 'third-party', poolMode: 'unreachable-own-work', dialect: 'coinhive' },
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
  { asking: 'asks-late', load: 'third-party', dialect: 'coinhive' },
  { asking: 'ignores-refusal', load: 'third-party' },
  { asking: 'captcha-silent', load: 'inline', module: 'wgsl' },
]

const drawnCount = 12

/** Combinations that nobody wrote down: every part drawn, those that no browser could run drawn again. */
function drawRow(random: Random): MinerSpec {
  for (;;) {
    const part = <T>(items: readonly T[]): T => random.pick(items)
    const family = part(['cryptonight', 'cryptonight', 'randomx', 'sha256', 'scrypt', 'sha1', 'unknown-core'] as const)
    const module =
      family === 'randomx' ? 'small-modules' : part(['streaming', 'fetched', 'buffer', 'built', 'asm.js', 'javascript', 'wgsl'] as const)
    const load = part(Object.keys(placementOf) as Load[])
    const dialect = part(dialectsFor(family))
    const transport = part(['websocket', 'websocket', 'websocket', 'long-poll', 'fetch-stream', 'eventsource'] as const)
    // One thing out of the ordinary at a time: what two of them mean together is not in the table of answers.
    const odd = part(['hiding', 'pool', 'none'] as const)
    const isFramed = /frame|pop-under/.test(load)
    try {
      return completeSpec(
        {
          family,
          module,
          load,
          thread: part(threadsFor(load)),
          dialect,
          transport,
          encoding: part(encodingsFor(dialect, dialect === 'binary' ? 'websocket' : transport)),
          ...(odd === 'hiding'
            ? {
                hiding: part(
                  isFramed
                    ? (['throttled', 'slow-start'] as const)
                    : ([
                        'throttled',
                        'one-thread',
                        'slow-start',
                        'on-input',
                        'when-idle',
                        'no-automation',
                        'devtools-closed',
                        'by-referrer',
                      ] as const),
                ),
              }
            : {}),
          ...(odd === 'pool' ? { poolMode: part(['dead', 'first-party'] as const) } : {}),
        },
        random.fork('spec'),
      )
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
}

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
  for (let index = 0; index < drawnCount; index++) {
    const spec = drawRow(new Random(`table-drawn/${seed}/${index}`))
    miners.push(make(() => ({ type: 'miner', spec }), { tags: ['drawn'] }))
  }
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
