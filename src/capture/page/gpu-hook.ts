/** Wraps WebGPU where it is made: the source of each shader, the entry point of each compute pipeline, and how often work is dispatched. */
export const gpuHook = `(report, place) => {
  const { apply } = Reflect
  const wrap = (owner, name, before) => {
    const prototype = typeof owner === 'function' ? owner.prototype : undefined
    const native = prototype && prototype[name]
    if (typeof native !== 'function') return
    prototype[name] = new Proxy(native, { apply(_, self, values) { try { before(values) } catch {} return apply(native, self, values) } })
  }
  const install = () => {
    const { GPUDevice, GPUComputePassEncoder } = globalThis
    wrap(GPUDevice, 'createShaderModule', ([descriptor]) => report({ type: 'shader', code: String(descriptor.code).slice(0, 200000), label: String(descriptor.label || '') }))
    const pipeline = ([descriptor]) => report({ type: 'pipeline', label: String((descriptor.compute && descriptor.compute.entryPoint) || '') })
    wrap(GPUDevice, 'createComputePipeline', pipeline)
    wrap(GPUDevice, 'createComputePipelineAsync', pipeline)
    let dispatches = 0
    let next = 1
    const count = () => { if (++dispatches >= next) { next = dispatches * 2; report({ type: 'dispatch', amount: dispatches }) } }
    wrap(GPUComputePassEncoder, 'dispatchWorkgroups', count)
    wrap(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', count)
  }
  // A worker that is held before its first line has no interfaces of secure contexts yet: they come as it goes on, before or after a task.
  let hops = 40
  let channel = null
  const wait = () => {
    if (typeof globalThis.GPUDevice === 'function') install()
    else if (hops-- > 0) { channel.port2.postMessage(0); return }
    channel.port1.close()
  }
  if (place === 'document' || typeof globalThis.GPUDevice === 'function') install()
  else {
    channel = new MessageChannel()
    channel.port1.onmessage = wait
    channel.port2.postMessage(0)
  }
}`
