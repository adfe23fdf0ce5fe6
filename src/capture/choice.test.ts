import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { choiceFor } from './choice.ts'

describe('which choice of a dialog says yes, and which says no', () => {
  const cases: Record<string, [choices: string[], accept: number, reject: number]> = {
    AuthedMine: [['Allow for this session', 'Cancel'], 0, 1],
    'a cookie banner': [['Manage settings', 'Accept all', 'Reject all'], 1, 2],
    German: [['Einstellungen', 'Alle akzeptieren', 'Nur notwendige Cookies'], 1, 2],
    French: [['Tout refuser', 'Tout accepter'], 1, 0],
    'ads or mining': [['Start mining', 'I prefer ads'], 0, 1],
    'a cross as the way out': [['OK', '×'], 0, 1],
    'a captcha that names what it does': [['Verify me'], 0, -1],
    'one choice in words of its own': [['Let the hashing begin'], 0, -1],
    'choices that say neither': [['Red', 'Blue'], -1, -1],
    'a refusal that begins like consent': [['Continue without accepting', 'Agree and close'], 1, 0],
    'Don’t allow': [['Don’t allow', 'Allow'], 1, 0],
  }
  for (const [name, [choices, accept, reject]] of Object.entries(cases)) {
    it(name, () => assert.deepEqual({ accept: choiceFor(choices, 'accept'), reject: choiceFor(choices, 'reject') }, { accept, reject }))
  }
})
