/**
 * Makes more labelled material: every script, and every inline script of every page, disguised by the tools that sites and attackers use.
 *
 *   node scripts/disguise.ts MANIFEST=DIR [MANIFEST=DIR …] --out DIR --tools DIR [--part tuning|test] [--recipes name,name] [--largest OCTETS] [--each N]
 *
 * --tools is a folder in which `npm install` put the tools below; they are no dependency of Assay. --each takes so many files of a lineage or
 * site under one label, the smallest digests first. OUT gets `dev.tsv` and files as `npm run eval` reads them: OUT/dev.tsv=OUT --by-variant.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'

const tools = 'javascript-obfuscator@5.8.0 js-confuser@2.1.3 jscrewit@3.1.0 terser@5.51.4 uglify-js@3.19.3 esbuild@0.28.2 webpack@5.113.0'
const { values, positionals } = parseArgs({
  options: {
    out: { type: 'string' },
    tools: { type: 'string' },
    part: { type: 'string', default: 'tuning' },
    recipes: { type: 'string' },
    largest: { type: 'string', default: '40000' },
    each: { type: 'string', default: '6' },
    labels: { type: 'string', default: 'miner,optin,pow,hash,benign,mention,clean' },
  },
  allowPositionals: true,
})
if (values.out === undefined || values.tools === undefined || positionals.length === 0) {
  console.log(`node scripts/disguise.ts MANIFEST=DIR --out DIR --tools DIR; the tools: npm install --ignore-scripts --prefix DIR ${tools}`)
  process.exit(2)
}
const out = values.out
const fromTools = createRequire(join(resolve(values.tools), 'none.js'))

type Recipe = (code: string, seed: number) => string | Promise<string>

interface Obfuscator {
  obfuscate(code: string, options: Record<string, unknown>): { getObfuscatedCode(): string }
  getOptionsByPreset(name: string): Record<string, unknown>
}
const obfuscator = (options: Record<string, unknown>, preset?: string): Recipe => {
  return (code, seed) => {
    const tool = fromTools('javascript-obfuscator') as Obfuscator
    const base = preset === undefined ? {} : tool.getOptionsByPreset(preset)
    return tool.obfuscate(code, { ...base, ...options, seed: seed + 1, target: 'browser' }).getObfuscatedCode()
  }
}
const confuser = (preset: string): Recipe => {
  return async (code) => {
    const tool = fromTools('js-confuser') as { obfuscate(code: string, options: Record<string, unknown>): Promise<{ code: string }> }
    return (await tool.obfuscate(code, { target: 'browser', preset })).code
  }
}

/** One file through webpack; its parts talk by globals, so it stays one module. */
function webpack(mode: 'production' | 'development'): Recipe {
  return async (code) => {
    const folder = mkdtempSync(join(tmpdir(), 'disguise-'))
    try {
      writeFileSync(join(folder, 'in.js'), code)
      const tool = fromTools('webpack') as (options: object, done: (error: Error | null, stats?: { hasErrors(): boolean }) => void) => void
      const { promise, resolve: done, reject } = Promise.withResolvers<undefined>()
      const output = { path: folder, filename: 'out.js' }
      tool({ mode, entry: join(folder, 'in.js'), output, target: 'web' }, (error, stats) =>
        error === null && stats?.hasErrors() === false ? done(undefined) : reject(error ?? new Error('webpack cannot read it')),
      )
      await promise
      return readFileSync(join(folder, 'out.js'), 'utf8')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const base64 = (code: string): string => Buffer.from(code, 'utf8').toString('base64')
const hex = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`

/** Words are numbered and put into a list, as the packers of the 2000s do. */
function wordPacker(code: string): string {
  const words = [...new Set(code.match(/\b\w+\b/g) ?? [])]
  const places = new Map(words.map((word, at) => [word, at.toString(36)]))
  const body = code.replace(/\b\w+\b/g, (word) => places.get(word) ?? word)
  const text = JSON.stringify(body).replace(/^"|"$/g, '').replaceAll("'", "\\'")
  return `eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};if(!''.replace(/^/,String)){while(c--){d[c.toString(a)]=k[c]||c.toString(a)}k=[function(e){return d[e]}];e=function(){return'\\\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}return p}('${text}',36,${words.length},'${words.join('|')}'.split('|'),0,{}))`
}

/** Octets xor-ed with a repeated key, undone in a loop and given to Function. */
function xorFunction(code: string, seed: number): string {
  const key = createHash('sha256').update(String(seed)).digest('hex').slice(0, 16)
  const masked = Buffer.from(code, 'utf8').map((octet, at) => octet ^ key.charCodeAt(at % key.length))
  return `(function(){var d=atob("${Buffer.from(masked).toString('base64')}"),k="${key}",s="";for(var i=0;i<d.length;i++){s+=String.fromCharCode(d.charCodeAt(i)^k.charCodeAt(i%k.length))}new Function(s)()})()`
}

function rc4(code: string, seed: number): string {
  const key = createHash('sha256').update(String(seed)).digest('hex').slice(0, 12)
  const box = Array.from({ length: 256 }, (_, at) => at)
  for (let at = 0, to = 0; at < 256; at++) {
    to = (to + box[at]! + key.charCodeAt(at % key.length)) % 256
    ;[box[at], box[to]] = [box[to]!, box[at]!]
  }
  let one = 0
  let other = 0
  const octets = Buffer.from(code, 'utf8').map((octet) => {
    one = (one + 1) % 256
    other = (other + box[one]!) % 256
    ;[box[one], box[other]] = [box[other]!, box[one]!]
    return octet ^ box[(box[one]! + box[other]!) % 256]!
  })
  return `!function(t,k){var s=[],j=0,x,r="",d=atob(t);for(var i=0;i<256;i++)s[i]=i;for(i=0;i<256;i++){j=(j+s[i]+k.charCodeAt(i%k.length))%256;x=s[i];s[i]=s[j];s[j]=x}i=j=0;for(var y=0;y<d.length;y++){i=(i+1)%256;j=(j+s[i])%256;x=s[i];s[i]=s[j];s[j]=x;r+=String.fromCharCode(d.charCodeAt(y)^s[(s[i]+s[j])%256])}(0,eval)(decodeURIComponent(escape(r)))}("${Buffer.from(octets).toString('base64')}","${key}")`
}

const strings = { stringArray: true, stringArrayThreshold: 1, stringArrayRotate: true, stringArrayShuffle: true }
const recipes: Readonly<Record<string, Recipe>> = {
  terser: async (code) => {
    const tool = fromTools('terser') as { minify(code: string, options: object): Promise<{ code?: string }> }
    return (await tool.minify(code, { toplevel: true, compress: { passes: 2 } })).code ?? ''
  },
  uglify: (code) => {
    const tool = fromTools('uglify-js') as { minify(code: string, options: object): { code?: string; error?: Error } }
    const { code: small, error } = tool.minify(code, { toplevel: true })
    if (error !== undefined) throw error
    return small ?? ''
  },
  esbuild: (code) => {
    const tool = fromTools('esbuild') as { transformSync(code: string, options: object): { code: string } }
    return tool.transformSync(code, { minify: true, format: 'iife', target: 'es2017' }).code
  },
  'webpack-production': webpack('production'),
  'webpack-development': webpack('development'),
  'obfuscator-default': obfuscator({}),
  'obfuscator-low': obfuscator({}, 'low-obfuscation'),
  'obfuscator-medium': obfuscator({}, 'medium-obfuscation'),
  'obfuscator-high': obfuscator({}, 'high-obfuscation'),
  'obfuscator-base64': obfuscator({ ...strings, stringArrayEncoding: ['base64'], splitStrings: true, splitStringsChunkLength: 5 }),
  'obfuscator-rc4': obfuscator({
    ...strings,
    stringArrayEncoding: ['rc4'],
    stringArrayWrappersCount: 3,
    stringArrayWrappersType: 'function',
    stringArrayWrappersChainedCalls: true,
  }),
  'obfuscator-flattened': obfuscator({
    ...strings,
    controlFlowFlattening: true,
    controlFlowFlatteningThreshold: 1,
    deadCodeInjection: true,
    deadCodeInjectionThreshold: 0.4,
  }),
  'obfuscator-objects': obfuscator({
    ...strings,
    transformObjectKeys: true,
    numbersToExpressions: true,
    unicodeEscapeSequence: true,
    selfDefending: true,
    debugProtection: true,
  }),
  'confuser-low': confuser('low'),
  'confuser-medium': confuser('medium'),
  'confuser-high': confuser('high'),
  jsfuck: (code) => {
    if (code.length > 3_000) throw new Error('too long for it')
    const tool = fromTools('jscrewit') as { encode(code: string, options: object): string }
    return tool.encode(code, { features: 'BROWSER', runAs: 'eval' })
  },
  'word-packer': wordPacker,
  'word-packer-twice': (code) => wordPacker(wordPacker(code)),
  'base64-eval': (code) => `eval(atob("${base64(code)}"))`,
  'base64-function': (code) => `[]["filter"]["constructor"](decodeURIComponent(escape(window["at"+"ob"]("${base64(code)}"))))()`,
  'hex-escapes': (code) => `eval("${[...Buffer.from(code, 'utf8').toString('latin1')].map(hex).join('')}")`,
  'percent-written': (code) => `document.write(unescape("%3Cscript%3E${escape(code).replaceAll('+', '%2B')}%3C/script%3E"))`,
  'character-codes': (code) => `eval(String.fromCharCode(${[...Buffer.from(code, 'utf8')].join(',')}))`,
  'xor-function': xorFunction,
  rc4,
  'blob-script': (code) =>
    `var s=document.createElement("script");s.src=URL.createObjectURL(new Blob([atob("${base64(code)}")],{type:"text/javascript"}));document.head.appendChild(s)`,
}

interface Row {
  cells: Record<string, string>
  group: string
  text: string
}

const part = (group: string): string => (createHash('sha256').update(`assay:${group}`).digest()[0]! < 102 ? 'test' : 'tuning')
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const labels = new Set(values.labels.split(','))

function rowsOf(pair: string): Row[] {
  const [manifest = '', directory = ''] = pair.split('=')
  const [header = '', ...lines] = readFileSync(manifest, 'utf8').trim().split('\n')
  const names = header.split('\t')
  const taken = new Map<string, number>()
  return lines
    .map((line) => Object.fromEntries(line.split('\t').map((cell, at) => [names[at] ?? '', cell])))
    .toSorted((a, b) => ((a['sha256'] ?? '') < (b['sha256'] ?? '') ? -1 : 1))
    .flatMap((cells): Row[] => {
      const { kind = '', label = '', sha256 = '' } = cells
      const group = (cells['lineage'] ?? cells['site'] ?? '') || (cells['repo'] ?? '')
      if ((kind !== 'js' && kind !== 'html') || !labels.has(label) || part(group) !== values.part) return []
      const path = [join(directory, label, `${sha256}.${kind}`), join(directory, kind, label, `${sha256}.${kind}`)].find(existsSync)
      const key = `${kind} ${label} ${group}`
      if (path === undefined || (taken.get(key) ?? 0) >= Number(values.each)) return []
      const text = readFileSync(path, 'utf8')
      if (text.length > Number(values.largest)) return []
      taken.set(key, (taken.get(key) ?? 0) + 1)
      return [{ cells, group, text }]
    })
}

/** Inline scripts of a page that a browser runs, with where their text stands. */
function inlineScripts(page: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  const stack: DefaultTreeAdapterTypes.ChildNode[] = [...parse(page, { sourceCodeLocationInfo: true }).childNodes]
  while (stack.length > 0) {
    const node = stack.pop()!
    if (!('attrs' in node)) continue
    stack.push(...node.childNodes)
    const place = node.sourceCodeLocation
    const type = node.attrs.find(({ name }) => name === 'type')?.value ?? ''
    if (node.tagName !== 'script' || node.attrs.some(({ name }) => name === 'src') || !/^$|javascript/.test(type)) continue
    if (place?.startTag && place.endTag && place.endTag.startOffset - place.startTag.endOffset > 20)
      found.push({ from: place.startTag.endOffset, to: place.endTag.startOffset })
  }
  return found.toSorted((a, b) => b.from - a.from)
}

async function disguised({ cells, text }: Row, recipe: Recipe): Promise<string | null> {
  const seed = Number.parseInt((cells['sha256'] ?? '0').slice(0, 7), 16)
  if (cells['kind'] === 'js') return recipe(text, seed)
  const scripts = inlineScripts(text)
  let page = text
  for (const { from, to } of scripts)
    page = `${page.slice(0, from)}${(await recipe(text.slice(from, to), seed)).replaceAll('</script', '<\\/script')}${page.slice(to)}`
  return scripts.length === 0 ? null : page
}

const wanted = values.recipes?.split(',') ?? Object.keys(recipes)
const columns = ['kind', 'label', 'family', 'lineage', 'variant', 'repo', 'path', 'sha256', 'original']
const table = [columns.join('\t')]
const rows = positionals.flatMap(rowsOf)
for (const name of wanted) {
  const recipe = recipes[name]
  if (recipe === undefined) throw new Error(`no recipe ${name}; there are ${Object.keys(recipes).join(', ')}`)
  let made = 0
  let refused = 0
  for (const row of rows) {
    try {
      const text = await disguised(row, recipe)
      if (text === null || text === '') continue
      const { kind = '', label = '', family = '', repo = '', path = '', sha256: original = '' } = row.cells
      const sha256 = digestOf(text)
      mkdirSync(join(out, label), { recursive: true })
      writeFileSync(join(out, label, `${sha256}.${kind}`), text)
      table.push([kind, label, family, row.group, name, repo, path, sha256, original].join('\t'))
      made++
    } catch {
      // What a tool cannot read (modules, templates, errors in the source), it does not disguise.
      refused++
    }
  }
  console.log(`${name}: ${made} made, ${refused} refused`)
  // After each recipe: some take minutes.
  writeFileSync(join(out, 'dev.tsv'), `${table.join('\n')}\n`)
}
