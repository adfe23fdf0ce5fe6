import assert from 'node:assert/strict'
import { test } from 'node:test'
import { triage } from './triage.ts'

const look = (script: string) => triage(Buffer.from(script), [], 'none')

/** Longer than any share of marks by length would reach. */
const text = Array.from({ length: 3_000 }, (_, at) => `line ${at} of what is packed;`).join('\n')
const base64 = Buffer.from(text).toString('base64')

const packers: Record<string, string> = {
  'eval of base64': `eval(atob("${base64}"))`,
  'a function of base64, in parts': `[]["filter"]["constructor"](decodeURIComponent(escape(window["at"+"ob"]("${base64}"))))()`,
  'character codes': `eval(String.fromCharCode(${[...text].map((sign) => sign.charCodeAt(0)).join(',')}))`,
  'a cipher': `!function(t,k){var d=atob(t),r="";for(var y=0;y<d.length;y++)r+=String.fromCharCode(d.charCodeAt(y)^k);Function(r)()}("${base64}",7)`,
  'a script from a blob': `var s=document.createElement("script");s.src=URL.createObjectURL(new Blob([atob("${base64}")]));document.head.appendChild(s)`,
  'percent signs': `document.write(unescape("${Buffer.from(text).toString('hex').replaceAll(/../g, '%$&')}"))`,
}
for (const [name, script] of Object.entries(packers))
  test(`hides its text, however long: ${name}`, () => {
    const { suspect, hides } = look(script)
    assert.deepEqual({ suspect, hides }, { suspect: true, hides: true })
  })

test('a large script of plain code with a picture in it is nothing to unpack', () => {
  const code = 'function draw(a, b) { return a.width > b.width ? a : b }\n'.repeat(2_000)
  assert.equal(
    look(`${code}var icon = "data:image/png;base64,${base64.slice(0, 2_000)}"; var t = new Function("return this")`).hides,
    false,
  )
})
test('what decodes and runs nothing is not gone through', () =>
  assert.equal(look(`${'function f(a) { return a + 1 }\n'.repeat(500)}var font = "${base64}"`).suspect, false))
