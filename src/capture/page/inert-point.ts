/** An expression: a point of the viewport where a click reaches the page's listeners and nothing that acts by itself; null where there is none. */
export const inertPoint = `(() => {
  const acts = 'a,button,input,select,textarea,label,summary,option,iframe,frame,object,embed,video,audio,canvas,[onclick],[role=button],[role=link],[role=dialog],[role=checkbox],[tabindex],[contenteditable]'
  for (const y of [0.5, 0.3, 0.7, 0.9, 0.1]) for (const x of [0.02, 0.98, 0.5, 0.25, 0.75]) {
    const point = { x: Math.round(innerWidth * x), y: Math.round(innerHeight * y) }
    const element = document.elementFromPoint(point.x, point.y)
    if (element && !element.closest(acts) && getComputedStyle(element).cursor !== 'pointer') return point
  }
  return null
})()`
