import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linksInScope, mostDifferent } from './links.ts'

const home = 'https://www.shop.test/'

describe('links within a scope', () => {
  const links = [
    'https://www.shop.test/a#top',
    'https://www.shop.test/a',
    'https://blog.shop.test/',
    'https://www.shop.test/logo.png',
    'https://www.shop.test/#here',
    'https://other.test/',
    'ftp://www.shop.test/x',
    'https://me:secret@www.shop.test/y',
    'http://www.shop.test:8080/',
    'not a link',
  ]
  it('of a page there are none', () => assert.deepEqual(linksInScope({ url: home, scope: 'page' }, links), []))
  it('of a host: same name and port, each once, no files', () =>
    assert.deepEqual(linksInScope({ url: home, scope: 'host' }, links), ['https://www.shop.test/a']))
  it('of a domain: its other hosts too', () =>
    assert.deepEqual(linksInScope({ url: home, scope: 'domain' }, links), [
      'https://www.shop.test/a',
      'https://blog.shop.test/',
      'http://www.shop.test:8080/',
    ]))
  it('a neighbour on a shared suffix is another site', () =>
    assert.deepEqual(linksInScope({ url: 'https://a.github.io/', scope: 'domain' }, ['https://b.github.io/', 'https://a.github.io/x']), [
      'https://a.github.io/x',
    ]))
})

describe('the most different pages', () => {
  it('a thousand articles are one kind of page', () => {
    const articles = Array.from({ length: 1000 }, (_, index) => `${home}news/2026/${index}`)
    assert.deepEqual(
      mostDifferent(home, [...articles, `${home}account/login`, `${home}search?q=x&page=2`], 3)
        .map((url) => url.replace(/\d+$/, '#'))
        .sort(),
      [`${home}account/login`, `${home}news/2026/#`, `${home}search?q=x&page=#`],
    )
  })
  it('ties go to what stands first on the page, and the choice is the same each time', () => {
    const links = ['x', 'y', 'z'].map((name) => `${home}${name}`)
    assert.deepEqual(mostDifferent(home, links, 1), [`${home}x`])
    assert.deepEqual(mostDifferent(home, links, 2), mostDifferent(home, links, 2))
  })
  it('fewer links than asked for are all', () => assert.deepEqual(mostDifferent(home, [`${home}x`], 5), [`${home}x`]))
})
