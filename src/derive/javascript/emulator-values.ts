/** Values of the emulator. Primitives are the host's own; objects never are, so that nothing of the host can be reached. */
export type Value = string | number | boolean | null | undefined | bigint | Obj

export type Native = (self: Value, values: Value[]) => Value

export class Obj {
  /** Made when it is asked for: most objects of a run are names of the browser that nobody puts anything on. */
  #members: Map<string, Value> | null = null
  proto: Obj | null = null
  call: Native | null = null
  /** `new` makes an object and calls with it; classes and functions of the page only. */
  isConstructor = false
  isNative = false
  /** Source of a function, as `toString` gives it: packers test their own text. */
  text = ''

  get members(): Map<string, Value> {
    return (this.#members ??= new Map())
  }
}

export class Arr extends Obj {
  items: Value[]

  constructor(items: Value[]) {
    super()
    this.items = items
  }
}

export class Rx extends Obj {
  readonly regex: RegExp

  constructor(regex: RegExp) {
    super()
    this.regex = regex
  }
}

/** Something of the browser: it has a name, swallows everything, and what is done to it is written down. */
export class Outside extends Obj {
  readonly path: string

  constructor(path: string) {
    super()
    this.path = path.length > 300 ? path.slice(0, 300) : path
  }
}

/** What a page's `throw` carries through the host. */
export class Thrown extends Error {
  readonly value: Value

  constructor(value: Value) {
    super('thrown by the page')
    this.value = value
  }
}

/** The budget of steps or of memory is used up. */
export class Exhausted extends Error {}

export function native(call: Native, name = ''): Obj {
  const fn = new Obj()
  fn.call = call
  fn.isNative = true
  fn.text = `function ${name}() { [native code] }`
  return fn
}

export function truthy(value: Value): boolean {
  return value instanceof Obj || Boolean(value)
}

export function textOf(value: Value): string {
  if (value instanceof Arr)
    return value.items
      .slice(0, 100_000)
      .map((item) => (item === null || item === undefined ? '' : item instanceof Arr && item.items.includes(value) ? '' : textOf(item)))
      .join(',')
  if (value instanceof Rx) return String(value.regex)
  if (value instanceof Outside) return `[object ${value.path}]`
  if (value instanceof Obj) return value.call ? value.text : '[object Object]'
  return String(value)
}

export function numberOf(value: Value): number {
  if (value instanceof Arr) return value.items.length > 1 ? Number.NaN : Number(textOf(value))
  if (value instanceof Obj) return Number.NaN
  return typeof value === 'bigint' ? Number(value) : Number(value)
}
