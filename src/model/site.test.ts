import assert from 'node:assert/strict'
import { test } from 'node:test'
import { siteOf } from './site.ts'

const cases: Record<string, [string, string]> = {
  'a host below a registrable domain': ['https://www.shop.example.co.uk/a', 'example.co.uk'],
  'two users of one hoster are two sites': ['https://alice.github.io/', 'alice.github.io'],
  'a public suffix by itself is its host': ['https://github.io/', 'github.io:443'],
  'an address goes with its port': ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
  'an IPv6 address': ['https://[2001:db8::1]/', '[2001:db8::1]:443'],
  'a name without dots': ['http://localhost/', 'localhost:80'],
  'a name under a suffix that no list knows': ['https://www.shop.lab/', 'shop.lab'],
  'an internationalised name is its ASCII form': ['https://www.bücher.de/', 'xn--bcher-kva.de'],
}

for (const [name, [url, site]] of Object.entries(cases)) test(name, () => assert.equal(siteOf(url), site))
