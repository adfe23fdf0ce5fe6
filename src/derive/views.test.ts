import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aboutDialog } from './dialog.ts'
import { pageReached, type ReachedInput } from './page-reached.ts'
import { sameSite, siteName } from './party.ts'

const subjects: Record<string, [string, string[], string]> = {
  'May this site use your computer’s power?': [
    'Would you like to support us by letting this site use some of your CPU power?',
    ['Allow', 'Cancel'],
    'mining',
  ],
  'ads or mining': ['Choose: ads or mining', ['Ads', 'Mining'], 'mining'],
  'a button that names it': ['', ['Start mining'], 'mining'],
  'AuthedMine’s words': [
    'This site would like to use your computing power to solve hashes for Monero. You can cancel any time.',
    ['Allow for this session', 'Cancel'],
    'mining',
  ],
  German: ['Dürfen wir Ihre Rechenleistung nutzen?', ['Ja', 'Nein'], 'mining'],
  Chinese: ['允许本站使用您的电脑挖矿？', ['允许'], 'mining'],
  'a cookie banner': ['We use cookies to personalise content and ads.', ['Accept all', 'Reject'], 'cookies'],
  'privacy settings': ['We value your privacy. Our partners process data with your consent.', ['Agree'], 'cookies'],
  'a newsletter': ['Subscribe to our newsletter', ['OK'], 'unknown'],
  'a mining company’s newsletter': ['News of copper mining and gold mines', ['Subscribe'], 'unknown'],
  'an age gate': ['Are you over 18?', ['Yes', 'No'], 'unknown'],
}
for (const [name, [text, choices, subject]] of Object.entries(subjects))
  test(`dialog: ${name}`, () => assert.equal(aboutDialog(text, choices), subject))

const long = 'word '.repeat(400)
const pages: Record<string, [Partial<ReachedInput>, string]> = {
  'a shop': [{ title: 'Shop', text: long }, 'content'],
  'a page with a login box': [{ title: 'Forum', text: long, html: '<input type="password">' }, 'content'],
  'an article about Cloudflare': [
    { title: 'How "Just a moment" pages work', text: `${long} checking your browser before accessing` },
    'content',
  ],
  'a Cloudflare challenge': [{ httpStatus: 403, title: 'Just a moment...', text: 'Verifying you are human.' }, 'gate'],
  Anubis: [
    { title: 'Making sure you’re not a bot!', text: 'Loading', html: '<script id="anubis_challenge" type="application/json">{}</script>' },
    'gate',
  ],
  'a refusal': [{ httpStatus: 403, title: 'Access Denied', text: 'You have been blocked.' }, 'gate'],
  'too many requests': [{ httpStatus: 429, text: 'slow down' }, 'gate'],
  'a login page': [
    { finalUrl: 'https://site.example/login?next=/', title: 'Log in', text: 'Name Password', html: '<form><input type="password"></form>' },
    'login',
  ],
  'HTTP authentication': [{ httpStatus: 401, text: 'Unauthorized' }, 'login'],
  'not found': [{ httpStatus: 404, title: 'Not found', text: 'nothing here' }, 'error'],
  'a server error': [{ httpStatus: 502, text: 'Bad gateway' }, 'error'],
  'no answer': [{ httpStatus: null, text: '', html: '' }, 'error'],
  'the browser’s error': [{ httpStatus: null, error: 'net::ERR_NAME_NOT_RESOLVED' }, 'error'],
  'parked by words': [{ title: 'site.example', text: 'This domain is for sale. Buy this domain.' }, 'parked'],
  'parked by its host': [{ text: 'Related links', hosts: ['www.sedoparking.com'] }, 'parked'],
  'an article about domain parking': [{ title: 'Parking', text: `${long} this domain is for sale` }, 'content'],
  'a consent page of another host': [
    { finalUrl: 'https://consent.youtube.com/m?continue=x', title: 'Before you continue', text: 'Accept all' },
    'consent-wall',
  ],
}
for (const [name, [input, page]] of Object.entries(pages)) {
  test(`reached: ${name}`, () => {
    const reached = pageReached({ url: 'https://site.example/', httpStatus: 200, ...input })
    assert.equal(reached.page, page)
    assert.equal(reached.reasons.length > 0, page !== 'content')
  })
}

test('sites are registrable domains, private suffixes included', () => {
  assert.equal(siteName('https://www.shop.co.uk/'), 'shop.co.uk')
  assert.equal(siteName('https://user.github.io/x'), 'user.github.io')
  assert.equal(siteName('http://192.0.2.1/'), '192.0.2.1')
  assert.ok(sameSite('https://static.shop.example/a.js', 'https://shop.example/'))
  assert.ok(!sameSite('https://a.github.io/', 'https://b.github.io/'))
  assert.ok(sameSite('blob:https://shop.example/1234', 'https://shop.example/'))
  assert.ok(sameSite('data:text/javascript,1', 'https://shop.example/'))
})
