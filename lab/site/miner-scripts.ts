import { engineTemplate } from '../client/engine.ts'
import { gpuEngineTemplate, gpuGrindTemplate, shaderLiteral } from '../client/gpu.ts'
import { linkTemplate } from '../client/link.ts'
import {
  blobWorker,
  dataWorker,
  grindTemplate,
  minerTemplate,
  pageLinkedWorker,
  relayWorker,
  selfLinked,
  returningServiceWorkerTail,
  serviceWorkerTail,
  sharedWorkerTail,
} from '../client/miner.ts'
import { buildCore } from '../cores/build.ts'
import { gpuCore } from '../cores/wgsl.ts'
import type { Endpoint } from '../pool/endpoint.ts'
import type { Random } from '../random.ts'
import { fileName, pathSegment } from '../text/identifiers.ts'
import { ScriptStyle, quoteSingle } from '../text/script.ts'
import { askingTemplate } from './asking.ts'
import { whenTemplate } from './conditions.ts'
import { type MinerSpec, formOf } from './miner-spec.ts'

/** Where the parts of a miner are served: on the host of the document that runs it. */
export interface MinerPaths {
  host: string
  worker: string
  wasm: string
}

export function drawMinerPaths(host: string, key: string, random: Random, isShared: boolean): MinerPaths {
  const folder = isShared ? `/${pathSegment(random)}/${key}` : `/${pathSegment(random)}`
  return {
    host,
    worker: `${folder}/${fileName(random, 'js')}`,
    wasm: `${folder}/${fileName(random, random.chance(0.6) ? 'wasm' : random.pick(['bin', 'dat', 'js.mem']))}`,
  }
}

export interface MinerScripts {
  main: string
  worker: string | null
  wasm: Uint8Array | null
}

/** All of a miner's text, in one fixed order: the style's names depend on it. */
export function buildMinerScripts(spec: MinerSpec, endpoint: Endpoint, paths: MinerPaths, random: Random): MinerScripts {
  const style = new ScriptStyle(random.fork('style'))
  const raw: string[] = []
  const busy = spec.hiding === 'throttled' ? 0.3 : spec.hiding === 'one-thread' ? 0.5 : 1
  const { engine, grind, module } = codeOf(spec, paths, busy, raw, random)
  const link = linkTemplate(endpoint, spec.account, random.fork('link'), spec.poolMode === 'unreachable-own-work')
  const threads = spec.hiding === 'one-thread' || spec.module === 'wgsl' ? 1 : 'cores'
  const workerLiteral = quoteSingle(paths.worker)
  let worker: string | null = null
  let spawn: string
  let isSelfLinked = false
  const dedicated = (): string => style.render(pageLinkedWorker(engine, grind), { raw })
  switch (spec.thread) {
    case 'worker-url':
      worker = dedicated()
      spawn = `new Worker(${workerLiteral})`
      break
    case 'worker-module':
      worker = dedicated()
      spawn = `new Worker(${workerLiteral},{type:'module'})`
      break
    case 'worker-blob':
      raw.push(JSON.stringify(dedicated()))
      spawn = blobWorker(`@@${raw.length - 1}@@`)
      break
    case 'worker-data':
      spawn = dataWorker(dedicated())
      break
    case 'worker-nested': {
      const inner = `data:application/javascript;base64,${Buffer.from(dedicated()).toString('base64')}`
      raw.push(JSON.stringify(style.render(relayWorker(quoteSingle(inner)))))
      spawn = blobWorker(`@@${raw.length - 1}@@`)
      break
    }
    case 'shared-worker':
      worker = style.render(selfLinked(engine, grind, link) + sharedWorkerTail, { raw })
      spawn = `${workerLiteral},${quoteSingle(random.hex(6))}`
      isSelfLinked = true
      break
    case 'service-worker':
      worker = style.render(
        selfLinked(engine, grind, link) + (spec.hiding === 'second-visit' ? returningServiceWorkerTail : serviceWorkerTail),
        { raw },
      )
      spawn = workerLiteral
      isSelfLinked = true
      break
    case 'main-thread':
      spawn = selfLinked(engine, grind, link)
      isSelfLinked = true
  }
  const template = `
var $count=0;
${whenTemplate(spec.hiding, random.fork('when'))}
${askingTemplate(spec.asking, random.fork('asking'))}
${minerTemplate({ thread: spec.thread, spawn, link: isSelfLinked ? '' : link, threads })}
$prepare();
$when(function(){$agreed($run);});`
  return { main: style.render(template, { raw, isolate: true }), worker, wasm: module }
}

/** Templates of the engine and its loop. The core's own text has its own names: it goes to `raw` as it is. */
function codeOf(
  spec: MinerSpec,
  paths: MinerPaths,
  busy: number,
  raw: string[],
  random: Random,
): { engine: string; grind: string; module: Uint8Array | null } {
  if (spec.module === 'wgsl') {
    const core = gpuCore(spec.family === 'sha256' ? 'sha256' : 'unknown-core', random.fork('core'))
    raw.push(shaderLiteral(core.text, random.fork('shader')))
    return {
      engine: gpuEngineTemplate(core, '@@0@@'),
      grind: gpuGrindTemplate(core, busy),
      module: null,
    }
  }
  const built = buildCore(spec.family, formOf(spec.module), random.fork('core'))
  if (built.form !== 'wasm') raw.push(built.text)
  return {
    engine: engineTemplate(
      built.form === 'wasm' ? built : { ...built, text: '@@0@@' },
      spec.module,
      `https://${paths.host}${paths.wasm}`,
      random.fork('engine'),
    ),
    grind: grindTemplate(built, { busy, sliceMs: spec.thread === 'main-thread' ? 40 : random.int(50, 150) }),
    module: built.form === 'wasm' ? built.bytes : null,
  }
}
