import { type Attack, page, script, text } from './attack.ts'

/** What uses up the machine: time, memory, threads, the graphics card. */
export const threadAttacks: readonly Attack[] = [
  { kind: 'endless loop in the main thread', name: 'hang', page: script('for (;;);') },
  { kind: 'endless loop in the main thread', name: 'hang-later', page: script('setTimeout(() => { for (;;); }, 300)') },
  {
    kind: 'endless loop in the main thread',
    name: 'hang-again',
    page: script('const busy = () => { setTimeout(busy); for (;;); }; setTimeout(busy, 300); setInterval(busy, 1)'),
  },
  {
    kind: 'endless loop in workers',
    name: 'loops',
    page: script('for (let i = 0; i < 8; i++) new Worker("data:text/javascript,for(;;);"); setTimeout(() => { for (;;); }, 200)'),
  },
  {
    kind: 'endless loop in workers',
    name: 'service',
    page: script(
      'const again = () => navigator.serviceWorker.register("/sw.js?" + Math.random()).then(again, again); again(); fetch("/service-fetch")',
    ),
    more: {
      '/sw.js': text('onfetch = (e) => { for (;;); }; oninstall = () => { skipWaiting(); for (;;); }', 'text/javascript'),
      '/service-fetch': text('r'),
    },
  },
  {
    kind: 'many workers',
    name: 'workers',
    page: script('for (let i = 0; i < 5000; i++) new Worker("data:text/javascript,setInterval(()=>0,10)//" + i)'),
  },
  {
    kind: 'many workers',
    name: 'blobs',
    page: script(
      'let i = 0; setInterval(() => { for (let n = 0; n < 50; n++) { const w = new Worker(URL.createObjectURL(new Blob(["setInterval(()=>0,1)//" + i++]))); setTimeout(() => w.terminate(), 1) } }, 1)',
    ),
  },
  {
    kind: 'much memory',
    name: 'memory',
    page: script('self.kept = []; for (let i = 0; i < 2048; i++) { const part = new Uint8Array(1 << 20); part.fill(1); kept.push(part) }'),
  },
  {
    kind: 'much memory',
    name: 'heap',
    page: script('self.kept = []; for (;;) kept.push(new Array(100000).fill({}).map(() => ({})))'),
  },
  {
    kind: 'crash of the tab',
    name: 'crash-page',
    crashes: 'page',
    page: script('setInterval(() => fetch("/crash-now/crash-page").catch(() => 0), 700)'),
  },
  {
    kind: 'crash of the GPU process',
    name: 'crash-gpu',
    crashes: 'gpu-process',
    page: page(
      '<canvas></canvas><script>const gl = document.querySelector("canvas").getContext("webgl"); document.querySelector("canvas").addEventListener("webglcontextlost", () => { document.title = "lost" }); const draw = () => { gl?.clear(gl.COLOR_BUFFER_BIT); requestAnimationFrame(draw) }; draw(); setTimeout(() => fetch("/crash-now/crash-gpu").catch(() => 0), 700)</script>',
    ),
  },
  {
    kind: 'crash of the GPU process',
    name: 'gpu-hang',
    page: page(`<canvas width=2000 height=2000></canvas><script>
const gl = document.querySelector('canvas').getContext('webgl2')
const part = (type, text) => { const shader = gl.createShader(type); gl.shaderSource(shader, '#version 300 es\\nprecision highp float;' + text); gl.compileShader(shader); gl.attachShader(program, shader) }
const program = gl.createProgram()
part(gl.VERTEX_SHADER, 'void main() { gl_Position = vec4(float(gl_VertexID & 1) * 4. - 1., float(gl_VertexID >> 1) * 4. - 1., 0, 1); }')
part(gl.FRAGMENT_SHADER, 'uniform float end; out vec4 c; void main() { float x = gl_FragCoord.x; for (float i = 0.; i < 1e9; i += end) x = sin(x) * 3. + cos(x); c = vec4(x); }')
gl.linkProgram(program); gl.useProgram(program); gl.uniform1f(gl.getUniformLocation(program, 'end'), 1e-3)
setInterval(() => { for (let i = 0; i < 20; i++) gl.drawArrays(gl.TRIANGLES, 0, 3); gl.flush() }, 10)
</script>`),
  },
  {
    kind: 'crash of the GPU process',
    name: 'webgpu-hang',
    page: script(`(async () => {
const adapter = await navigator.gpu?.requestAdapter(); const device = await adapter?.requestDevice(); if (!device) return
const module = device.createShaderModule({ code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { var x = id.x; for (var i = 0u; i < 4000000000u; i++) { x = x * 1664525u + 1013904223u + v[0]; } v[id.x % 64u] = x; }' })
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } })
const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE })
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] })
setInterval(() => { const encoder = device.createCommandEncoder(); const pass = encoder.beginComputePass(); pass.setPipeline(pipeline); pass.setBindGroup(0, group); pass.dispatchWorkgroups(65535); pass.end(); device.queue.submit([encoder.finish()]) }, 50)
})()`),
  },
  {
    kind: 'crash of the browser',
    name: 'crash-browser',
    crashes: 'browser',
    page: script('setInterval(() => fetch("/crash-now/crash-browser").catch(() => 0), 700)'),
  },
]
