/** What a web server says of a file by its ending; a saved page or a folder has no headers. */
const byEnding: Record<string, string> = {
  html: 'text/html',
  htm: 'text/html',
  xhtml: 'application/xhtml+xml',
  shtml: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  cjs: 'text/javascript',
  wasm: 'application/wasm',
  wat: 'text/plain',
  wgsl: 'text/wgsl',
  json: 'application/json',
  map: 'application/json',
  css: 'text/css',
  svg: 'image/svg+xml',
  xml: 'application/xml',
  txt: 'text/plain',
  webmanifest: 'application/manifest+json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  pdf: 'application/pdf',
}

/** Chrome's "save complete page" puts `.download` behind a script's name. Null where the ending says nothing. */
export function mediaTypeOf(fileName: string): string | null {
  const ending = /\.([A-Za-z0-9]{1,12})(?:\.download)?$/.exec(fileName)?.[1]?.toLowerCase()
  return ending === undefined ? null : (byEnding[ending] ?? null)
}

export function isHtml(mimeType: string): boolean {
  return mimeType === 'text/html' || mimeType === 'application/xhtml+xml'
}

/** https://mimesniff.spec.whatwg.org/#javascript-mime-type */
export function isJavaScript(mimeType: string): boolean {
  return /^(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script(?:1\.[0-5])?$/.test(mimeType)
}

export function isWasm(mimeType: string, body: Uint8Array | null): boolean {
  return mimeType === 'application/wasm' || (body !== null && body[0] === 0 && body[1] === 0x61 && body[2] === 0x73 && body[3] === 0x6d)
}

/** CDP's resource type for a media type, where the archive does not say it. */
export function resourceTypeOf(mimeType: string): string {
  if (isHtml(mimeType)) return 'document'
  if (isJavaScript(mimeType)) return 'script'
  if (mimeType === 'text/css') return 'stylesheet'
  const [top] = mimeType.split('/', 1)
  if (top === 'image') return 'image'
  if (top === 'font' || mimeType.includes('font-')) return 'font'
  if (top === 'audio' || top === 'video') return 'media'
  return 'other'
}
