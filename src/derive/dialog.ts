/**
 * What a question put to the visitor is about. A cookie banner is no consent to mine, so `mining` needs a sentence that
 * speaks of mining, or of giving the computer's power; the word "miner" in a shop's text does not make a dialog of it.
 * Pure: the capture answers dialogs by it, the judgement reads the same view.
 */
export type DialogSubject = 'mining' | 'cookies' | 'unknown'

/** `text`: what the dialog says. `choices`: captions of its buttons. Both are cut at 8,000 characters. */
export function aboutDialog(text: string, choices: readonly string[] = []): DialogSubject {
  const said = fold([text, ...choices].join(' \n ').slice(0, 8_000))
  if (speaksOfMining(said)) return 'mining'
  if (cookieWords.some((word) => word.test(said))) return 'cookies'
  return 'unknown'
}

/** Whether a text tells its reader that this page would mine, or calculate for money, on his machine. */
export function speaksOfMining(text: string): boolean {
  const start = text.slice(0, 8_000)
  if (isAscii.test(start) && !roots.test(start)) return false
  const said = fold(start)
  if (miningPhrases.some((phrase) => phrase.test(said))) return true
  return miningWords.test(said) && askingWords.test(said)
}

/** Whether a dialog asks its reader to show that he is none of the robots, by one click. A visitor who goes along clicks, whatever it then does. */
export function asksForHuman(text: string, choices: readonly string[] = []): boolean {
  const said = fold([text, ...choices].join(' \n ').slice(0, 2_000))
  return /\b(not a robot|human (check|verification)|(you are|i am|i'm) (a )?human|verify (me|you|yourself|that you)|captcha)\b|kein roboter|pas un robot|no soy un robot|не робот/u.test(
    said,
  )
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ')
}

/** Every phrase and word below has one of these in it: most texts of a page are done with at one look. */
const roots = /min|cpu|proces|comput|calcul|hash|crypto|cripto|monero|xmr|coin|kryptow|rechenleistung|potencia de c|potenza di c|estrarre/i
const isAscii = /^[\0-\x7f]*$/

/** Phrases that say it by themselves, in the languages that miners' dialogs were written in. */
const miningPhrases: readonly RegExp[] = [
  /\b(use|using|uses|spare|share|donate|give|lend|contribute|borrow)\b[^.!?]{0,60}\b(cpu|processor|processing|computing|computer'?s?|computational|hash(ing)?)\b[^.!?]{0,40}\b(power|cycles?|resources?|time|capacity)\b/,
  /\b(mine|mining|miner)\b[^.!?]{0,60}\b(crypto ?currenc(y|ies)|monero|xmr|bitcoins?|crypto|coins?|duino|hash(es)?)\b/,
  /\b(crypto ?currency|monero|xmr|bitcoin|crypto|coin)[ -]?(mining|miner)\b/,
  /\b(calculations?|hashes|computations?)\b[^.!?]{0,80}\b(support|ads?|advert\w*|instead of|payout|earn|monero|crypto\w*)\b/,
  /\b(ads?|adverts?|advertising|banners?)\b[^.!?]{0,30}\b(or|instead of|vs\.?)\b[^.!?]{0,30}\b(mine|mining|miner)\b/,
  /\b(mine|mining|miner)\b[^.!?]{0,30}\b(or|instead of|vs\.?)\b[^.!?]{0,30}\b(ads?|adverts?|advertising|banners?)\b/,
  /\b(start|stop|begin|allow|accept|enable|disable|run|pause|resume|agree to|opt[- ]?in to|consent to)\b[^.!?]{0,20}\b(mining|miner|to mine)\b/,
  /\b(may|can|could|shall) (we|i|this (site|page))\b[^.!?]{0,40}\b(mine|mining)\b/,
  /\brechenleistung\b|\b(mining|schürfen)\b[^.!?]{0,60}\b(erlauben|zustimmen|starten|kryptow\w+)\b|\bkryptow\w+[^.!?]{0,40}\bschürfen\b/,
  /\b(miner|minage|minar|minado|minería|mineração|minerar|estrarre|minare)\b[^.!?]{0,60}\b(crypto\w*|cripto\w*|monero|bitcoin)\b/,
  /\b(puissance de calcul|potencia de c[aá]lculo|poder de processamento|potenza di calcolo)\b/,
  /майнинг|вычислительн\w* (мощност|ресурс)|добыч\w* криптовалют|挖矿|挖礦|採掘|マイニング|채굴/u,
]
const miningWords = /\b(mine|mines|mining|miner|coinhive|authedmine|hash(es)? for us)\b/
const askingWords =
  /\b(allow|accept|agree|consent|opt[- ]?in|permission|would you like|do you want|may we|your (cpu|computer|browser|processor|device)|support (us|this site|our))\b/

const cookieWords: readonly RegExp[] = [
  /\bcookies?\b/,
  /\b(gdpr|ccpa|rgpd|dsgvo)\b/,
  /\b(privacy (settings|preferences|choices|policy)|datenschutz\w*|your privacy|we value your privacy)\b/,
  /\b(legitimate interest|our partners|vendors)\b[^.!?]{0,80}\b(data|consent|purposes?)\b/,
  /\bconsent\b[^.!?]{0,60}\b(data|tracking|personali[sz]ed|advertising|analytics)\b/,
]
