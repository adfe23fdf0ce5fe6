import type { Finding } from '#model/finding.ts'
import type { Observation, RestingVisit, VisitChange } from '#model/observation.ts'
import { statusWords } from './words.ts'

const changeWords: Record<VisitChange, string> = {
  longer: 'stayed longer',
  alone: 'was alone in the browser',
  cores: 'told the page of another number of cores',
  throttle: 'slowed its processor for a while',
  referrer: 'came from a search engine',
  phone: 'came as a phone',
  returns: 'came back where a service worker was installed',
  wallet: 'showed a wallet that declines',
}

/** The visits that an answer rests on, a line each; none where it was one. */
export function visitLines({ visits = [] }: Observation): string[] {
  return visits.map((visit, at) => `${at + 1}. ${visitText(visit)}`)
}

function visitText({ status, dwellMs, rule, reason, changes, notes, observedAt, captureId }: RestingVisit): string {
  const saw = `${statusWords[status].label.toLowerCase()}, ${observedAt}, ${Math.round(dwellMs / 100) / 10} s after loading`
  const why =
    rule === null
      ? 'first visit'
      : `second look because ${reason} (rule "${rule}"); it ${listed(changes.map((change) => changeWords[change]))}`
  return `${why}: ${saw}${notes.map((note) => `; ${note}`).join('')} (capture ${captureId.slice(0, 19)})`
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** Second looks that were asked for and not made, a sentence each. */
export function askedLines({ followUps, visits }: Observation): string[] {
  const made = new Set(visits?.map(({ rule }) => rule))
  return followUps
    .filter(({ rule }) => rule === undefined || !made.has(rule))
    .map(({ reason, profile, probability }) =>
      probability === undefined || probability === 1
        ? `${reason} (profile ${profile})`
        : `${reason} (profile ${profile}; within the crawl's budget its probability was ${probability.toPrecision(2)})`,
    )
}

/** Findings with the evidence that lies in the answer's own capture: identifiers are of one capture. */
export const ownFindings = ({ captureId, findings }: Observation): Finding[] =>
  findings.map((finding) => ({ ...finding, evidence: finding.evidence.filter((each) => each.captureId === captureId) }))

/** Which visit a piece of evidence is of, in words that go before it; empty where there was one. */
export function visitOf(captureId: string, { visits }: Observation): string {
  const at = visits?.findIndex((visit) => visit.captureId === captureId) ?? -1
  return at < 0 ? '' : `visit ${at + 1}, `
}
