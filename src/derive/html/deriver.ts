import type { DefaultTreeAdapterTypes } from 'parse5'
import { readDocument } from '#model/markup-reader.ts'
import { speaksOfMining } from '../dialog.ts'
import { isSiteKey } from '../site-key.ts'
import { trackerIds } from '../trackers.ts'
import type { DeriveContext, Deriver, InnerBlob } from '../deriver.ts'
import type { HtmlFeatures } from './features.ts'
import { MiningPanel } from './mining-panel.ts'

type Element = DefaultTreeAdapterTypes.Element
type ChildNode = DefaultTreeAdapterTypes.ChildNode

const maxText = 4_000
const maxScripts = 500
const maxInner = 600
const maxElements = 200
const maxNamed = 1_000_000

/** https://html.spec.whatwg.org/multipage/scripting.html#prepare-the-script-element: what a browser takes for JavaScript. */
const scriptTypes = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script(?:1\.[0-5])?)$/
const unread: ReadonlySet<string> = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'title',
  'textarea',
  'iframe',
  'noembed',
  'noframes',
  'svg',
  'math',
  'select',
  'object',
])
const quoting: ReadonlySet<string> = new Set(['pre', 'code', 'textarea', 'xmp', 'samp', 'kbd', 'blockquote'])
const loadEvents: ReadonlySet<string> = new Set(['onload', 'onpageshow', 'onerror', 'onreadystatechange', 'onscroll', 'onmousemove'])

/**
 * A document as a browser would run it: which scripts it loads and runs, in order; handlers, frames, controls. Comments, templates, text
 * areas and `noscript` hold no elements for a browser with scripting, and for the parser neither.
 */
export const htmlDeriver: Deriver<'html'> = {
  kind: 'html',
  version: '6',
  maxBytes: 16 * 1024 * 1024,
  derive(bytes, context) {
    const reader = new Reader(context)
    reader.read(readDocument(decodeMarkup(bytes)).childNodes)
    return { features: reader.finish(), inner: reader.inner }
  },
}

function decodeMarkup(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  const head = Buffer.from(bytes.subarray(0, 2_048)).toString('latin1')
  const label = /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,20})/i.exec(head)?.[1]
  if (label !== undefined && !/^utf-?8$/i.test(label)) {
    try {
      return new TextDecoder(label).decode(bytes)
    } catch {
      // A label that no browser knows.
    }
  }
  return new TextDecoder('utf-8').decode(bytes)
}

class Reader {
  readonly inner: InnerBlob[] = []
  readonly #context: DeriveContext
  readonly #wantedAttributes: ReadonlySet<string>
  readonly #features: HtmlFeatures = {
    title: '',
    text: '',
    words: 0,
    baseHref: null,
    scripts: [],
    handlers: [],
    frames: [],
    elements: [],
    miningControls: [],
    miningPanel: [],
    miningFamily: null,
    minerWidgets: [],
    miningNotice: null,
    quotedCode: 0,
    trackers: [],
  }
  #text: string[] = []
  #textLength = 0
  readonly #panel = new MiningPanel()
  /** Addresses, attributes and texts in which identifiers of trackers may stand. */
  readonly #named: string[] = []
  #namedLength = 0

  constructor(context: DeriveContext) {
    this.#context = context
    this.#wantedAttributes = new Set(context.elements.map(({ attribute }) => attribute))
  }

  finish(): HtmlFeatures {
    this.#features.miningPanel = this.#panel.parts
    this.#features.miningFamily = this.#panel.family
    this.#features.trackers = trackerIds(this.#named.join('\n'))
    this.#features.text = this.#text.join(' ').replace(/\s+/g, ' ').trim().slice(0, maxText)
    return this.#features
  }

  /** Iterative: hostile documents nest deeper than any stack. */
  read(roots: readonly ChildNode[]): void {
    const stack: { node: ChildNode; visible: boolean; quoted: boolean }[] = roots
      .toReversed()
      .map((node) => ({ node, visible: true, quoted: false }))
    while (stack.length > 0) {
      const { node, visible, quoted } = stack.pop()!
      if (node.nodeName === '#text') {
        const { value } = node as DefaultTreeAdapterTypes.TextNode
        if (quoted) this.#features.quotedCode += value.trim().length
        if (visible) this.#read(value)
        else if (node.parentNode?.nodeName === 'option') this.#panel.text(value)
      } else if ('attrs' in node) {
        this.#element(node)
        const inside = visible && !unread.has(node.tagName) && !isHidden(node)
        const quotes = quoted || quoting.has(node.tagName)
        const isShadow = node.tagName === 'template' && /^(?:open|closed)$/i.test(attribute(node, 'shadowrootmode') ?? '')
        const children = isShadow ? (node as DefaultTreeAdapterTypes.Template).content.childNodes : node.childNodes
        for (let at = children.length - 1; at >= 0; at--)
          stack.push({ node: children[at]!, visible: inside || (isShadow && visible), quoted: quotes })
      }
    }
  }

  #name(text: string): void {
    if (text.length < 4 || this.#namedLength >= maxNamed) return
    this.#named.push(text.slice(0, maxNamed))
    this.#namedLength += text.length
  }

  #read(value: string): void {
    const text = value.trim()
    if (text === '') return
    this.#features.words += wordCount(text)
    this.#panel.text(text)
    if (this.#textLength < maxText * 2) {
      this.#text.push(text.slice(0, maxText))
      this.#textLength += text.length
    }
    if (this.#features.miningNotice === null && text.length >= 12 && text.length <= 600 && speaksOfMining(text))
      this.#features.miningNotice = oneLine(text).slice(0, 300)
  }

  #element(element: Element): void {
    const line = element.sourceCodeLocation?.startLine ?? 0
    switch (element.tagName) {
      case 'script':
        this.#script(element, line)
        break
      case 'noscript':
        this.#name(textIn(element))
        break
      case 'title':
        if (this.#features.title === '') this.#features.title = textIn(element).trim().slice(0, 300)
        this.#panel.heading(textIn(element), line)
        break
      case 'h1':
      case 'h2':
        this.#panel.heading(captionOf(element), line)
        break
      case 'input':
      case 'select':
      case 'textarea':
        this.#panel.field(
          element.attrs.filter(({ name }) => fieldNames.has(name)).map(({ value }) => value),
          line,
        )
        break
      case 'base':
        this.#features.baseHref ??= attribute(element, 'href') ?? null
        break
      case 'iframe':
      case 'frame':
      case 'embed':
      case 'object':
        this.#frame(element, line)
        break
      default:
        break
    }
    let isWanted = false
    let hasKey = false
    for (const { name, value } of element.attrs) {
      if (name === 'id') this.#panel.display(value, line)
      else if (name.length > 4 && name.startsWith('on') && value.trim() !== '') this.#handler(element, name, value, line)
      else if ((name === 'href' || name === 'action') && value.length > 24 && /^\s*javascript:/i.test(value))
        this.#handler(element, name, value.replace(/^\s*javascript:/i, ''), line)
      else if (namesTrackers(element.tagName, name, value)) this.#name(`${name}="${value}"`)
      isWanted ||= this.#wantedAttributes.has(name)
      hasKey ||= value.length >= 13 && value.length <= 64 && isSiteKey(value)
    }
    this.#control(element, line)
    if (hasKey) this.#widget(element, line)
    if (isWanted && this.#features.elements.length < maxElements && this.#context.elements.some((wanted) => matches(element, wanted))) {
      this.#features.elements.push({
        name: element.tagName,
        attributes: Object.fromEntries(element.attrs.slice(0, 24).map(({ name, value }) => [name, value.slice(0, 500)])),
        line,
      })
    }
  }

  #widget({ tagName, attrs }: Element, line: number): void {
    const account = attrs.find(({ value }) => isSiteKey(value))?.value
    if (account === undefined || this.#features.minerWidgets.length >= 5) return
    const knobs = attrs.map(({ name }) => name).filter((name) => minerKnobs.test(name))
    const named = attrs.find(({ name, value }) => (name === 'class' || name === 'id') && minerName.test(value))?.value
    // One name, or one parameter, is of anything.
    if (knobs.length + Number(named !== undefined) < 2) return
    this.#features.minerWidgets.push({
      name: tagName,
      account,
      named: named === undefined ? null : minerName.exec(named)![0],
      knobs: knobs.slice(0, 4),
      line,
    })
  }

  #add(blob: InnerBlob): number | null {
    if (this.inner.length >= maxInner || blob.bytes.length === 0) return null
    this.inner.push(blob)
    return this.inner.length - 1
  }

  #script(element: Element, line: number): void {
    if (this.#features.scripts.length >= maxScripts) return
    const language = attribute(element, 'language')
    const type = (attribute(element, 'type') ?? (language ? `text/${language}` : '')).trim().toLowerCase().replace(/;.*$/, '')
    const runs = scriptTypes.test(type) && attribute(element, 'nomodule') === undefined
    const src = attribute(element, 'src') ?? attribute(element, 'href') ?? attribute(element, 'xlink:href') ?? null
    const text = src === null ? textIn(element) : ''
    const inner =
      runs && text.trim() !== ''
        ? this.#add({ kind: 'javascript', bytes: Buffer.from(text.toWellFormed(), 'utf8'), place: `inline script, line ${line}` })
        : null
    // One that waits for the visitor's consent, a block of data.
    if (!runs && text !== '') this.#name(text)
    const data = Object.fromEntries(
      element.attrs
        .filter(({ name }) => name.startsWith('data-'))
        .slice(0, 16)
        .map(({ name, value }) => [name, value.slice(0, 300)]),
    )
    this.#features.scripts.push({ src: src?.trim().slice(0, 2_000) ?? null, inner, runs, type, isModule: type === 'module', line, data })
  }

  #frame(element: Element, line: number): void {
    if (this.#features.frames.length >= 200) return
    const srcdoc = attribute(element, 'srcdoc')
    const src = attribute(element, 'src') ?? (element.tagName === 'object' ? attribute(element, 'data') : undefined) ?? null
    const markup = srcdoc ?? dataDocument(src)
    const inner =
      markup === null
        ? null
        : this.#add({ kind: 'html', bytes: Buffer.from(markup.toWellFormed(), 'utf8'), place: `frame's document, line ${line}` })
    const small = ['width', 'height'].some((side) => /^[01](px)?$/.test((attribute(element, side) ?? '').trim()))
    this.#features.frames.push({ src: src?.slice(0, 2_000) ?? null, inner, hidden: small || isHidden(element), line })
  }

  #handler(element: Element, name: string, code: string, line: number): void {
    if (this.#features.handlers.length >= 300) return
    const inner = this.#add({
      kind: 'javascript',
      bytes: Buffer.from(code.toWellFormed(), 'utf8'),
      place: `${name} of <${element.tagName}>, line ${line}`,
    })
    if (inner !== null)
      this.#features.handlers.push({
        element: element.tagName,
        attribute: loadEvents.has(name) ? 'load' : name,
        inner,
        line,
        caption: captionOf(element),
      })
  }

  #control(element: Element, line: number): void {
    const { tagName } = element
    const isControl =
      tagName === 'button' ||
      tagName === 'a' ||
      tagName === 'label' ||
      (tagName === 'input' && /^(button|submit|checkbox|radio)$/i.test(attribute(element, 'type') ?? '')) ||
      element.attrs.some(({ name, value }) => name === 'onclick' || (name === 'role' && value === 'button'))
    if (!isControl || this.#features.miningControls.length >= 20) return
    const caption = captionOf(element)
    // A link leads to somewhere that explains mining; a button does it, and so does a link to nowhere.
    const leads = tagName === 'a' && !/^\s*(?:#|javascript:|$)/i.test(attribute(element, 'href') ?? '')
    if (tagName !== 'label' && !leads) this.#panel.button(caption, attribute(element, 'id') ?? '', line)
    if (caption.length <= 160 && controlWords.test(caption)) this.#features.miningControls.push({ caption, line })
  }
}

/** What a field may say of itself. */
const fieldNames: ReadonlySet<string> = new Set(['id', 'name', 'placeholder', 'aria-label', 'value', 'title'])

/** The tokenizer writes names small. */
function attribute(element: Element, name: string): string | undefined {
  for (const own of element.attrs) if (own.name === name) return own.value
  return undefined
}

/** How much a widget mines, and how it shows it. */
const minerKnobs = /^data-(?:[a-z]+-)?(?:autostart|auto-?threads|threads|throttle|whitelabel|hashes|hash-?goal)$/
const minerName = /(?<![a-z])(?:[a-z]{1,20}-?)?(?:miner|mining)(?![a-z])/i
const controlWords = /\b(mine|mining|miner|hash(es|ing)?|minar|minería|майн\w*|挖矿|schürfen|start|donate your cpu)\b/i

/** Attributes that carry an address with parameters, or data for a script: pictures that come later have neither. */
function namesTrackers(tagName: string, name: string, value: string): boolean {
  if (name === 'src') return tagName === 'script' || tagName === 'iframe' || (tagName === 'img' && value.includes('?'))
  if (name.startsWith('data-')) return value.length >= 6 && value.length <= 500 && !value.startsWith('http') && !value.startsWith('/')
  return name === 'content' && tagName === 'meta'
}

function matches(element: Element, wanted: DeriveContext['elements'][number]): boolean {
  if (wanted.name !== undefined && wanted.name !== element.tagName) return false
  const value = attribute(element, wanted.attribute)
  if (value === undefined) return false
  return wanted.value === undefined || value === wanted.value || (wanted.attribute === 'class' && value.split(/\s+/).includes(wanted.value))
}

function isHidden(element: Element): boolean {
  if (element.attrs.length === 0) return false
  return element.attrs.some(
    ({ name, value }) => name === 'hidden' || (name === 'style' && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(value)),
  )
}

/** In a text without blanks around it. */
function wordCount(text: string): number {
  let count = 1
  for (let at = 0, wasBlank = false; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isBlank = code <= 0x20 ? code === 0x20 || (code >= 0x09 && code <= 0x0d) : code >= 0xa0 && /\s/.test(text[at]!)
    if (isBlank && !wasBlank) count++
    wasBlank = isBlank
  }
  return count
}

function oneLine(text: string): string {
  return /[^\S ]|  /.test(text) ? text.replace(/\s+/g, ' ') : text
}

function textIn(element: Element): string {
  const [only] = element.childNodes
  if (only?.nodeName === '#text' && element.childNodes.length === 1) return (only as DefaultTreeAdapterTypes.TextNode).value
  return element.childNodes.map((child) => (child.nodeName === '#text' ? (child as DefaultTreeAdapterTypes.TextNode).value : '')).join('')
}

function captionOf(element: Element): string {
  const own = element.attrs.find(({ name }) => name === 'value' || name === 'aria-label' || name === 'title')?.value
  const parts: string[] = []
  const stack: ChildNode[] = element.childNodes.toReversed()
  for (let left = 60; stack.length > 0 && left > 0; left--) {
    const node = stack.pop()!
    if (node.nodeName === '#text') parts.push((node as DefaultTreeAdapterTypes.TextNode).value)
    else if ('childNodes' in node) for (let at = node.childNodes.length - 1; at >= 0; at--) stack.push(node.childNodes[at]!)
  }
  return oneLine(parts.join(' ').trim() || own || '')
    .trim()
    .slice(0, 300)
}

function dataDocument(src: string | null): string | null {
  const match = src === null ? null : /^data:text\/html(;[^,]{0,60})?,/i.exec(src)
  if (match === null || src === null) return null
  const body = src.slice(match[0].length)
  if (/;base64/i.test(match[1] ?? '')) return Buffer.from(body, 'base64').toString('utf8')
  try {
    return decodeURIComponent(body)
  } catch {
    return body
  }
}
