import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseNeverList } from './never-list.ts'

const list = parseNeverList(
  '\ufeff# those who asked\nexample.com\n*.wild.test # with all below\nhttps://one.test/page\n10.0.0.0/8\n2001:db8::/32\n192.0.2.7\nMÜNCHEN.test\n',
  'never.txt',
)

describe('whom an operator never visits', () => {
  const cases: Record<string, boolean> = {
    'example.com': true,
    'www.EXAMPLE.com.': true,
    'notexample.com': false,
    'example.com.evil.test': false,
    'a.b.wild.test': true,
    'one.test': true,
    'xn--mnchen-3ya.test': true,
    '10.9.8.7': true,
    '11.0.0.1': false,
    '[2001:db8::5]': true,
    '192.0.2.7': true,
    '192.0.2.8': false,
  }
  for (const [host, isListed] of Object.entries(cases))
    it(`${host} is ${isListed ? '' : 'not '}on the list`, () => assert.equal(list.refusal(host) !== null, isListed))
  it('says as what', () => assert.equal(list.refusal('shop.example.com'), 'shop.example.com is on the never-list (as example.com)'))
  for (const entry of ['nodot', '10.0.0.0/33', 'a.test/page', '999.1.1.1.1/8', 'spaces in it.test'])
    it(`"${entry}" is refused with its line`, () =>
      assert.throws(() => parseNeverList(`a.test\n${entry}`, 'never.txt'), { code: 'BAD_INPUT_FILE', message: /never\.txt, line 2/ }))
})
