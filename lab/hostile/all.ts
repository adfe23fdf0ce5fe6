import { answerAttacks } from './answers.ts'
import type { Attack } from './attack.ts'
import { browserAttacks } from './browser.ts'
import { documentAttacks } from './documents.ts'
import { floodAttacks } from './floods.ts'
import { threadAttacks } from './threads.ts'

export const attacks: readonly Attack[] = [...threadAttacks, ...floodAttacks, ...documentAttacks, ...answerAttacks, ...browserAttacks]
