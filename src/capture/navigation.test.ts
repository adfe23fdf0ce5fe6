import assert from 'node:assert/strict'
import { test } from 'node:test'
import { navigationError } from './navigation.ts'

const cases: Record<string, { reason: string; url: string; code: string; message: RegExp; hint?: RegExp }> = {
  'a port that browsers do not open': {
    reason: 'net::ERR_UNSAFE_PORT',
    url: 'http://shop.lab:6000/',
    code: 'ADDRESS_REFUSED',
    message: /port 6000/,
    hint: /Visitors cannot reach/,
  },
  'a certificate that is not trusted': {
    reason: 'net::ERR_CERT_AUTHORITY_INVALID',
    url: 'https://shop.lab/',
    code: 'TLS_FAILED',
    message: /CERT/,
  },
  'a handshake that fails': { reason: 'net::ERR_SSL_PROTOCOL_ERROR', url: 'https://shop.lab/', code: 'TLS_FAILED', message: /SSL/ },
}
for (const [title, { reason, url, code, message, hint }] of Object.entries(cases)) {
  test(title, () => {
    const error = navigationError(reason, url, [], undefined)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    if (hint) assert.match(error.hint ?? '', hint)
    else assert.equal(error.hint, undefined)
  })
}
