import type { Conversation, ConversationTurn } from '#model/conversation.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'
import { counted, poolSummary, roleWords, viaWords } from './words.ts'

const shownConversations = 20
/** Of a dialogue that is no pool's: what it is about is seen by then. */
const shownTurns = 6

/** What the page said to others, and what they answered, read as far as it could be. `gaps`: what the list has to say of itself. */
export function socketSection(conversations: readonly Conversation[], gaps: readonly string[], page: number): Markup | false {
  if (conversations.length === 0)
    return (
      gaps.length > 0 &&
      html`<section>
        <h2>Sockets</h2>
        ${notWhole(gaps)}
        <p>None was recorded, which does not say that there was none.</p>
      </section>`
    )
  return html`<section>
    <h2>Sockets</h2>
    ${notWhole(gaps)}
    ${conversations.slice(0, shownConversations).map(
      (each, i) =>
        html`<div id="p${page}-talk-${i}">
          <h3><code>${each.url}</code></h3>
          <p class="quiet">
            ${viaWords(each.via)}, ${each.artifact}: ${each.sentCount} sent, ${each.receivedCount}
            received${each.notes.map((note) => `; ${note}`)}
          </p>
          ${each.pool && html`<p><strong>Spoken with a mining pool.</strong> ${poolSummary(each.pool)}</p>`}
          ${each.turns.length > 0 && dialogue(each)}
        </div>`,
    )}
    ${conversations.length > shownConversations && html`<p>${counted(conversations.length - shownConversations, 'more is', 'more are')} in the capture.</p>`}
  </section>`
}

function dialogue(conversation: Conversation): Markup {
  const { turns, turnsLeft } = conversation
  const shown = conversation.pool === null ? turns.slice(0, shownTurns) : turns
  const folded = turns.slice(shown.length)
  return html`${messages(conversation, shown, 'Messages')}
  ${
    folded.length > 0 &&
    html`<details>
      <summary>${counted(folded.length, 'more message', 'more messages')}</summary>
      ${messages(conversation, folded, 'More messages')}
    </details>`
  }
  ${turnsLeft > 0 && html`<p class="quiet">${counted(turnsLeft, 'more message is', 'more messages are')} in the capture.</p>`}`
}

function messages(conversation: Conversation, turns: readonly ConversationTurn[], name: string): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${name} of ${conversation.artifact}">
    <table class="dialogue">
      <thead>
        <tr>
          <th scope="col" class="number">After</th>
          <th scope="col">Who</th>
          <th scope="col">What it says</th>
        </tr>
      </thead>
      <tbody>
        ${turns.map(
          (turn) =>
            html`<tr>
              <td class="number">${Math.round(turn.atMs)} ms</td>
              <td class="short">${turn.direction === 'sent' ? 'page →' : '← server'}</td>
              <td>${meaning(turn)}<code>${payload(turn)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function meaning(turn: ConversationTurn): Markup | false {
  return (
    turn.role !== null &&
    html`<strong>${roleWords[turn.role] ?? turn.role}</strong
      >${turn.account !== null && html`, pays <code>${turn.account}</code>`}${turn.layers.length > 0 && ` (read through ${turn.layers.join(', ')})`}<br />`
  )
}

function payload(turn: ConversationTurn): string {
  if (turn.payload === '') return turn.size === 0 ? '(empty)' : `(${turn.size} bytes)`
  const shown = `${turn.encoding === 'base64' ? 'base64 ' : ''}${turn.payload}`
  return shown.length > 400 ? `${shown.slice(0, 400)}… (${turn.size} bytes)` : shown
}
