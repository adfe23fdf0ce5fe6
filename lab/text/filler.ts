import type { Random } from '../random.ts'
import { identifiers } from './identifiers.ts'

/** Script text of about `size` octets as a bundler writes it: modules of small functions, some of which run when it loads. */
export function fillerScript(random: Random, size: number, o: { readable?: boolean } = {}): string {
  const name = identifiers(random, o.readable ? 'words' : 'short')
  const parts: string[] = []
  let length = 0
  const ends = o.readable ? ';\n' : ';'
  while (length < size) {
    const [f, g, h, k] = [name(), name(), name(), name()]
    const part = random.pick([
      () =>
        `function ${f}(${g},${h}){var ${k}=${g}&&${g}.length||${random.int(0, 99)};for(var i=0;i<${k}&&i<${random.int(2, 40)};i++){if(${g}[i]===${h})return i}return ${k}>${random.int(1, 9)}?${k}-${random.int(1, 5)}:-1}${ends}`,
      () =>
        `var ${f}={${g}:function(n){return n&&n.nodeType===1?n.getAttribute(${JSON.stringify(random.hex(6))}):null},${h}:${random.int(1, 9999)},${k}:[${Array.from({ length: random.int(3, 12) }, () => random.int(0, 9999)).join(',')}]}${ends}`,
      () =>
        `function ${f}(e,t){return Object.keys(e||{}).reduce(function(n,r){n[${JSON.stringify(`${random.hex(4)}-`)}+r]=t?t(e[r]):e[r];return n},{})}${ends}`,
      () =>
        `var ${f}=function(){function ${g}(t){this.${h}=t;this.${k}=${random.int(0, 50)}}${g}.prototype.get=function(){return this.${h}};${g}.prototype.set=function(v){this.${k}+=1;this.${h}=v;return this};return ${g}}()${ends}`,
      () =>
        `var ${f}=${JSON.stringify(Array.from({ length: random.int(4, 14) }, () => random.alphanumeric(random.int(4, 12))).join(' '))}.split(" ")${ends}`,
      () =>
        `function ${f}(t){switch(t.type){case ${JSON.stringify(random.hex(5))}:return ${random.int(0, 9)};case ${JSON.stringify(random.hex(5))}:return t.value*${random.int(2, 9)};default:return t.value||null}}${ends}`,
    ])()
    parts.push(part)
    length += part.length
  }
  return `!function(){${o.readable ? '\n' : ''}${parts.join('')}}();`
}

/** A style sheet of about `size` octets. */
export function fillerStyle(random: Random, size: number): string {
  let text = ''
  while (text.length < size) {
    text += `.${random.hex(5)}{color:#${random.hex(6)};margin:${random.int(0, 24)}px;padding:${random.int(0, 12)}px;display:${random.pick(['block', 'flex', 'grid', 'inline-block'])}}`
  }
  return text
}
