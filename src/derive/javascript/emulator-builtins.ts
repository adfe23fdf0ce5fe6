import { globalCall } from './fold.ts'
import { Arr, Exhausted, type Native, native, numberOf, Obj, Outside, Rx, textOf, truthy, type Value } from './emulator-values.ts'

const maxText = 8 * 1024 * 1024
const maxItems = 400_000

export interface Machine {
  invoke(callee: Value, self: Value, values: Value[]): Value
  spend(steps: number): void
}

function bounded(text: string): string {
  if (text.length > maxText) throw new Exhausted('a text of the page grew too long')
  return text
}

const optional = (value: Value): number | undefined => (value === undefined ? undefined : numberOf(value))

/** Methods whose work grows with the text, or the list: one call of the host must not be one step, however long that is. */
const readsText: ReadonlySet<string> = new Set([
  'indexOf',
  'lastIndexOf',
  'includes',
  'search',
  'toUpperCase',
  'toLowerCase',
  'toLocaleUpperCase',
  'toLocaleLowerCase',
  'trim',
  'normalize',
  'concat',
])
const readsList: ReadonlySet<string> = new Set(['indexOf', 'lastIndexOf', 'includes', 'fill', 'splice'])

/** Methods of strings, as host functions over host strings. */
export function textMethod(machine: Machine, text: string, name: string): Native | null {
  if (readsText.has(name)) machine.spend(text.length >> 8)
  switch (name) {
    case 'charCodeAt':
      return (_, [at]) => text.charCodeAt(numberOf(at ?? 0))
    case 'codePointAt':
      return (_, [at]) => text.codePointAt(numberOf(at ?? 0))
    case 'charAt':
      return (_, [at]) => text.charAt(numberOf(at ?? 0))
    case 'at':
      return (_, [at]) => text.at(numberOf(at ?? 0))
    case 'indexOf':
      return (_, [part, from]) => text.indexOf(textOf(part), optional(from))
    case 'lastIndexOf':
      return (_, [part]) => text.lastIndexOf(textOf(part))
    case 'includes':
      return (_, [part]) => text.includes(textOf(part))
    case 'startsWith':
      return (_, [part, from]) => text.startsWith(textOf(part), optional(from))
    case 'endsWith':
      return (_, [part]) => text.endsWith(textOf(part))
    case 'slice':
      return (_, [from, to]) => text.slice(optional(from), optional(to))
    case 'substring':
      return (_, [from, to]) => text.substring(numberOf(from ?? 0), optional(to))
    case 'substr':
      return (_, [from, size]) => {
        const rest = text.slice(numberOf(from ?? 0))
        return size === undefined ? rest : rest.slice(0, Math.max(0, numberOf(size)))
      }
    case 'toLowerCase':
    case 'toLocaleLowerCase':
      return () => text.toLowerCase()
    case 'toUpperCase':
    case 'toLocaleUpperCase':
      return () => text.toUpperCase()
    case 'trim':
      return () => text.trim()
    case 'concat':
      return (_, values) => bounded(text + values.map(textOf).join(''))
    case 'repeat':
      return (_, [count]) => {
        const times = Math.max(0, Math.trunc(numberOf(count) || 0))
        if (times * text.length > maxText) throw new Exhausted('a text of the page grew too long')
        return text.repeat(times)
      }
    case 'padStart':
      return (_, [size, fill]) => text.padStart(Math.min(numberOf(size), maxText), fill === undefined ? ' ' : textOf(fill))
    case 'padEnd':
      return (_, [size, fill]) => text.padEnd(Math.min(numberOf(size), maxText), fill === undefined ? ' ' : textOf(fill))
    case 'split':
      return (_, [by, limit]) => {
        machine.spend(text.length >> 4)
        const parts =
          by === undefined ? [text] : by instanceof Rx ? text.split(by.regex, optional(limit)) : text.split(textOf(by), optional(limit))
        return new Arr(parts.slice(0, maxItems))
      }
    case 'replace':
    case 'replaceAll':
      return (_, [what, by]) => replaced(machine, text, name, what, by)
    case 'match':
      return (_, [what]) => {
        machine.spend(text.length >> 4)
        const found = what instanceof Rx ? text.match(what.regex) : text.match(textOf(what).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        return found === null ? null : new Arr([...found])
      }
    case 'search':
      return (_, [what]) => (what instanceof Rx ? text.search(what.regex) : text.indexOf(textOf(what)))
    case 'toString':
    case 'valueOf':
      return () => text
    default:
      return null
  }
}

function replaced(machine: Machine, text: string, name: string, what: Value, by: Value): Value {
  machine.spend(text.length >> 4)
  const pattern = what instanceof Rx ? what.regex : textOf(what)
  if (by instanceof Obj && by.call) {
    const call = (...found: unknown[]): string => {
      machine.spend(4)
      return textOf(
        machine.invoke(
          by,
          undefined,
          found.filter((item): item is string | number | undefined => typeof item !== 'object'),
        ),
      )
    }
    return bounded(name === 'replaceAll' && typeof pattern === 'string' ? text.replaceAll(pattern, call) : text.replace(pattern, call))
  }
  const plain = textOf(by)
  return bounded(name === 'replaceAll' && typeof pattern === 'string' ? text.replaceAll(pattern, plain) : text.replace(pattern, plain))
}

export function arrayMethod(machine: Machine, array: Arr, name: string): Native | null {
  const { items } = array
  if (readsList.has(name)) machine.spend(items.length >> 6)
  const each = (fn: Value, run: (result: Value, item: Value, at: number) => boolean): void => {
    for (let at = 0; at < items.length; at++) {
      machine.spend(2)
      if (!run(machine.invoke(fn, undefined, [items[at], at, array]), items[at], at)) return
    }
  }
  /** Copies cost steps by their length: a list that is joined to itself doubles with each step. */
  const grow = (count: number): void => {
    if (count > maxItems) throw new Exhausted('a list of the page grew too long')
    machine.spend(count >> 4)
  }
  switch (name) {
    case 'push':
      return (_, values) => {
        if (items.length + values.length > maxItems) throw new Exhausted('a list of the page grew too long')
        for (const value of values) items.push(value)
        return items.length
      }
    case 'pop':
      return () => items.pop()
    case 'shift':
      return () => (machine.spend(items.length >> 6), items.shift())
    case 'unshift':
      return (_, values) => (grow(items.length + values.length), items.unshift(...values))
    case 'slice':
      return (_, [from, to]) => (grow(items.length), new Arr(items.slice(optional(from), optional(to))))
    case 'splice':
      return (_, [from, count, ...added]) =>
        new Arr(items.splice(numberOf(from), count === undefined ? items.length : numberOf(count), ...added))
    case 'concat':
      return (_, values) => {
        grow(values.reduce((sum: number, value) => sum + (value instanceof Arr ? value.items.length : 1), items.length))
        return new Arr([...items, ...values.flatMap((value) => (value instanceof Arr ? value.items : [value]))])
      }
    case 'join':
      return (_, [by]) => {
        machine.spend(items.length >> 2)
        return bounded(
          items.map((item) => (item === null || item === undefined ? '' : textOf(item))).join(by === undefined ? ',' : textOf(by)),
        )
      }
    case 'reverse':
      return () => (grow(items.length), items.reverse(), array)
    case 'indexOf':
      return (_, [what]) => items.indexOf(what)
    case 'lastIndexOf':
      return (_, [what]) => items.lastIndexOf(what)
    case 'includes':
      return (_, [what]) => items.includes(what)
    case 'fill':
      return (_, [what]) => (items.fill(what), array)
    case 'toString':
      return () => textOf(array)
    case 'flat':
      return () => {
        grow(items.reduce((sum: number, item) => sum + (item instanceof Arr ? item.items.length : 1), 0))
        return new Arr(items.flatMap((item) => (item instanceof Arr ? item.items : [item])))
      }
    case 'entries':
      return () => (grow(items.length * 4), new Arr(items.map((item, at) => new Arr([at, item]))))
    case 'sort':
      return (_, [fn]) => {
        machine.spend(items.length * 8)
        items.sort((a, b) => (fn instanceof Obj ? numberOf(machine.invoke(fn, undefined, [a, b])) || 0 : textOf(a) < textOf(b) ? -1 : 1))
        return array
      }
    case 'map':
      return (_, [fn]) => {
        const out: Value[] = []
        each(fn, (result) => out.push(result) > 0)
        return new Arr(out)
      }
    case 'forEach':
      return (_, [fn]) => {
        each(fn, () => true)
        return undefined
      }
    case 'filter':
      return (_, [fn]) => {
        const out: Value[] = []
        each(fn, (result, item) => (truthy(result) && out.push(item), true))
        return new Arr(out)
      }
    case 'some':
      return (_, [fn]) => {
        let found = false
        each(fn, (result) => !(found = truthy(result)))
        return found
      }
    case 'every':
      return (_, [fn]) => {
        let all = true
        each(fn, (result) => (all = truthy(result)))
        return all
      }
    case 'find':
    case 'findIndex':
      return (_, [fn]) => {
        let found: Value = name === 'find' ? undefined : -1
        each(fn, (result, item, at) => {
          if (truthy(result)) found = name === 'find' ? item : at
          return !truthy(result)
        })
        return found
      }
    case 'reduce':
      return (_, [fn, first]) => {
        let value = first
        for (const [at, item] of items.entries())
          value = at === 0 && first === undefined ? item : machine.invoke(fn, undefined, [value, item, at, array])
        return value
      }
    default:
      return null
  }
}

/** Names that every script finds: pure functions only. */
export function globals(): Map<string, Value> {
  const names = new Map<string, Value>()
  for (const name of ['atob', 'unescape', 'decodeURIComponent', 'decodeURI', 'parseInt'] as const) {
    names.set(
      name,
      native(
        (_, [first, second]) =>
          globalCall(name, [
            typeof first === 'string' || typeof first === 'number' ? first : textOf(first),
            typeof second === 'number' ? second : undefined,
          ]) ?? (name === 'parseInt' ? Number.NaN : ''),
      ),
    )
  }
  names.set(
    'btoa',
    native((_, [first]) => Buffer.from(textOf(first), 'latin1').toString('base64')),
  )
  names.set(
    'encodeURIComponent',
    native((_, [first]) => encodeURIComponent(textOf(first).toWellFormed())),
  )
  names.set(
    'escape',
    native((_, [first]) => encodeURIComponent(textOf(first).toWellFormed())),
  )
  names.set(
    'parseFloat',
    native((_, [first]) => Number.parseFloat(textOf(first))),
  )
  names.set(
    'isNaN',
    native((_, [first]) => Number.isNaN(numberOf(first))),
  )
  names.set('NaN', Number.NaN)
  names.set('Infinity', Number.POSITIVE_INFINITY)
  names.set('undefined', undefined)
  const text = native((_, [first]) => (first === undefined ? '' : textOf(first)))
  text.members.set(
    'fromCharCode',
    native((_, values) => String.fromCharCode(...values.slice(0, 60_000).map(numberOf))),
  )
  text.members.set(
    'fromCodePoint',
    native((_, values) =>
      values
        .slice(0, 60_000)
        .map((value) => String.fromCodePoint(Math.min(0x10ffff, Math.max(0, Math.trunc(numberOf(value)) || 0))))
        .join(''),
    ),
  )
  names.set('String', text)
  names.set(
    'Number',
    native((_, [first]) => numberOf(first)),
  )
  names.set(
    'Boolean',
    native((_, [first]) => truthy(first)),
  )
  const list = native(
    (_, values) =>
      new Arr(
        values.length === 1 && typeof values[0] === 'number'
          ? new Array<Value>(Math.min(maxItems, Math.max(0, Math.trunc(values[0])))).fill(undefined)
          : values,
      ),
  )
  list.members.set(
    'isArray',
    native((_, [first]) => first instanceof Arr),
  )
  list.members.set(
    'from',
    native((_, [first]) => new Arr(first instanceof Arr ? [...first.items] : typeof first === 'string' ? [...first] : [])),
  )
  names.set('Array', list)
  for (const name of ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Int8Array']) {
    names.set(
      name,
      native(
        (_, [first]) =>
          new Arr(
            first instanceof Arr
              ? [...first.items]
              : new Array<Value>(Math.min(maxItems, Math.max(0, Math.trunc(numberOf(first)) || 0))).fill(0),
          ),
      ),
    )
  }
  const object = native((_, [first]) => (first instanceof Obj ? first : new Obj()))
  object.members.set(
    'keys',
    native(
      (_, [first]) =>
        new Arr(first instanceof Arr ? first.items.map((__, at) => String(at)) : first instanceof Obj ? [...first.members.keys()] : []),
    ),
  )
  object.members.set(
    'create',
    native((_, [prototype]) => {
      const made = new Obj()
      if (prototype instanceof Obj) made.proto = prototype
      return made
    }),
  )
  object.members.set(
    'assign',
    native((_, [to, ...from]) => {
      if (to instanceof Obj)
        for (const item of from) if (item instanceof Obj) for (const [key, value] of item.members) to.members.set(key, value)
      return to
    }),
  )
  object.members.set(
    'defineProperty',
    native((_, [to, key, descriptor]) => {
      if (to instanceof Obj && descriptor instanceof Obj) to.members.set(textOf(key), descriptor.members.get('value'))
      return to
    }),
  )
  object.members.set(
    'freeze',
    native((_, [first]) => first),
  )
  names.set('Object', object)
  const json = new Obj()
  json.members.set(
    'parse',
    native((_, [first]) => fromHost(parse(textOf(first)), 0)),
  )
  json.members.set(
    'stringify',
    native((_, [first]) => JSON.stringify(toHost(first, 0)) ?? undefined),
  )
  names.set('JSON', json)
  const math = new Obj()
  for (const name of [
    'floor',
    'ceil',
    'round',
    'abs',
    'min',
    'max',
    'pow',
    'sqrt',
    'sin',
    'cos',
    'log',
    'trunc',
    'sign',
    'imul',
    'exp',
    'tan',
  ] as const) {
    const fn: (...numbers: number[]) => number = Reflect.get(Math, name)
    math.members.set(
      name,
      native((_, values) => fn(...values.slice(0, 1_000).map(numberOf))),
    )
  }
  // The same draw each time: a result that could differ from run to run could not be kept.
  math.members.set(
    'random',
    native(() => 0.42),
  )
  math.members.set('PI', Math.PI)
  names.set('Math', math)
  names.set(
    'RegExp',
    native((_, [source, flags]) =>
      source instanceof Rx ? source : new Rx(regex(textOf(source), flags === undefined ? '' : textOf(flags))),
    ),
  )
  for (const [name, method] of [
    ['TextDecoder', 'decode'],
    ['TextEncoder', 'encode'],
  ] as const) {
    const made = new Obj()
    made.members.set(
      method,
      native((_, [first]) =>
        method === 'decode'
          ? first instanceof Arr
            ? Buffer.from(first.items.map((item) => numberOf(item) & 255)).toString('utf8')
            : ''
          : new Arr([...Buffer.from(textOf(first ?? '').toWellFormed(), 'utf8')]),
      ),
    )
    names.set(
      name,
      native(() => made),
    )
  }
  const date = native(() => 1_500_000_000_000)
  date.members.set(
    'now',
    native(() => 1_500_000_000_000),
  )
  names.set('Date', date)
  // What is written in six characters takes its letters from `function String() { [native code] }`.
  for (const [name, value] of names) if (value instanceof Obj && value.isNative) value.text = `function ${name}() { [native code] }`
  return names
}

export function regex(source: string, flags: string): RegExp {
  try {
    return new RegExp(source.slice(0, 2_000), flags.replace(/[^dgimsuvy]/g, ''))
  } catch {
    return /$^/
  }
}

export function regexMethod(rx: Rx, name: string): Native | null {
  switch (name) {
    case 'test':
      return (_, [text]) => rx.regex.test(textOf(text))
    case 'exec':
      return (_, [text]) => {
        const found = rx.regex.exec(textOf(text))
        return found === null ? null : new Arr([...found])
      }
    case 'toString':
      return () => String(rx.regex)
    default:
      return null
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function fromHost(value: unknown, depth: number): Value {
  if (depth > 32) return undefined
  if (Array.isArray(value)) return new Arr(value.slice(0, maxItems).map((item) => fromHost(item, depth + 1)))
  if (typeof value === 'object' && value !== null) {
    const out = new Obj()
    for (const [key, item] of Object.entries(value)) out.members.set(key, fromHost(item, depth + 1))
    return out
  }
  return value as Value
}

/** For JSON and for what is written down: objects of the browser come out as null. */
export function toHost(value: Value, depth: number): unknown {
  if (depth > 6 || value instanceof Outside || (value instanceof Obj && value.call)) return null
  if (value instanceof Arr) return value.items.slice(0, 1_000).map((item) => toHost(item, depth + 1))
  if (value instanceof Obj) return Object.fromEntries([...value.members].slice(0, 200).map(([key, item]) => [key, toHost(item, depth + 1)]))
  return typeof value === 'bigint' ? Number(value) : value
}
