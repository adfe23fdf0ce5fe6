import { emulationPart } from './emulation.ts'
import { quietConsolePart } from './page/quiet-console.ts'
import { slowedPart } from './slowed.ts'
import { visitorPart } from './visitor.ts'
import type { VisitContext, VisitPart } from './collector.ts'

/** What takes part in a visit and yields no artifact of its own. In the order in which they see a new target. */
export const partFactories: readonly ((context: VisitContext) => VisitPart)[] = [emulationPart, quietConsolePart, visitorPart, slowedPart]
