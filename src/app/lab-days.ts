import { join } from 'node:path'
import { loadNameMap } from '#egress/name-map.ts'

export interface SimulatedTime {
  startsAt: Date
  /** Where the lab is told which day to show. */
  turn: string
  /** How long the lab goes on, milliseconds. */
  lastsMs: number
}

/** The days of a lab that can be turned; null where it is none. Throws `BAD_INPUT_FILE`. */
export async function daysOfLab(lab: string): Promise<SimulatedTime | null> {
  const { world } = await loadNameMap(join(lab, 'names.json'))
  return world === undefined ? null : { startsAt: new Date(world.startsAt), turn: world.turn, lastsMs: world.everyMs * world.weeks }
}
