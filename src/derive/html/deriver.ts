import type { DefaultTreeAdapterTypes } from 'parse5'
import { readDocument } from '#model/markup-reader.ts'
import { speaksOfMining } from '../dialog.ts'
import type { DeriveContext, Deriver, InnerBlob } from '../deriver.ts'
import type { HtmlFeatures } from './features.ts'
import { MiningPanel } from './mining-panel.ts'

type Element = DefaultTreeAdapterTypes.Element
type ChildNode = DefaultTreeAdapterTypes.ChildNode

const maxText = 4_000
const maxScripts = 500
const maxInner = 600
const maxElements = 200

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
  version: '3',
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
    miningNotice: null,
    quotedCode: 0,
  }
  #text: string[] = []
  #textLength = 0
  readonly #panel = new MiningPanel()

  constructor(context: DeriveContext) {
    this.#context = context
    this.#wantedAttributes = new Set(context.elements.map(({ attribute }) => attribute))
  }

  finish(): HtmlFeatures {
    this.#features.miningPanel = this.#panel.parts
    this.#features.miningFamily = this.#panel.family
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
        for (let at = node.childNodes.length - 1; at >= 0; at--) stack.push({ node: node.childNodes[at]!, visible: inside, quoted: quotes })
      }
    }
  }

  #read(value: string): void {
    const text = value.trim()
    if (text === '') return
    this.#features.words += text.split(/\s+/).length
    this.#panel.text(text)
    if (this.#textLength < maxText * 2) {
      this.#text.push(text.slice(0, maxText))
      this.#textLength += text.length
    }
    if (this.#features.miningNotice === null && text.length >= 12 && text.length <= 600 && speaksOfMining(text))
      this.#features.miningNotice = text.replace(/\s+/g, ' ').slice(0, 300)
  }

  #element(element: Element): void {
    const line = element.sourceCodeLocation?.startLine ?? 0
    const attributes = new Map(element.attrs.map(({ name, value }) => [name.toLowerCase(), value]))
    switch (element.tagName) {
      case 'script':
        this.#script(element, attributes, line)
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
        this.#panel.field(attributes, line)
        break
      case 'base':
        this.#features.baseHref ??= attributes.get('href') ?? null
        break
      case 'iframe':
      case 'frame':
      case 'embed':
      case 'object':
        this.#frame(element, attributes, line)
        break
      default:
        break
    }
    for (const { name, value } of element.attrs) {
      if (name.startsWith('on') && name.length > 4 && value.trim() !== '') this.#handler(element, name, value, line)
      else if ((name === 'href' || name === 'action') && /^\s*javascript:/i.test(value) && value.length > 24)
        this.#handler(element, name, value.replace(/^\s*javascript:/i, ''), line)
    }
    this.#panel.display(attributes.get('id') ?? '', line)
    this.#control(element, attributes, line)
    if (
      this.#features.elements.length < maxElements &&
      element.attrs.some(({ name }) => this.#wantedAttributes.has(name.toLowerCase())) &&
      this.#context.elements.some((wanted) => matches(element, attributes, wanted))
    ) {
      this.#features.elements.push({
        name: element.tagName,
        attributes: Object.fromEntries([...attributes].slice(0, 24).map(([name, value]) => [name, value.slice(0, 500)])),
        line,
      })
    }
  }

  #add(blob: InnerBlob): number | null {
    if (this.inner.length >= maxInner || blob.bytes.length === 0) return null
    this.inner.push(blob)
    return this.inner.length - 1
  }

  #script(element: Element, attributes: ReadonlyMap<string, string>, line: number): void {
    if (this.#features.scripts.length >= maxScripts) return
    const type = (attributes.get('type') ?? (attributes.get('language') ? `text/${attributes.get('language')!}` : ''))
      .trim()
      .toLowerCase()
      .replace(/;.*$/, '')
    const runs = scriptTypes.test(type) && !attributes.has('nomodule')
    const src = attributes.get('src') ?? attributes.get('href') ?? attributes.get('xlink:href') ?? null
    const text = src === null ? textIn(element) : ''
    const inner =
      runs && text.trim() !== ''
        ? this.#add({ kind: 'javascript', bytes: Buffer.from(text.toWellFormed(), 'utf8'), place: `inline script, line ${line}` })
        : null
    const data = Object.fromEntries(
      [...attributes]
        .filter(([name]) => name.startsWith('data-'))
        .slice(0, 16)
        .map(([name, value]) => [name, value.slice(0, 300)]),
    )
    this.#features.scripts.push({ src: src?.trim().slice(0, 2_000) ?? null, inner, runs, type, isModule: type === 'module', line, data })
  }

  #frame(element: Element, attributes: ReadonlyMap<string, string>, line: number): void {
    if (this.#features.frames.length >= 200) return
    const srcdoc = attributes.get('srcdoc')
    const src = attributes.get('src') ?? (element.tagName === 'object' ? attributes.get('data') : undefined) ?? null
    const markup = srcdoc ?? dataDocument(src)
    const inner =
      markup === null
        ? null
        : this.#add({ kind: 'html', bytes: Buffer.from(markup.toWellFormed(), 'utf8'), place: `frame's document, line ${line}` })
    const small = ['width', 'height'].some((side) => /^[01](px)?$/.test((attributes.get(side) ?? '').trim()))
    this.#features.frames.push({ src: src?.slice(0, 2_000) ?? null, inner, hidden: small || isHidden(element), line })
  }

  #handler(element: Element, attribute: string, code: string, line: number): void {
    if (this.#features.handlers.length >= 300) return
    const inner = this.#add({
      kind: 'javascript',
      bytes: Buffer.from(code.toWellFormed(), 'utf8'),
      place: `${attribute} of <${element.tagName}>, line ${line}`,
    })
    if (inner !== null)
      this.#features.handlers.push({
        element: element.tagName,
        attribute: loadEvents.has(attribute) ? 'load' : attribute,
        inner,
        line,
        caption: captionOf(element),
      })
  }

  #control(element: Element, attributes: ReadonlyMap<string, string>, line: number): void {
    const isControl =
      element.tagName === 'button' ||
      element.tagName === 'a' ||
      (element.tagName === 'input' && /^(button|submit|checkbox|radio)$/i.test(attributes.get('type') ?? '')) ||
      element.tagName === 'label' ||
      attributes.get('role') === 'button' ||
      attributes.has('onclick')
    if (!isControl || this.#features.miningControls.length >= 20) return
    const caption = captionOf(element)
    // A link leads to somewhere that explains mining; a button does it, and so does a link to nowhere.
    const leads = element.tagName === 'a' && !/^\s*(?:#|javascript:|$)/i.test(attributes.get('href') ?? '')
    if (element.tagName !== 'label' && !leads) this.#panel.button(caption, attributes.get('id') ?? '', line)
    if (caption.length <= 160 && controlWords.test(caption)) this.#features.miningControls.push({ caption, line })
  }
}

const controlWords = /\b(mine|mining|miner|hash(es|ing)?|minar|minería|майн\w*|挖矿|schürfen|start|donate your cpu)\b/i

function matches(element: Element, attributes: ReadonlyMap<string, string>, wanted: DeriveContext['elements'][number]): boolean {
  if (wanted.name !== undefined && wanted.name !== element.tagName) return false
  const value = attributes.get(wanted.attribute)
  if (value === undefined) return false
  return wanted.value === undefined || value === wanted.value || (wanted.attribute === 'class' && value.split(/\s+/).includes(wanted.value))
}

function isHidden(element: Element): boolean {
  if (element.attrs.length === 0) return false
  const style = element.attrs.find(({ name }) => name === 'style')?.value ?? ''
  return element.attrs.some(({ name }) => name === 'hidden') || /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style)
}

function textIn(element: Element): string {
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
  return (parts.join(' ').trim() || own || '').replace(/\s+/g, ' ').trim().slice(0, 300)
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
