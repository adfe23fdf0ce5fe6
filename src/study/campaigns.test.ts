import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { campaignsOf, type Payment } from './campaigns.ts'

const pay = (site: string, account: string, at = '2026-01-05'): Payment => ({ site, account, services: ['coinhive'], at })
const sites = (payments: Payment[]) => campaignsOf(payments).map((campaign) => campaign.sites)

const cases: Record<string, [Payment[], string[][]]> = {
  'nobody is paid': [[], []],
  'one site alone is no campaign': [[pay('a.test', 'x'), pay('a.test', 'y')], []],
  'two sites that pay one account': [[pay('b.test', 'x'), pay('a.test', 'x')], [['a.test', 'b.test']]],
  'a chain over two accounts is one campaign': [
    [pay('a.test', 'x'), pay('b.test', 'x'), pay('b.test', 'y'), pay('c.test', 'y')],
    [['a.test', 'b.test', 'c.test']],
  ],
  'two campaigns, the larger first': [
    [pay('a.test', 'x'), pay('b.test', 'x'), pay('c.test', 'y'), pay('d.test', 'y'), pay('e.test', 'y')],
    [
      ['c.test', 'd.test', 'e.test'],
      ['a.test', 'b.test'],
    ],
  ],
  'an account that is called like a site is none': [[pay('a.test', 'b.test'), pay('b.test', 'z')], []],
}
for (const [name, [payments, expected]] of Object.entries(cases)) test(name, () => assert.deepEqual(sites(payments), expected))

test('its name, accounts and dates', () => {
  assert.deepEqual(campaignsOf([pay('a.test', 'y', '2026-01-12'), pay('b.test', 'y', '2026-01-05'), pay('b.test', 'x', '2026-01-19')]), [
    { id: 'x', accounts: ['x', 'y'], services: ['coinhive'], sites: ['a.test', 'b.test'], firstSeen: '2026-01-05', lastSeen: '2026-01-19' },
  ])
})

test('the order of the rows does not matter, and no site is in two campaigns', () => {
  const payment = fc
    .record({ site: fc.nat(15).map((n) => `${n}.test`), account: fc.nat(15).map((n) => `w${n}`) })
    .map(({ site, account }) => pay(site, account))
  fc.assert(
    fc.property(fc.array(payment, { maxLength: 60 }), (payments) => {
      const found = campaignsOf(payments)
      assert.deepEqual(campaignsOf(payments.toReversed()), found)
      const all = found.flatMap((campaign) => campaign.sites)
      assert.equal(new Set(all).size, all.length)
      for (const { site, account } of payments) {
        for (const other of payments) {
          if (other.account !== account || other.site === site) continue
          assert.ok(found.some((campaign) => campaign.sites.includes(site) && campaign.sites.includes(other.site)))
        }
      }
    }),
  )
})
