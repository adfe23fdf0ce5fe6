export const deedKinds = [
  'loads-script',
  'asks-for',
  'opens-socket',
  'opens-connection',
  'starts-worker',
  'compiles-module',
  'shows-frame',
  'uses-processor',
  'asks-permission',
  'asks-wallet',
  'logs',
] as const

export type DeedKind = (typeof deedKinds)[number]

/** What a piece of code did while the page was looked at, as far as the engine named it as the one that did. */
export interface Deed {
  kind: DeedKind
  /** How often; for `uses-processor` the highest share of one core, in percent. */
  count: number
  /** Hosts, workers, permissions …: the first few, each once. */
  objects: string[]
}

/** Deeds by the artifact of a component. Code that is not in it did nothing that leaves a trace of its own. */
export type DeedsByArtifact = Readonly<Record<string, readonly Deed[]>>
