import type { Random } from '../random.ts'

const subjects =
  'The council|Our team|A local reader|The museum|Every visitor|The new library|A small workshop|The editor|The coach|An early train|The harbour office|The recipe|A neighbour|The report|The choir'.split(
    '|',
  )
const verbs =
  'opened|described|repaired|found|measured|painted|moved|shared|delayed|planned|reviewed|restored|collected|tested|announced'.split('|')
const objects =
  'the old bridge|a set of maps|the spring menu|three gardens|the winter timetable|a wooden boat|the evening course|a box of letters|the town archive|the north platform|a better bicycle lane|the summer fair|a quiet reading room'.split(
    '|',
  )
const tails =
  'last week|with help from students|before the season began|after a long discussion|for the second time this year|without any cost to members|despite the rain|as the minutes show|and asked for comments|in the main hall'.split(
    '|',
  )

export function sentence(random: Random): string {
  return `${random.pick(subjects)} ${random.pick(verbs)} ${random.pick(objects)} ${random.pick(tails)}.`
}

export function paragraph(random: Random, sentences = random.int(3, 6)): string {
  return Array.from({ length: sentences }, () => sentence(random)).join(' ')
}

export function headline(random: Random): string {
  const text = `${random.pick(objects)} ${random.pick(tails)}`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function siteTitle(host: string): string {
  const stem = host.split('-')[0] ?? host
  return stem.charAt(0).toUpperCase() + stem.slice(1)
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)
}
