/** The import table of docs/ARCHITECTURE.md: what a room may import besides itself. Type imports count; tests may import anything. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  derive: ['model'],
  report: ['model'],
  detect: ['model', 'derive'],
  inventory: ['model', 'derive'],
  brand: ['model', 'derive'],
  judge: ['model', 'derive', 'detect', 'inventory', 'brand'],
  egress: ['model'],
  ledger: ['model'],
  archive: ['model'],
  capture: ['model', 'egress', 'archive', 'derive'],
  connect: ['model', 'egress'],
  crawl: ['model', 'ledger'],
  study: ['model', 'ledger'],
  app: ['model', 'egress', 'archive', 'capture', 'derive', 'detect', 'inventory', 'brand', 'judge', 'ledger', 'crawl', 'study', 'connect'],
  api: ['app', 'model'],
  cli: ['app', 'report', 'model', 'lab'],
  lab: ['model', 'archive'],
}

/** Rooms that judge or show: no I/O, no clock, no randomness. */
export const pureRooms: readonly string[] = ['derive', 'report', 'detect', 'inventory', 'brand']

/** What a pure room may have of Node: computation without a world. Of node:crypto digests only, see purity.ts. */
export const pureNodeModules: readonly string[] = [
  'node:assert',
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:punycode',
  'node:querystring',
  'node:string_decoder',
  'node:url',
  'node:util',
  'node:zlib',
]

/** Instead of each of these. */
export const advice: Readonly<Record<string, string>> = {
  model: 'The model knows nothing but itself: move what is needed into model, or the code out of it.',
  derive: 'A deriver is a function of octets: let judge or capture hand it what it needs.',
  report: 'A report turns a result into text: let cli fetch and pass the result, with everything to be shown in it.',
  detect: 'A detector sees what it asked for: declare the artifact or feature in its meta, and judge hands it over.',
  inventory: 'Inventory is a function of a capture and its features: let judge hand in the rest.',
  brand: 'Brand is a function of a capture and its features: let judge hand in the rest.',
  judge: 'Judging is replayable from a capture: let app hand in stores and signatures (the contracts are in model/store.ts).',
  egress: 'Egress is the way out and knows the model only: let capture or app configure it.',
  ledger: 'The ledger keeps what the model names: move shared types into model.',
  archive: 'Archive reads and writes formats: let capture or app decide what to do with them.',
  capture: 'Capture writes down and does not judge: hand signatures in, and let app connect it with judge and ledger.',
  connect: 'Connect speaks to outside services: let app pass results on.',
  crawl: 'The crawl is handed what to do with a page: let app pass capture and judge as functions.',
  study: 'A study asks the ledger: add the question there.',
  app: 'A use case wires stages: what it shows belongs to cli, report or api, and a lab is handed in.',
  api: 'A route calls a use case in app.',
  cli: 'A command calls a use case in app, or a function of report: add one there.',
  lab: 'The lab shares names and formats with the tool, never its code: a lab that used the detectors could not test them.',
}
