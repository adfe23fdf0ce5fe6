import { codeReferences, decodeHtml, type Reference, scanHtml } from './html-references.ts'

/** What a document says of itself, and what it names: its markup, that of documents inside it, and strings of its inline scripts. */
export interface DocumentNames {
  title: string
  text: string
  references: Reference[]
  code: string[]
  baseUrl: string | null
  savedFrom: string | null
  savedAt: string | null
}

const maxDocumentBytes = 16 * 1024 * 1024
const maxScriptBytes = 8 * 1024 * 1024

export function documentNames(bytes: Uint8Array, contentType: string): DocumentNames {
  const { references, inlineScripts, srcdocs, title, text, baseUrl, savedFrom, savedAt } = scanHtml(
    decodeHtml(bytes.subarray(0, maxDocumentBytes), contentType),
  )
  const nested = srcdocs.map((srcdoc) => scanHtml(srcdoc.slice(0, maxDocumentBytes)))
  return {
    title,
    text,
    baseUrl,
    savedFrom,
    savedAt,
    references: [...references, ...nested.flatMap((inner) => inner.references)],
    code: [...inlineScripts, ...nested.flatMap((inner) => inner.inlineScripts)].flatMap((source) =>
      codeReferences(source.slice(0, maxScriptBytes)),
    ),
  }
}

/** A script that is longer is read by its beginning. */
export function scriptNames(bytes: Uint8Array): string[] {
  return codeReferences(Buffer.from(bytes.subarray(0, maxScriptBytes)).toString('utf8'))
}

/** What was read, or why it was not. */
export type Scan<T> = { status: 'read'; value: T } | { status: 'unread'; reason: string }

export function scanned<T>(read: () => T): Scan<T> {
  try {
    return { status: 'read', value: read() }
  } catch (error) {
    return { status: 'unread', reason: error instanceof RangeError ? 'nested too deeply' : 'it could not be read' }
  }
}
