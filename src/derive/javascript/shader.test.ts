import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shaderLiteral } from '#lab/client/gpu.ts'
import { gpuCore } from '#lab/cores/wgsl.ts'
import { Random } from '#lab/random.ts'
import { javascriptDeriver } from './deriver.ts'

/** However a script holds its shader, it is handed on as one: a visit without a GPU sees no other trace of it. */
for (let seed = 0; seed < 12; seed++) {
  const random = new Random(`shader/${seed}`)
  const { text } = gpuCore('sha256', random.fork('core'))
  const literal = shaderLiteral(text, random.fork('literal'))
  test(`the shader in ${literal.slice(0, 14)}… (seed ${seed}) is found`, () => {
    const script = `(function(){if(!navigator.gpu){return;}navigator.gpu.requestAdapter().then(function(a){return a.requestDevice();}).then(function(d){var t=${literal},m=d.createShaderModule({code:t});});})();`
    const { inner } = javascriptDeriver.derive(Buffer.from(script), { literals: [], elements: [], version: 'test' })
    const shaders = inner.filter(({ kind }) => kind === 'wgsl').map(({ bytes }) => Buffer.from(bytes).toString())
    // Lines may be joined by what did not part them.
    const plain = (shader: string): string => shader.replace(/\s+/g, ' ')
    assert.ok(shaders.some((shader) => plain(shader) === plain(text)))
  })
}

test('a worker that holds a shader stays a script', () => {
  const worker = `self.onmessage=function(e){var d=e.data;navigator.gpu.requestAdapter().then(function(a){return a.requestDevice();}).then(function(g){g.createShaderModule({code:"var<private> a: u32; @compute @workgroup_size(64) fn main() { a = 1u; }"});});};`
  const script = `new Worker(URL.createObjectURL(new Blob([${JSON.stringify(worker)}])))`
  const { inner } = javascriptDeriver.derive(Buffer.from(script), { literals: [], elements: [], version: 'test' })
  assert.deepEqual(
    inner.map(({ kind, bytes }) => [kind, Buffer.from(bytes).toString()]),
    [['javascript', worker]],
  )
})
