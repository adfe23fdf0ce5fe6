import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { server } from './options.ts'

describe('a DNS server is an address, with a port where it is not 53', () => {
  for (const address of ['192.0.2.53', '127.0.0.1:5353', '2001:db8::53', '[2001:db8::53]', '[2001:db8::53]:5353'])
    test(address, () => assert.deepEqual(server(address, ['192.0.2.1']), ['192.0.2.1', address]))
  for (const text of [
    '',
    'dns.example',
    '192.0.2.53:0',
    '192.0.2.53:70000',
    '192.0.2.300',
    '192.0.2.53:',
    '[192.0.2.53',
    'udp://192.0.2.53',
  ])
    test(`"${text}" is none`, () => assert.throws(() => server(text), InvalidArgumentError))
})
