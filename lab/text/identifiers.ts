import type { Random } from '../random.ts'

const reserved = new Set(
  'do if in for let new try var case else enum eval null this true void with await break catch class const false super throw while yield delete export import public return static switch typeof default extends finally package private continue debugger function arguments interface protected implements instanceof undefined NaN Infinity self top name of get set async'.split(
    ' ',
  ),
)
const first = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'
const rest = `${first}0123456789`

export type NameStyle = 'short' | 'hex' | 'words'

/** A source of fresh names in one style: as a minifier, as an obfuscator, or as a person writes them. */
export function identifiers(random: Random, style: NameStyle = 'short'): () => string {
  const taken = new Set<string>()
  let length = 1
  let misses = 0
  return () => {
    for (;;) {
      const name =
        style === 'short' ? random.text(1, first) + random.text(length - 1, rest) : style === 'hex' ? `_0x${random.hex(6)}` : camel(random)
      if (!taken.has(name) && !reserved.has(name)) {
        taken.add(name)
        return name
      }
      if (++misses % 12 === 0) length++
    }
  }
}

const nouns =
  'item node entry page frame value state token cursor buffer chunk range index layer panel widget model view block record field source target signal bridge handle group order price stock review banner slide menu header footer gallery photo topic author comment reply session visitor device screen option choice theme'.split(
    ' ',
  )
const verbs =
  'load make open take read push pull send find keep hold mark bind wrap pack sort move join scan fetch apply build check clear close count merge parse queue reset start split track update'.split(
    ' ',
  )

function camel(random: Random): string {
  const noun = random.pick(nouns)
  return `${random.pick(verbs)}${noun.charAt(0).toUpperCase()}${noun.slice(1)}${random.chance(0.3) ? random.int(2, 99) : ''}`
}

const hostWords =
  'shop garden river maple north blue silver green stone cloud paper corner daily city metro travel photo music film sport recipe kitchen home auto bike house market craft studio school health forum radio planet harbor coast valley hill bridge tower pixel byte cable lemon olive apple cherry amber coral'.split(
    ' ',
  )

/** A registrable name under `.lab`: two words and four random letters or digits. */
export function hostName(random: Random, hint?: string): string {
  return `${hint ?? `${random.pick(hostWords)}${random.chance(0.5) ? random.pick(hostWords) : ''}`}-${random.text(5, 'abcdefghijklmnopqrstuvwxyz0123456789')}.lab`
}

export function fileName(random: Random, extension: string): string {
  const style = random.int(0, 3)
  const stem =
    style === 0
      ? random.pick(nouns)
      : style === 1
        ? `${random.pick(verbs)}-${random.pick(nouns)}`
        : style === 2
          ? `${random.pick(nouns)}.${random.hex(8)}`
          : random.hex(10)
  return `${stem}${random.chance(0.4) && extension === 'js' ? '.min' : ''}.${extension}`
}

export function pathSegment(random: Random): string {
  return random.pick([random.pick(nouns), random.pick(hostWords), `${random.pick(verbs)}${random.int(1, 9)}`, random.hex(6)])
}
