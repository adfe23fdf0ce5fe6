/** What the page asks the visitor's permission for, or does to the clipboard. */
export const permissionHook = `(report, place) => {
  if (place !== 'document') return
  const { apply } = Reflect
  const wrap = (owner, name, permission, detail) => {
    const native = owner && owner[name]
    if (typeof native !== 'function') return
    owner[name] = new Proxy(native, {
      apply(_, self, values) {
        try { report({ name: permission, detail: detail ? String(detail(values)).slice(0, 2000) : '' }) } catch {}
        return apply(native, self, values)
      },
    })
  }
  const prototype = (name) => typeof globalThis[name] === 'function' ? globalThis[name].prototype : undefined
  wrap(globalThis.Notification, 'requestPermission', 'notifications')
  wrap(prototype('PushManager'), 'subscribe', 'push')
  wrap(prototype('Geolocation'), 'getCurrentPosition', 'geolocation')
  wrap(prototype('Geolocation'), 'watchPosition', 'geolocation')
  wrap(prototype('MediaDevices'), 'getUserMedia', 'camera', ([constraints]) => Object.keys(constraints || {}).join(' '))
  wrap(prototype('MediaDevices'), 'getDisplayMedia', 'display-capture')
  wrap(prototype('Clipboard'), 'writeText', 'clipboard-write', ([text]) => text)
  wrap(prototype('Clipboard'), 'write', 'clipboard-write')
  wrap(prototype('Clipboard'), 'readText', 'clipboard-read')
  wrap(prototype('Clipboard'), 'read', 'clipboard-read')
  wrap(prototype('WakeLock'), 'request', 'wake-lock')
  wrap(prototype('USB'), 'requestDevice', 'usb')
  const selected = () => { try { return String(getSelection()) } catch { return '' } }
  const exec = prototype('Document') && prototype('Document').execCommand
  if (typeof exec === 'function') prototype('Document').execCommand = new Proxy(exec, {
    apply(_, self, values) {
      try { if (/^(copy|cut)$/i.test(values[0])) report({ name: 'clipboard-write', detail: selected().slice(0, 2000) }) } catch {}
      return apply(exec, self, values)
    },
  })
}`
