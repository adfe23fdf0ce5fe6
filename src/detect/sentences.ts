import type { CaptureManifest } from '#model/capture.ts'
import type { ErrorRecord } from '#model/errors.ts'
import type { Blindness, Finding, FindingKind, Mining, Status } from '#model/finding.ts'
import type { ChainLink, Conclusion } from '#model/observation.ts'

export interface Told {
  status: Status
  mining: Mining
  site: string
  isFile: boolean
  findings: readonly Finding[]
  deciding: readonly Finding[]
  accounts: Conclusion['accounts']
  chain: readonly ChainLink[]
  blindTo: readonly Blindness[]
  reached: CaptureManifest['reached']
  answered: boolean
  error: ErrorRecord | null
  cut: boolean
}

const familyNames: Readonly<Record<string, string>> = {
  cryptonight: 'CryptoNight',
  randomx: 'RandomX',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  scrypt: 'scrypt',
  argon2: 'Argon2',
  ethash: 'Ethash',
}

/** The verdict as one sentence that a site's owner understands. */
export function sentenceFor(told: Told): string {
  const { status, site } = told
  switch (status) {
    case 'active':
      return `${site} mines cryptocurrency${family(told)} on its visitors' machines${how(told)}${consentWords(told)}${payee(told)}.`
    case 'loaded':
      return told.isFile
        ? `${site} holds a miner's code${family(told)}${payee(told)}.`
        : `${site} delivers a miner${family(told)}${where(told)}; it was not seen running during this look${payee(told)}.`
    case 'opt-in':
      return told.mining.activity === 'hashing' || told.mining.activity === 'pool-contact'
        ? `${site} mines${family(told)} after the visitor was asked and agreed${payee(told)}.`
        : `${site} holds a miner${family(told)} that asks the visitor first; nothing ran before an answer${payee(told)}.`
    case 'suspected':
      return `${site} shows signs of mining that do not decide: ${lower(told.deciding[0]?.title ?? 'see the findings')}.`
    case 'inconclusive':
      return `Nothing was found on ${site}, but something that could have hidden a miner was not seen: ${told.blindTo[0]?.reason ?? 'see what was not seen'}.`
    case 'not-observed':
      return told.error === null
        ? `The content of ${site} was not reached: ${told.reached.reasons[0] ?? told.reached.page}.`
        : `${site} could not be visited: ${told.error.message}.`
    case 'hint':
      return `The documents of ${site} refer to mining; nothing was run to see more.`
    case 'no-hint':
      return `The documents of ${site} refer to no miner that is known; nothing was run.`
    case 'none':
      return `${site === 'The file' ? site : site} shows no sign of mining${others(told)}.`
  }
}

function family({ deciding }: Told): string {
  const name = deciding.find((finding) => finding.family !== null)?.family
  return name === undefined || name === null || name === 'unknown-core' ? '' : ` (${familyNames[name] ?? name})`
}

function how({ mining }: Told): string {
  return mining.activity === 'hashing' ? '' : ': it joined a mining pool'
}

function where({ mining, chain }: Told): string {
  const code = chain.findLast((link) => /^https?:/.test(link.url) && link.how !== 'is the page')
  const host = code === undefined ? null : URL.parse(code.url)?.hostname
  return {
    page: ' in the page itself',
    'own-file': ' in a file of its own',
    'third-party': host ? ` from ${host}` : ' from a third party',
    ad: ' in an advertisement',
    unknown: '',
  }[mining.placement]
}

function consentWords({ mining }: Told): string {
  return {
    'not-asked': ' without asking them',
    'asked-late': ' before they have answered whether it may',
    'refused-ignored': ' although they declined',
    'asked-first': '',
    unknown: '',
  }[mining.consent]
}

function payee({ accounts }: Told): string {
  const [first] = accounts
  return first === undefined
    ? ''
    : `; the account ${first.account.length > 24 ? `${first.account.slice(0, 8)}…${first.account.slice(-6)}` : first.account} is paid`
}

const kindNames: Readonly<Partial<Record<FindingKind, string>>> = {
  'proof-of-work': 'it makes the visitor’s machine work for a captcha or a gate, which pays nobody',
  wallet: 'it holds a wallet',
  'crypto-library': 'it holds hash functions or ciphers, as many pages do',
  proxyware: 'it sells the visitor’s bandwidth',
  'ad-worker': 'it works on hidden advertisements',
  clipboard: 'it puts a command into the clipboard and tells the visitor to run it',
  drainer: 'it asks for what would empty a wallet',
}

const harmful: ReadonlySet<FindingKind> = new Set<FindingKind>(['proxyware', 'ad-worker', 'clipboard', 'drainer'])

function others({ findings }: Told): string {
  // What is done to the visitor stands before what the page is made of.
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
    .filter((kind) => kind !== 'mining' && kindNames[kind] !== undefined)
    .toSorted((a, b) => Number(harmful.has(b)) - Number(harmful.has(a)))
  return kinds.length === 0
    ? ''
    : `; ${kinds
        .slice(0, 2)
        .map((kind) => kindNames[kind])
        .join('; ')}`
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

const gateAdvice = 'Look again by hand, or visit from another network: what stands behind a gate was not judged.'
const openAdvice = 'See whether the page opens in a browser of yours, then visit again.'
const errorAdvice: Readonly<Partial<Record<ErrorRecord['code'], string>>> = {
  DNS_FAILED: 'Check how the name is written, and whether this machine can look names up (assay doctor).',
  ADDRESS_REFUSED: 'Pages are not let into private networks; if this one is yours, visit with --allow-private or --allow.',
  TLS_FAILED: 'See what a browser of yours says about the certificate: a visitor would be warned, so nothing behind it was judged.',
}

/** What to do about it, a sentence each. */
export function adviceFor(told: Told): string[] {
  const { status, mining, chain } = told
  if (status === 'not-observed') return [told.error === null ? gateAdvice : (errorAdvice[told.error.code] ?? openAdvice)]
  if (status === 'inconclusive') return ['Visit again, longer and alone (--profile thorough).']
  if (status === 'suspected') return ['Visit again, longer and alone (--profile thorough), before anybody is accused.']
  if (status !== 'active' && status !== 'loaded' && status !== 'opt-in') return []
  if (told.isFile) return ['Find out which page loads this file, and remove it if you did not put it there.']
  const advice: string[] = []
  const code = chain.findLast((link) => /^https?:/.test(link.url) && !/^(opens the|is the page)/.test(link.how))
  const loader = chain.length > 2 ? chain.at(-2) : undefined
  if (mining.placement === 'third-party')
    advice.push(
      `Remove what loads ${code?.url ?? 'the miner'}${loader !== undefined && loader.url !== code?.url ? ` (it was brought in by ${loader.url})` : ''}, and tell that party.`,
    )
  else if (mining.placement === 'ad')
    advice.push('Report the advertisement to the network that delivered it, with the address of its frame.')
  else if (mining.placement === 'own-file')
    advice.push(
      `Compare ${code?.url ?? 'the script file'} with the copy that you deployed: if you did not write this, somebody changed it.`,
    )
  else advice.push('Search the page’s template and its database for the lines cited: if you did not write them, somebody changed the site.')
  if (status === 'opt-in')
    return [
      'Nothing runs without consent as far as was seen: if it is yours, say in your privacy notice what it does.',
      ...advice.map((text) => `If it is not yours: ${text[0]!.toLowerCase()}${text.slice(1)}`),
    ]
  advice.push('If this was not you, change the passwords of whoever can edit the site, and look for the way in.')
  return advice
}
