import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { Random } from '../random.ts'
import { ScriptStyle, type StringStyle, quoteSingle } from './script.ts'

const template = `
function $add($list,$text){
  $list.push($text);
  return {'kind':'list','length of it':$list.length,$own:'it\\'s'};
}
var $made=$add(['first'],'zwei ü €');
$result($made['kind'],$made['length of it'],$made.$own,$made.$own ? 'yes' : 'no','${'x'.repeat(30)}');`

const styles: StringStyle[] = ['plain', 'double', 'split', 'escaped', 'base64', 'codes', 'table']
for (const strings of styles) {
  for (const minified of [true, false]) {
    test(`a template means the same with ${strings} strings, ${minified ? 'minified' : 'as written'}`, () => {
      for (let seed = 0; seed < 10; seed++) {
        const style = new ScriptStyle(new Random(seed), { strings, minified })
        const text = style.render(template, { isolate: seed % 2 === 0 })
        const heard: unknown[] = []
        vm.runInNewContext(text, { atob, [style.name('result')]: (...values: unknown[]) => heard.push(...values) })
        assert.deepEqual(heard, ['list', 2, "it's", 'yes', 'x'.repeat(30)])
        assert.doesNotMatch(text, /\$(add|list|text|made|own|result)\b/)
      }
    })
  }
}

test('two scripts of one style agree on names; another seed has others', () => {
  const style = new ScriptStyle(new Random(1))
  assert.equal(style.name('take'), style.name('take'))
  assert.notEqual(style.name('take'), style.name('give'))
  assert.notEqual(
    new ScriptStyle(new Random(2), { names: 'hex' }).name('take'),
    new ScriptStyle(new Random(3), { names: 'hex' }).name('take'),
  )
})

test('a quoted literal survives what markup and scripts could do to it', () => {
  for (const text of ["it's", 'a\nb', '</script>', '\\', 'é\u2028']) {
    const rendered = new ScriptStyle(new Random(1), { strings: 'plain' }).render(`r(${quoteSingle(text)});`)
    let heard: unknown
    vm.runInNewContext(rendered, { r: (value: unknown) => (heard = value) })
    assert.equal(heard, text)
    assert.doesNotMatch(rendered, /<\/script/)
  }
})
