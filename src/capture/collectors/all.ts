import type { ArtifactKind } from '#model/artifact.ts'
import type { CollectorFactory } from '../collector.ts'
import { consoleCollector } from './console.ts'
import { cookieCollector } from './cookie.ts'
import { cpuCollector } from './cpu.ts'
import { dialogCollector } from './dialog.ts'
import { domCollector } from './dom.ts'
import { frameCollector } from './frame.ts'
import { gpuCollector } from './gpu.ts'
import { hostCollector } from './host.ts'
import { patchCollector } from './patch.ts'
import { permissionCollector } from './permission.ts'
import { requestCollector } from './request.ts'
import { screenshotCollector } from './screenshot.ts'
import { scriptCollector } from './script.ts'
import { storageCollector } from './storage.ts'
import { transportCollector } from './transport.ts'
import { walletCollector } from './wallet.ts'
import { wasmCollector } from './wasm.ts'
import { websocketCollector } from './websocket.ts'
import { workerCollector } from './worker.ts'

/** By kind, in the order in which they finish: scripts take their octets and their initiators from requests. */
export const collectorFactories: { readonly [K in ArtifactKind]?: CollectorFactory<K> } = {
  request: requestCollector,
  script: scriptCollector,
  wasm: wasmCollector,
  websocket: websocketCollector,
  transport: transportCollector,
  worker: workerCollector,
  frame: frameCollector,
  dom: domCollector,
  storage: storageCollector,
  cookie: cookieCollector,
  dialog: dialogCollector,
  gpu: gpuCollector,
  permission: permissionCollector,
  // Before what notes replaced globals, which tells of the page's own only.
  wallet: walletCollector,
  patch: patchCollector,
  console: consoleCollector,
  host: hostCollector,
  cpu: cpuCollector,
  screenshot: screenshotCollector,
}
