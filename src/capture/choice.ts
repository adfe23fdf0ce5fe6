/** Which of a dialog's choices says yes or no: index into `choices`, or -1. Captions in the languages that dialogs were seen in. */
export function choiceFor(choices: readonly string[], policy: 'accept' | 'reject'): number {
  const captions = choices.map((caption) => caption.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim())
  const says = (caption: string): 'accept' | 'reject' | null => (no.test(caption) ? 'reject' : yes.test(caption) ? 'accept' : null)
  const clear = captions.findIndex((caption) => says(caption) === policy)
  if (clear >= 0) return clear
  // The only choice of a dialog is to go along with it.
  return policy === 'accept' && captions.length === 1 && captions[0] !== undefined && says(captions[0]) === null ? 0 : -1
}

const no =
  /^(no\b|nope|not now|never|later|maybe later|reject|decline|deny|refuse|disagree|do not|don.t|cancel|dismiss|close|skip|leave|stop|opt[- ]?out|only (necessary|essential)|(strictly )?(necessary|essential)( cookies)? only|use necessary|continue without|without|i prefer ads|show (me )?ads|nein|nicht|ablehnen|alle ablehnen|abbrechen|schließen|nur (notwendige|erforderliche)|später|non\b|refuser|tout refuser|continuer sans|plus tard|rechazar|denegar|cancelar|ahora no|rifiuta|nega|annulla|rejeitar|recusar|agora não|odrzuć|nie\b|weigeren|afwijzen|nee\b|отклонить|отказ|нет\b|отмена|拒绝|拒絕|いいえ|拒否|거부|[x×✕✖✗]$)/u
const yes =
  /^(ok(ay)?\b|yes\b|yep|sure|accept|agree|allow|i (agree|accept|consent|understand|want|.?m not)|consent|got it|understood|enable|start|begin|run|mine\b|continue|proceed|confirm|verify|let.?s go|join|support|opt[- ]?in|ja\b|akzeptieren|alle akzeptieren|zustimmen|einverstanden|erlauben|starten|verstanden|oui\b|accepter|tout accepter|autoriser|j.accepte|commencer|démarrer|s[ií]\b|aceptar|permitir|acepto|empezar|iniciar|accetta|consenti|inizia|aceitar|concordo|aceito|akceptuj|zgadzam|tak\b|accepteren|akkoord|toestaan|принять|согласен|согласиться|разрешить|да\b|начать|同意|接受|允许|允許|はい|同意する|동의|허용)/u
