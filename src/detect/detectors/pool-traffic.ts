import type { Finding } from '#model/finding.ts'
import { defineDetector, evidence } from '../contract.ts'
import { type Conversation, conversationsOf } from '../dialogues.ts'
import { hostOf, isWithin } from '../hosts.ts'

/** Mining dialogues, parsed: whom the page talks to, in which dialect, for whose account. */
export const detector = defineDetector({
  meta: {
    id: 'pool-traffic',
    version: '2',
    title: 'Pool traffic',
    kinds: ['mining'],
    limits: 'Strong encryption inside a socket hides a dialogue; then load and code have to tell.',
  },
  needs: { artifacts: ['websocket', 'transport', 'request'], features: ['message'] },
  hiddenBy: ['websocket'],
  detect(input) {
    return conversationsOf(input).map((conversation): Finding => {
      const { dialogue, url } = conversation
      const host = hostOf(url)
      const service = input.signatures.find(
        (signature) => signature.kind === 'mining' && (isWithin(host, signature.poolHosts) || isWithin(host, signature.hosts)),
      )
      return {
        detector: 'pool-traffic',
        kind: 'mining',
        weight: dialogue.strength === 'one-sided' ? 'suspicion' : hashed(conversation) ? 'hashing' : 'pool-contact',
        family: dialogue.family ?? familyOf(conversation),
        service: service?.id ?? null,
        account: dialogue.accounts[0] ?? null,
        title: titleOf(conversation),
        evidence: evidenceOf(input, conversation),
      }
    })
  },
})

/** A share is the proof of hashing: nobody has one who did not work for it. */
function hashed({ dialogue }: Conversation): boolean {
  const { submit, job, 'logged-in': loggedIn } = dialogue.roles
  return submit !== undefined && (job ?? loggedIn) !== undefined
}

/** Coinhive's dialect and CryptoNote's Stratum were made for CryptoNight and its heirs; a job's form does not tell which. */
function familyOf({ dialogue }: Conversation): string | null {
  if (dialogue.dialect === 'duino') return 'sha1'
  if (dialogue.dialect === 'coinhive') return 'cryptonight'
  return null
}

function titleOf({ dialogue }: Conversation): string {
  if (dialogue.strength === 'one-sided')
    return dialogue.roles.login !== undefined ? 'Sent a coin address where nothing answered as a pool' : 'Was sent jobs of a mining pool'
  if (dialogue.roles.submit !== undefined) return 'Sent work to a mining pool'
  if (dialogue.roles.job !== undefined || dialogue.roles['logged-in'] !== undefined) return 'Joined a mining pool'
  return 'Logged in at a mining pool that gave no answer'
}

function evidenceOf(input: Parameters<typeof evidence>[0], { artifact, url, dialogue }: Conversation): Finding['evidence'] {
  const host = hostOf(url)
  const layers = dialogue.layers.length > 0 ? ` (under ${dialogue.layers.join(', ')})` : ''
  const account = dialogue.accounts[0]
  const says = {
    login: `logged in at ${host}${account === undefined ? '' : ` with the account ${account.slice(0, 120)}`}${dialogue.pool === null ? '' : `, for the pool ${dialogue.pool.slice(0, 80)}`}${layers}`,
    'logged-in': `${host} accepted the login`,
    job: `${host} handed out mining jobs${layers}`,
    submit: `handed in shares to ${host}${layers}`,
    accepted: `${host} accepted shares`,
    keepalive: `kept the pool connection to ${host} alive`,
    error: `${host} answered with a pool's error`,
  } as const
  const dialect =
    dialogue.dialect === 'renamed' ? 'by the form of its values; the fields have names of their own' : `in the dialect ${dialogue.dialect}`
  const cited = (Object.keys(says) as (keyof typeof says)[]).flatMap((role) => {
    const seen = dialogue.roles[role]
    if (seen === undefined) return []
    const [first, ...rest] = seen.place.split(' ')
    const elsewhere = first !== undefined && /^[a-z]+-\d+$/.test(first)
    return [
      evidence(
        input,
        elsewhere ? first : artifact,
        elsewhere ? rest.join(' ') : seen.place,
        `${says[role]}, ${seen.count} ${seen.count === 1 ? 'message' : 'messages'} ${dialect}`,
      ),
    ]
  })
  return cited
}
