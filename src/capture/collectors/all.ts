import type { ArtifactKind } from '#model/artifact.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { consoleCollector } from './console.ts'
import { cookieCollector } from './cookie.ts'
import { cpuCollector } from './cpu.ts'
import { dialogCollector } from './dialog.ts'
import { domCollector } from './dom.ts'
import { frameCollector } from './frame.ts'
import { hostCollector } from './host.ts'
import { requestCollector } from './request.ts'
import { screenshotCollector } from './screenshot.ts'
import { scriptCollector } from './script.ts'
import { storageCollector } from './storage.ts'
import { wasmCollector } from './wasm.ts'
import { websocketCollector } from './websocket.ts'
import { workerCollector } from './worker.ts'

/** In the order in which they finish: scripts take their octets and their initiators from requests. */
export const collectorFactories: readonly ((context: VisitContext) => Collector<ArtifactKind>)[] = [
  requestCollector,
  scriptCollector,
  wasmCollector,
  websocketCollector,
  workerCollector,
  frameCollector,
  domCollector,
  storageCollector,
  cookieCollector,
  dialogCollector,
  consoleCollector,
  hostCollector,
  cpuCollector,
  screenshotCollector,
]
