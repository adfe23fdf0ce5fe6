import { type Lab, type World, serveWorld } from './lab.ts'
import type { LabSite } from './site/site.ts'
import { benchWorld } from './worlds/bench.ts'
import { demoWorld } from './worlds/demo.ts'
import { hostileWorld } from './worlds/hostile.ts'
import { probeWorld } from './worlds/probe.ts'
import { tableWorld } from './worlds/table.ts'

/** `all` is the table with the probe; `miners`, `ordinary` and `faults` are parts of the table. */
export type SiteSelection = 'all' | 'table' | 'miners' | 'ordinary' | 'faults' | 'demo' | 'probe' | 'bench' | 'hostile' | readonly LabSite[]

export const siteSelections = ['all', 'table', 'miners', 'ordinary', 'faults', 'demo', 'probe', 'bench', 'hostile'] as const

export interface StartLabOptions {
  /** `names.json` and `truth.json` are written here. */
  dir: string
  seed: number
  sites?: SiteSelection
  /** From 1. */
  week?: number
  maxLogged?: number
}

/** Generates the sites and serves them on loopback until it is closed. */
export function startLab(o: StartLabOptions): Promise<Lab> {
  return serveWorld({ ...o, world: worldOf(o.sites ?? 'all', o.seed) })
}

export function worldOf(selection: SiteSelection, seed: number): World {
  switch (selection) {
    case 'all': {
      const [table, probe] = [tableWorld(seed), probeWorld(seed)]
      return { ...table, sites: [...table.sites, ...probe.sites] }
    }
    case 'table':
      return tableWorld(seed)
    case 'miners':
    case 'ordinary':
    case 'faults':
      return tableWorld(seed, { parts: [selection] })
    case 'demo':
      return demoWorld(seed)
    case 'probe':
      return probeWorld(seed)
    case 'bench':
      return benchWorld(seed)
    case 'hostile':
      return hostileWorld(seed)
    default:
      return { seed, weeks: 1, sites: [...selection] }
  }
}
