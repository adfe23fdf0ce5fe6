import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { homesFolder } from './home.ts'

const cases: Record<string, [folder: string, expected: string]> = {
  'the usual one': ['/tmp', '/tmp'],
  "a user's own": ['/run/user/1000/tmp', '/run/user/1000/tmp'],
  'one in which a socket of the browser would have too long a name': ['/scratch/projects/a-long-name/users/somebody/tmp', '/tmp'],
  'one whose name is short in letters and long in octets': [`/${'é'.repeat(20)}`, '/tmp'],
}
describe('the folder for homes of browsers', () => {
  for (const [name, [folder, expected]] of Object.entries(cases)) it(name, () => assert.equal(homesFolder(folder), expected))
})
