import fc from 'fast-check'
import type { Random } from './random.ts'

/** One value of a generator of fast-check, for a seed. */
export function draw<T>(arbitrary: fc.Arbitrary<T>, random: Random): T {
  return fc.sample(arbitrary, { numRuns: 1, seed: random.below(0x7fff_ffff) })[0]!
}

/** Any text at all, lone surrogates too. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map((units) => String.fromCharCode(...units)),
)
export const anyOctets: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 600 })
export const json: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.jsonValue({ depthSize: 'large' }).map((value) => JSON.stringify(value)),
)

/** Words of a format in any order: much of it is nearly right. */
export const words = (tokens: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...tokens) }, { weight: 1, arbitrary: fc.string({ maxLength: 12 }) }), {
      maxLength: 80,
    })
    .map((parts) => parts.join(''))

const leaf: readonly string[] = [
  '1',
  '0x1ffff0',
  '"a"',
  '`${x}`',
  'x',
  'window',
  '/a+/g',
  'null',
  '[]',
  '{}',
  'this',
  '1n',
  '"\\x6a\\u{0}"',
]
/** Expressions and statements that parse, in any nesting: the emulator and the folding see what they would not be sent by accident. */
export const script: fc.Arbitrary<string> = fc.letrec<{ e: string; s: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(...leaf),
    fc
      .tuple(tie('e'), fc.constantFrom('+', '-', '*', '^', '>>>', '<<', '**', ',', '&&', '??', 'in', 'instanceof', '=='), tie('e'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => `(${a})[${b}]`),
    fc
      .tuple(
        tie('e'),
        fc.constantFrom(
          '.length',
          '.split("")',
          '.join("")',
          '.constructor',
          '.replace(/./g,y=>y)',
          '.fromCharCode(97)',
          '.repeat(1e9)',
          '.toString(36)',
        ),
      )
      .map(([a, rest]) => `(${a})${rest}`),
    tie('e').map((a) => `(function(x){return ${a}})(${a})`),
    fc
      .tuple(
        fc.constantFrom(
          'eval',
          'atob',
          'unescape',
          'new Function',
          'new Worker',
          'new WebSocket',
          'String.fromCharCode',
          'parseInt',
          'new Array',
          'new RegExp',
          'setTimeout',
          'Object.keys',
          'JSON.parse',
        ),
        tie('e'),
      )
      .map(([f, a]) => `${f}(${a})`),
    tie('e').map((a) => `[...[${a}], ${a}]`),
    tie('e').map((a) => `({ [${a}]: ${a}, get x() { return ${a} } })`),
    tie('e').map((a) => `(class extends Object { static #p = ${a}; m() { return super.m(${a}) } })`),
  ),
  s: fc.oneof(
    { maxDepth: 5 },
    tie('e').map((a) => `var x = ${a};`),
    tie('e').map((a) => `x = ${a};`),
    fc.tuple(tie('e'), tie('s')).map(([a, b]) => `for (var i = 0; i < (${a}); i++) { ${b} }`),
    fc.tuple(tie('e'), tie('s')).map(([a, b]) => `while (${a}) { ${b} if (x) break }`),
    fc.tuple(tie('s'), tie('s')).map(([a, b]) => `try { ${a} } catch { ${b} } finally { ${a} }`),
    fc.tuple(tie('e'), tie('s')).map(([a, b]) => `switch (${a}) { case 1: ${b} default: ${b} }`),
    fc.tuple(tie('s'), tie('s')).map(([a, b]) => `${a}\n${b}`),
    tie('s').map((a) => `function f() { ${a} return f() } f();`),
  ),
})).s
