import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { artifacts, type Capture } from '#model/capture.ts'
import { seedOf } from '#model/seed.ts'
import { openWorld, page, type World } from './testing/world.ts'
import type { VisitOptions } from './visit-options.ts'

/** Doubles numbers on the GPU, 40 times; runs in a page and in workers. */
const work = (mark: string): string => `
navigator.gpu.requestAdapter().then((adapter) => adapter.requestDevice()).then(async (device) => {
  const module = device.createShaderModule({ label: '${mark}', code: '@group(0) @binding(0) var<storage, read_write> x: array<u32>; @compute @workgroup_size(4) fn double(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] = x[id.x] * 2u; } // ${mark}' })
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'double' } })
  const buffer = device.createBuffer({ size: 16, usage: 128 })
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] })
  for (let i = 0; i < 40; i++) {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(1)
    pass.end()
    device.queue.submit([encoder.finish()])
  }
  await device.queue.onSubmittedWorkDone()
})`

const places: Record<string, string> = {
  page: `<script>${work('page')}</script>`,
  'worker by URL': `<script>new Worker('/work.js')</script>`,
  'module worker': `<script>new Worker('/work.js', { type: 'module' })</script>`,
  'blob worker': `<script>new Worker(URL.createObjectURL(new Blob([${JSON.stringify(work('blob'))}])))</script>`,
  'nested worker': `<script>new Worker(URL.createObjectURL(new Blob(["new Worker('https://gpu.lab/work.js')"])))</script>`,
}

describe('work on the GPU', () => {
  let world: World
  before(async () => {
    world = await openWorld({
      routes: {
        ...Object.fromEntries(Object.values(places).map((markup, i) => [`gpu.lab/${i}`, page(markup)])),
        'gpu.lab/work.js': { type: 'text/javascript', body: work('file') },
        'gpu.lab/back': page(`<script>navigator.serviceWorker.register('/sw.js')</script>`),
        'gpu.lab/once': page('<h1>No worker</h1>'),
        'gpu.lab/sw.js': {
          type: 'text/javascript',
          body: `addEventListener('install', () => skipWaiting()); addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => { if (event.request.mode === 'navigate') event.respondWith(new Response('<!doctype html><title>from the worker</title>', { headers: { 'content-type': 'text/html' } })) })`,
        },
        'gpu.lab/transport': page(
          `<script>new WebTransport('https://pool.lab:4433/x').ready.catch(() => { document.title = 'failed' })</script>`,
        ),
      },
    })
  })
  after(() => world[Symbol.asyncDispose]())
  const capture = (path: string, options: VisitOptions = {}): Promise<Capture> =>
    world.capturer.capture(seedOf(`https://gpu.lab/${path}`), { dwellMs: 3_000, screenshot: false, interact: false, ...options })

  for (const [i, place] of Object.keys(places).entries()) {
    it(`is seen in a ${place}: shader, entry point, dispatches`, async () => {
      const gpu = artifacts(await capture(String(i)), 'gpu')
      assert.equal(gpu.status, 'complete')
      const of = (type: string) => gpu.items.filter((item) => item.type === type)
      assert.equal(of('shader').length, 1)
      assert.deepEqual(
        of('pipeline').map(({ label }) => label),
        ['double'],
      )
      assert.equal(of('dispatch')[0]?.amount, 32)
    })
  }

  it('a page that installed a service worker is come to twice where the visit is thorough, and only such a page', async () => {
    const titles = async (path: string, options: VisitOptions): Promise<[string | undefined, boolean]> => {
      const { manifest, ...captured } = await capture(path, options)
      const isSecond = manifest.actions.some(({ detail }) => detail.includes('a second time'))
      return [artifacts({ manifest, ...captured }, 'dom').items[0]?.title, isSecond]
    }
    assert.deepEqual(await titles('back', { profile: 'thorough' }), ['from the worker', true])
    assert.equal((await titles('back', { profile: 'standard' }))[1], false)
    assert.equal((await titles('once', { profile: 'thorough' }))[1], false)
  })

  it('a WebTransport that never opened has failed', async () => {
    const { items } = artifacts(await capture('transport'), 'transport')
    assert.deepEqual(
      items.map(({ type, url, status }) => [type, url, status]),
      [['webtransport', 'https://pool.lab:4433/x', 'failed']],
    )
  })
})
