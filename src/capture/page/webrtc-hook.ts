/** Peer connections and what goes over their data channels. UDP has no way out of a visit: what is seen is the attempt. */
export const webrtcHook = `(report, place) => {
  if (place !== 'document' || typeof RTCPeerConnection !== 'function') return
  const { apply, construct } = Reflect
  const listen = EventTarget.prototype.addEventListener
  const text = (data) => typeof data === 'string' ? { text: data.slice(0, 16384), size: data.length } : { text: '', size: (data && (data.byteLength || data.size)) || 0 }
  let connections = 0
  const channelOf = new WeakMap()
  const watch = (channel, id) => {
    if (channelOf.has(channel)) return
    channelOf.set(channel, id)
    apply(listen, channel, ['open', () => report({ id, type: 'open' })])
    apply(listen, channel, ['message', (event) => report({ id, type: 'message', direction: 'received', ...text(event.data) })])
  }
  const prototype = RTCPeerConnection.prototype
  const idOf = new WeakMap()
  const native = RTCPeerConnection
  const Wrapped = new Proxy(native, {
    construct(_, values, target) {
      const made = construct(native, values, target === Wrapped ? native : target)
      const id = ++connections
      idOf.set(made, id)
      let servers = []
      try { servers = ((values[0] && values[0].iceServers) || []).flatMap((server) => server.urls || server.url || []).map(String).slice(0, 20) } catch {}
      report({ id, type: 'connection', servers })
      apply(listen, made, ['datachannel', (event) => watch(event.channel, id)])
      return made
    },
  })
  globalThis.RTCPeerConnection = Wrapped
  prototype.constructor = Wrapped
  if (globalThis.webkitRTCPeerConnection) globalThis.webkitRTCPeerConnection = Wrapped
  const create = prototype.createDataChannel
  prototype.createDataChannel = new Proxy(create, { apply(_, self, values) { const channel = apply(create, self, values); try { watch(channel, idOf.get(self) || 0) } catch {} return channel } })
  const send = RTCDataChannel.prototype.send
  RTCDataChannel.prototype.send = new Proxy(send, {
    apply(_, self, values) { try { report({ id: channelOf.get(self) || 0, type: 'message', direction: 'sent', ...text(values[0]) }) } catch {} return apply(send, self, values) },
  })
}`
