/**
 * Program of a world of its own in every document: finds what asks the visitor something (overlays with choices, and buttons whose
 * words speak of mining) and reports each once, as `{key, type, text, choices}`. `answerOverlay(key, index)` gives the place of a choice.
 * It looks a few times, ever more rarely: a page must not pay for being watched.
 */
export function overlayWatch(binding: string): string {
  return `(() => {
  const send = globalThis[${JSON.stringify(binding)}]
  if (typeof send !== 'function') return
  const clickable = 'button,[role=button],[role=checkbox],input[type=button],input[type=submit],input[type=checkbox],a[class*=btn i],a[class*=button i],a[href="#"],a[href^="javascript:"],[onclick]'
  const aboutMining = /min(e|er|ing|ado|age|ar)\\b|hash|\\bcpu\\b|crypto|krypto|cripto|monero|\\bxmr\\b|coin|rechenleistung|puissance de calcul|verif|captcha|robot|human/i
  const keys = new WeakMap()
  const choicesOf = new Map()
  let next = 1
  const textOf = (element) => (element.innerText || element.value || element.getAttribute('aria-label') || element.title || '').replace(/\\s+/g, ' ').trim()
  const seen = (element) => { const box = element.getBoundingClientRect(); return box.width > 4 && box.height > 4 && element.checkVisibility({ visibilityProperty: true }) }
  // Of one look: elements share their ancestors, and asking for a text or a style makes the page lay itself out.
  let texts = new Map()
  let floating = new Map()
  const blockText = (element) => {
    if (!texts.has(element)) texts.set(element, textOf(element))
    return texts.get(element)
  }
  const floats = (element) => {
    if (!floating.has(element)) {
      const style = getComputedStyle(element)
      floating.set(element, element.matches('dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]') || style.position === 'fixed' || style.position === 'sticky' || (style.position === 'absolute' && Number(style.zIndex) >= 10))
    }
    return floating.get(element)
  }
  const overlayOf = (element) => {
    for (let at = element, depth = 0; at && at !== document.body && depth < 10; at = at.parentElement, depth++) if (floats(at)) return at
    // A small document in a frame is a dialog as a whole.
    return self !== top && document.body && document.body.innerText.length < 3000 ? document.body : null
  }
  // Text that is not laid out is cheap, and rules most of a page out: only what may speak of mining is read as a visitor reads it.
  let speaking = new Map()
  const maySpeak = (element) => {
    let at = element
    for (let depth = 0; depth < 4 && at.parentElement && at.parentElement !== document.body; depth++) at = at.parentElement
    if (!speaking.has(at)) speaking.set(at, aboutMining.test(at.textContent.slice(0, 50000)))
    return speaking.get(at) || aboutMining.test([element.value, element.getAttribute('aria-label'), element.title].join(' '))
  }
  const blockOf = (element) => {
    let at = element
    for (let depth = 0; depth < 4 && at.parentElement && at.parentElement !== document.body && blockText(at.parentElement).length < 600; depth++) at = at.parentElement
    return at
  }
  const look = () => {
    if (!document.body) return
    const groups = new Map()
    texts = new Map()
    floating = new Map()
    speaking = new Map()
    let looked = 0
    for (const element of document.querySelectorAll(clickable)) {
      if (++looked > 400) break
      if (!seen(element)) continue
      const overlay = overlayOf(element)
      if (!overlay && !maySpeak(element)) continue
      const owner = overlay || blockOf(element)
      if (!overlay && !aboutMining.test(blockText(owner).slice(0, 2000))) continue
      const group = groups.get(owner) || { type: overlay ? 'overlay' : 'button', choices: [] }
      groups.set(owner, group)
      if (group.choices.length < 12) group.choices.push(element)
    }
    for (const [owner, { type, choices }] of groups) {
      const text = blockText(owner).slice(0, 4000)
      const known = keys.get(owner)
      if (known && known.text === text) continue
      if (next > 60) return
      const key = next++
      keys.set(owner, { text })
      choicesOf.set(key, choices)
      send(JSON.stringify({ key, type, text, choices: choices.map((choice) => textOf(choice).slice(0, 120) || (choice.type === 'checkbox' ? textOf(choice.closest('label') || choice.parentElement || choice).slice(0, 120) : '')) }))
    }
  }
  globalThis.answerOverlay = (key, index) => {
    const choice = (choicesOf.get(key) || [])[index]
    if (!choice || !choice.isConnected) return null
    choice.scrollIntoView({ block: 'nearest' })
    const box = choice.getBoundingClientRect()
    const point = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    const top = document.elementFromPoint(point.x, point.y)
    return { ...point, reachable: self === globalThis.top && !!top && (choice.contains(top) || top.contains(choice)) }
  }
  globalThis.clickOverlay = (key, index) => { const choice = (choicesOf.get(key) || [])[index]; if (choice) choice.click() }
  let waitMs = 250
  const again = () => { try { look() } catch {} waitMs = Math.min(waitMs * 1.35, 3000); setTimeout(again, waitMs) }
  setTimeout(again, 50)
})()`
}
