import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse } from 'parse5'
import { answerLine } from './answer-line.ts'
import { htmlReport } from './html.ts'
import { sarif } from './sarif.ts'
import { terminalAnswer } from './terminal.ts'
import { observationWith, reportedPageWith } from '../../test/observation.ts'

const attacks: Record<string, string> = {
  'markup that runs': '<script>alert(1)</script><img src=x onerror=alert(1)>',
  'the end of an attribute': '"\' onmouseover=alert(1) x="',
  'the end of the style sheet': '</style><script>1</script>',
  'an image in a data URI': '"><svg onload=alert(1)>',
  'terminal escapes': '\u001b]0;owned\u0007\u001b[2J\u001b[31mred',
  'C1 controls': '\u009b31m',
  'reordered text': 'safe\u202egnp.exe',
  'new lines that forge a section': 'x\n  NO MINER FOUND',
  'a lone surrogate': 'a\ud800b',
}

const html = (hostile: string): string =>
  htmlReport([reportedPageWith(hostile, { bytes: new Uint8Array([1]), mimeType: 'image/png' })], '1')

interface Node {
  nodeName: string
  attrs?: { name: string; value: string }[]
  childNodes?: Node[]
  parentNode?: Node
}

function* elements(node: Node): Generator<Node> {
  yield node
  for (const child of node.childNodes ?? []) yield* elements(child)
}

function assertInert(page: string): void {
  for (const node of elements(parse(page) as unknown as Node)) {
    assert.notEqual(node.nodeName, 'script')
    assert.notEqual(node.nodeName, 'iframe')
    for (const { name, value } of node.attrs ?? []) {
      assert.ok(!name.startsWith('on'), `${node.nodeName} ${name}`)
      if (name === 'src') assert.match(value, /^data:image\//)
      if (name === 'href') assert.match(value, /^#/)
    }
  }
}

describe('a page cannot attack whoever reads its report', () => {
  for (const [name, hostile] of Object.entries(attacks)) {
    it(`HTML holds ${name} as text`, () => assertInert(html(hostile)))
    it(`a line of JSON holds ${name} as text, and the same value`, () => {
      const { observation } = observationWith(hostile)
      const line = answerLine(observation, hostile)
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
      assert.equal((JSON.parse(line) as { file: string }).file, hostile)
    })
    it(`SARIF holds ${name} as text, and the same value`, () => {
      const text = sarif([observationWith(hostile).observation], '1')
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
      const log = JSON.parse(text) as { runs: { results: { properties: { account: string } }[] }[] }
      assert.equal(log.runs[0]?.results[0]?.properties.account, hostile)
    })
    it(`the terminal shows ${name} as text`, () => {
      const shown = terminalAnswer(observationWith(hostile).observation, { colour: false })
      assert.doesNotMatch(shown, /[^\P{C}\n\u00ad\u200d]/u)
      assert.equal(shown.split('\n').length, terminalAnswer(observationWith('plain').observation, { colour: false }).split('\n').length)
    })
  }
  it('HTML of any text keeps the shape of HTML of plain text', () => {
    const shape = (page: string): number => [...elements(parse(page) as unknown as Node)].filter((node) => node.nodeName !== '#text').length
    const plain = shape(html('plain'))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (text.trim() === '') return
        const page = html(text)
        assertInert(page)
        assert.equal(shape(page), plain)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the HTML report', () => {
  it('shows a screenshot whole', () => {
    const bytes = new Uint8Array(50_000).fill(7)
    const page = htmlReport([reportedPageWith('plain', { bytes, mimeType: 'image/webp' })], '1')
    const shown = /src="data:image\/webp;base64,([^"]*)"/.exec(page)?.[1]
    assert.deepEqual(new Uint8Array(Buffer.from(shown ?? '', 'base64')), bytes)
  })
})

describe('machine-readable answers', () => {
  it('a JSON answer is one line', () => {
    for (const hostile of Object.values(attacks)) assert.equal(answerLine(observationWith(hostile).observation).split('\n').length, 2)
  })
  it('SARIF names rule, place and evidence of every finding', () => {
    const log = JSON.parse(sarif([observationWith('plain').observation], '1.0.0')) as {
      version: string
      runs: {
        results: { ruleId: string; ruleIndex: number; level: string; relatedLocations: unknown[] }[]
        tool: { driver: { rules: { id: string }[] } }
      }[]
    }
    const [run] = log.runs
    assert.equal(log.version, '2.1.0')
    assert.equal(run?.results.length, 1)
    assert.equal(run?.tool.driver.rules[run.results[0]?.ruleIndex ?? -1]?.id, run?.results[0]?.ruleId)
    assert.equal(run?.results[0]?.level, 'error')
    assert.equal(run?.results[0]?.relatedLocations.length, 1)
  })
})

describe('the terminal', () => {
  it('says status, account, chain, evidence, advice and blindness in words', () => {
    const shown = terminalAnswer(observationWith('plain').observation, { colour: false, keptIn: 'out' })
    for (const part of ['MINING', 'Who is paid', 'How it got there', 'How we know', 'What to do', 'What was not seen', 'Evidence: sha256:'])
      assert.ok(shown.includes(part), part)
  })
  it('uses colour only where it was asked to', () => {
    assert.ok(!terminalAnswer(observationWith('plain').observation, { colour: false }).includes('\u001b'))
    assert.ok(terminalAnswer(observationWith('plain').observation, { colour: true }).includes('\u001b'))
  })
})
