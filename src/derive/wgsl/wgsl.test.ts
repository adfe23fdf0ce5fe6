import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuCore } from '#lab/cores/wgsl.ts'
import { Random } from '#lab/random.ts'
import { wgslDeriver } from './deriver.ts'
import type { WgslFeatures } from './features.ts'

function derive(source: string): WgslFeatures {
  return wgslDeriver.derive(Buffer.from(source), { literals: [], elements: [], version: 'test' }).features
}

for (let seed = 0; seed < 20; seed++) {
  test(`a shader that hashes headers, worded by seed ${seed}, searches nonces with SHA-256`, () => {
    const { text, entryPoint } = gpuCore('sha256', new Random(`wgsl/${seed}`))
    const features = derive(text)
    assert.deepEqual(
      features.entryPoints.map(({ name, stage }) => [name, stage]),
      [[entryPoint, 'compute']],
    )
    assert.ok(features.cores.some(({ family }) => family === 'sha256'))
    assert.notEqual(features.nonceLoop, null)
  })
  test(`a shader of no known hash, worded by seed ${seed}, has a search and no known core`, () => {
    const features = derive(gpuCore('unknown-core', new Random(`wgsl/${seed}`)).text)
    assert.deepEqual(features.cores, [])
    assert.notEqual(features.nonceLoop, null)
  })
}

const head = `@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
fn mix(a: u32) -> u32 { return (a << 7u) | (a >> 25u); }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {`

const searches = {
  'the counter in a local, the digest in another': `${head} let at = id.x + input[0]; let sum = mix(at); if (sum <= input[1]) { output[0] = at; } }`,
  'the search in a function that the entry point calls': `@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn mix(a: u32) -> u32 { return a * 747796405u; }
fn try_one(n: u32) { var d = mix(n); if (d < 4096u) { out[1] = n; } }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { let k = id.x; try_one(k); }`,
  'an atomic minimum': `@group(0) @binding(1) var<storage, read_write> best: atomic<u32>;
fn mix(a: u32) -> u32 { return a * 747796405u; }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { let n = id.x * 4u; let d = mix(n); if (d == 0u) { atomicMin(&best, n); } }`,
}
for (const [name, source] of Object.entries(searches))
  test(`a search: ${name}`, () => {
    assert.notEqual(derive(source).nonceLoop, null)
  })

const others = {
  'the guard of an array’s end': `${head} if (id.x < input[0]) { output[id.x] = mix(input[id.x]); } }`,
  'the guard of an array’s end, with the place written': `${head} let at = id.x; if (at < input[0]) { output[at] = at; } }`,
  'a rectifier': `${head} var sum = 0u; for (var k = 0u; k < 64u; k++) { sum = sum + input[k] * input[id.x * 64u + k]; } if (sum > 255u) { sum = 255u; } output[id.x] = sum; }`,
  'a hash of every row of a table': `${head} let digest = mix(input[id.x]); if (digest > 5u) { output[id.x] = digest; } }`,
  'words of mining in a comment': `// nonce below the target, difficulty 5\n${head} output[id.x] = mix(id.x); }`,
  'a fragment shader': '@fragment fn main() -> @location(0) vec4<f32> { return vec4<f32>(1.0); }',
}
for (const [name, source] of Object.entries(others))
  test(`no search: ${name}`, () => {
    assert.equal(derive(source).nonceLoop, null)
  })

test('a source without end is read in bounded time', () => {
  const started = performance.now()
  derive(`@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {${'if (a < b) {'.repeat(50_000)}`)
  derive(`var<storage, read_write> o: array<u32>;@compute ${'fn f(x: u32) { let y = x; f(y); }'.repeat(20_000)}`)
  derive(`@compute fn main(${'0xffffffff'.repeat(8_000)}) {} fn other() { main(id.x); }`)
  assert.ok(performance.now() - started < 5_000)
})
