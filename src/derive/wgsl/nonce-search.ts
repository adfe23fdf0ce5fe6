/**
 * A search for a nonce in WGSL, by structure and not by names: an entry point counts from its invocation, compares something that it computed
 * with a bound, and where that holds writes the counter into memory that the page reads back
 * (https://www.w3.org/TR/WGSL/#storage-class, #builtin-values).
 */

interface FunctionText {
  name: string
  parameters: string
  body: string
  /** Offset of the body in the source. */
  at: number
}

const maxFunctions = 400
const maxConditions = 2_000
/** A search stores its find at once; a body longer than this is a program. */
const maxGuarded = 4_000

/** Offset of the comparison, or null. `source` is without comments. */
export function nonceSearch(source: string): number | null {
  if (!/@compute\b/.test(source)) return null
  const written = new Set([...source.matchAll(/\bvar\s*<\s*storage\s*,\s*(?:read_write|write)\s*>\s*(\w+)/g)].map((match) => match[1]!))
  if (written.size === 0) return null
  const functions = functionsOf(source)
  // Which function is handed the counter: the entry point knows its invocation; what it calls with it knows it too.
  const counters = new Map<string, Set<string>>()
  for (const fn of functions) {
    const own = new Set(
      [
        ...fn.parameters.matchAll(
          /@builtin\s*\(\s*(?:global_invocation_id|workgroup_id|local_invocation_index|local_invocation_id)\s*\)\s*(\w+)/g,
        ),
      ].map((match) => match[1]!),
    )
    counters.set(fn.name, own)
  }
  for (let round = 0; round < 3; round++) {
    for (const fn of functions) {
      const counting = countersIn(fn.body, counters.get(fn.name) ?? new Set())
      counters.set(fn.name, counting)
      for (const callee of functions) handDown(fn.body, counting, callee, counters)
    }
  }
  for (const fn of functions) {
    const counting = counters.get(fn.name)!
    if (counting.size === 0) continue
    const locals = new Set([...fn.body.matchAll(/\b(?:let|var)\s+(\w+)/g)].map((match) => match[1]!))
    const found = guardedStore(fn, counting, locals, written)
    if (found !== null) return found
  }
  return null
}

function functionsOf(source: string): FunctionText[] {
  const functions: FunctionText[] = []
  for (const match of source.matchAll(/\bfn\s+(\w+)\s*\(/g)) {
    if (functions.length >= maxFunctions) break
    const open = match.index + match[0].length - 1
    const close = closing(source, open, '(', ')')
    const start = close === null ? -1 : source.indexOf('{', close)
    const end = start < 0 ? null : closing(source, start, '{', '}')
    if (close === null || end === null) continue
    functions.push({ name: match[1]!, parameters: source.slice(open + 1, close), body: source.slice(start + 1, end), at: start + 1 })
  }
  return functions
}

/** Offset of the bracket that closes the one at `open`. */
function closing(text: string, open: number, opener: string, closer: string): number | null {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === opener) depth++
    else if (text[at] === closer && --depth === 0) return at
  }
  return null
}

/** The counter's names: declared by arithmetic on a name of it, without a call that could have hashed it. */
function countersIn(body: string, known: ReadonlySet<string>): Set<string> {
  const names = new Set(known)
  for (const match of body.matchAll(/\b(?:let|var)\s+(\w+)\s*(?::[^=;]{1,80})?=\s*([^;]{1,400});/g)) {
    const expression = match[2]!
    if (mentions(expression, names) && !/\b(?!u32|i32|vec[234])\w+\s*\(/.test(expression)) names.add(match[1]!)
  }
  return names
}

/** Parameters of `callee` that are called with a counter are counters of its own. */
function handDown(body: string, counting: ReadonlySet<string>, callee: FunctionText, counters: Map<string, Set<string>>): void {
  if (counting.size === 0) return
  const parameters = callee.parameters.split(',').map((text) => /\b(\w+)\s*:/.exec(text)?.[1])
  for (const match of body.matchAll(new RegExp(`\\b${callee.name}\\s*\\(([^()]{0,300})\\)`, 'g'))) {
    match[1]!.split(',').forEach((argument, index) => {
      const parameter = parameters[index]
      if (parameter !== undefined && counting.has(/^\s*(\w+)(?:\.[xyz])?\s*$/.exec(argument)?.[1] ?? ''))
        counters.set(callee.name, new Set([...(counters.get(callee.name) ?? []), parameter]))
    })
  }
}

function guardedStore(
  fn: FunctionText,
  counting: ReadonlySet<string>,
  locals: ReadonlySet<string>,
  written: ReadonlySet<string>,
): number | null {
  let conditions = 0
  for (const match of fn.body.matchAll(/\bif\b/g)) {
    if (++conditions > maxConditions) return null
    const start = fn.body.indexOf('{', match.index)
    if (start < 0 || start - match.index > 600) continue
    const condition = fn.body.slice(match.index + 2, start)
    if (!/<|>|==/.test(condition)) continue
    // The guard of an array's end compares the counter itself; a search compares what it made of it.
    const compared = [...condition.matchAll(/[A-Za-z_]\w*/g)].map((word) => word[0])
    if (!compared.some((name) => locals.has(name) && !counting.has(name)) && !/\b\w+\s*\([^()]*\)/.test(condition)) continue
    const end = closing(fn.body, start, '{', '}')
    if (end === null || end - start > maxGuarded) continue
    if (storesCounter(fn.body.slice(start + 1, end), counting, written)) return fn.at + match.index
  }
  return null
}

function storesCounter(block: string, counting: ReadonlySet<string>, written: ReadonlySet<string>): boolean {
  const stores = [
    ...[...block.matchAll(/\b(\w+)((?:\s*\[[^\]]*\]|\.\w+)*)\s*=(?!=)\s*([^;]{1,200});/g)].map((match) => [match[1]!, match[3]!] as const),
    ...[...block.matchAll(/\batomic(?:Store|Exchange|Min|Max)\s*\(\s*&\s*(\w+)[^,]*,\s*([^;]{1,200})\)/g)].map(
      (match) => [match[1]!, match[2]!] as const,
    ),
  ]
  return stores.some(([to, value]) => written.has(to) && isCounter(value, counting))
}

/** The counter itself, or arithmetic on it: not something read at its place. */
function isCounter(expression: string, counting: ReadonlySet<string>): boolean {
  return mentions(expression.replace(/\[[^\]]*\]/g, ''), counting) && !/\b(?!u32|i32)\w+\s*\(/.test(expression)
}

function mentions(expression: string, names: ReadonlySet<string>): boolean {
  return [...expression.matchAll(/[A-Za-z_]\w*/g)].some((word) => names.has(word[0]))
}
