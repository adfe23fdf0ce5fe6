/**
 * Which globals the page replaced: what they were before its first line is compared with what they are when it has settled.
 * `ethereum` and its like are reported where they appear.
 */
export const patchHook = `(report, place) => {
  if (place !== 'document') return
  const text = Function.prototype.toString
  const { apply } = Reflect
  const places = ['fetch', 'XMLHttpRequest', 'XMLHttpRequest.prototype.open', 'XMLHttpRequest.prototype.send', 'WebSocket', 'WebSocket.prototype.send', 'Worker', 'SharedWorker',
    'EventSource', 'RTCPeerConnection', 'navigator.sendBeacon', 'setTimeout', 'setInterval', 'requestAnimationFrame', 'eval', 'Function.prototype.toString', 'JSON.parse', 'JSON.stringify',
    'Element.prototype.appendChild', 'Node.prototype.appendChild', 'Node.prototype.insertBefore', 'Document.prototype.createElement', 'Document.prototype.write', 'EventTarget.prototype.addEventListener',
    'WebAssembly.instantiate', 'WebAssembly.instantiateStreaming', 'WebAssembly.Module', 'Storage.prototype.setItem', 'HTMLFormElement.prototype.submit', 'history.pushState', 'crypto.subtle.digest', 'ethereum', 'solana', 'tronWeb']
  const at = (path) => { let value = globalThis; for (const name of path.split('.')) { if (value === undefined || value === null) return undefined; value = value[name] } return value }
  const before = places.map((path) => { try { return at(path) } catch { return undefined } })
  const later = setTimeout
  const listen = addEventListener
  const reported = new Set()
  const look = () => {
    for (let i = 0; i < places.length; i++) {
      if (reported.has(places[i])) continue
      let now
      try { now = at(places[i]) } catch { continue }
      if (now === before[i] || now === undefined) continue
      reported.add(places[i])
      let detail = typeof now
      try { if (typeof now === 'function') detail = apply(text, now, []).slice(0, 300) } catch {}
      report({ name: places[i], detail })
    }
  }
  listen('load', () => { look(); later(look, 1500) })
}`
