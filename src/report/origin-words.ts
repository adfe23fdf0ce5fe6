import type { CodeOrigin, OriginFile } from '#model/origin.ts'
import { statusWords } from './words.ts'

const day = (at: string): string => at.slice(0, 16).replace('T', ' ')

export const sinceUnknown = 'Not known: its server does not say, and no earlier capture of this page is kept beside this one.'

/** Since when a file is as it is, each a sentence. */
export function sinceWords({ history, lastModified }: OriginFile): string[] {
  const said = lastModified === null ? [] : [`Its server says that it was last changed on ${lastModified}.`]
  if (history === null || history.looked === 0) return said
  const { looked, since, before } = history
  const kept = `${looked} earlier ${looked === 1 ? 'capture' : 'captures'} of this page`
  if (before === null) return [...said, `It was the same in ${looked === 1 ? 'the' : 'all of the'} ${kept}, since ${day(since?.at ?? '')}.`]
  const from = since === null ? 'New with this visit' : `So since the visit of ${day(since.at)}`
  const was = before.was === 'absent' ? 'the page did not load it' : 'other octets stood at this address'
  return [...said, `${from}: in the visit before, of ${day(before.at)} (${statusWords[before.status].label.toLowerCase()}), ${was}.`]
}

/** Whether the code is the site's own, and why that is known; a sentence or two. */
export function ownershipWords(origin: CodeOrigin, site: string): string {
  const third = origin.files.find(({ party }) => party === 'third')
  const last = origin.files.at(-1)
  if (last === undefined) return `It stands in the page that ${site} itself serves.`
  if (third === undefined) return `It is a file that ${site} itself serves.`
  if (last.party === 'first') return `It is served by ${site}, and was brought in by ${hostWords(third)}.`
  return `It is not a file of ${site}: it comes from ${hostWords(last)}${third.url === last.url ? '' : `, and was brought in by a file of ${hostWords(third)}`}.`
}

/** A host, with its owner where that is another name. */
const hostWords = ({ url, owner }: OriginFile): string => (hostOf(url) === owner ? owner : `${hostOf(url)} (${owner})`)
const hostOf = (url: string): string => URL.parse(url)?.host ?? url

/** What to change, in the order of doing; each a title and its sentence, with code to copy where there is any. */
export function repairs(origin: CodeOrigin): { title: string; text: string; code: string | null }[] {
  const { entry, files, policy, trusted } = origin
  const [first] = files
  const third = files.find(({ party }) => party === 'third')
  const steps: { title: string; text: string; code: string | null }[] = []
  if (entry !== null)
    steps.push({
      title: entry.isTag ? 'Take this tag out' : 'Take out what loads it here',
      text: `${entry.line === null ? 'In the document as it stood at the end' : `Line ${entry.line}`} of ${entry.url}:`,
      code: entry.text,
    })
  if (trusted !== null && entry?.isTag === true)
    steps.push({
      title: 'Or let only the copy run that did not mine',
      text: `The copy of ${day(trusted.at)} had this digest. With it in the tag a browser refuses any other copy:`,
      code: `<script src="${trusted.url}" integrity="${trusted.integrity}" crossorigin="anonymous"></script>`,
    })
  else if (first !== undefined && first === third && entry?.isTag === true && /^<script/i.test(entry.text))
    steps.push({
      title: 'If you need that file: pin it',
      text: 'Get a copy that is known to be good, serve it yourself, or name its digest in the tag, so that a browser refuses any other copy: openssl dgst -sha384 -binary GOOD-COPY.js, in base64. A file that its owner changes often cannot be pinned.',
      code: `<script src="${first.url}" integrity="sha384-…" crossorigin="anonymous"></script>`,
    })
  if (policy.length > 0)
    steps.push({
      title: 'Shut the way for the next one',
      text: 'This policy would have stopped it, and lets through all else that this visit saw. Send it as Content-Security-Policy-Report-Only first: other pages and visitors may need more.',
      code: `Content-Security-Policy: ${policy.join('; ')}`,
    })
  if (third !== undefined)
    steps.push({
      title: `Tell ${third.owner}`,
      text: `Its file may have been changed by somebody else. Send this report, with the capture's identifier; the octets are kept.`,
      code: null,
    })
  return steps
}
