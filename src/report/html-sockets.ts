import type { SocketFrame, WebSocketArtifact } from '#model/artifact.ts'
import type { Collection } from '#model/collection.ts'
import { notWhole } from './html-gaps.ts'
import { type Markup, html } from './html-template.ts'

const shownSockets = 20
const shownFrames = 12

/** What the page said to others over WebSockets, and what they answered. `gaps`: what the list has to say of itself. */
export function socketSection(sockets: Collection<WebSocketArtifact>, gaps: readonly string[]): Markup | false {
  if (sockets.items.length === 0)
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
    ${sockets.items.slice(0, shownSockets).map(
      (socket) =>
        html`<h3><code>${socket.url}</code></h3>
          <p class="quiet">
            ${socket.id}: ${socket.sentCount} sent, ${socket.receivedCount}
            received${socket.framesDropped > 0 && `, ${socket.framesDropped} of them counted and not kept`}${socket.cut && `; cut by us after ${Math.round(socket.cut.atMs / 100) / 10} s: ${socket.cut.reason}`}${socket.error && `; ${socket.error}`}
          </p>
          ${
            socket.frames.length > 0 &&
            html`<div class="scroll">
              <table class="dialogue">
                <thead>
                  <tr>
                    <th scope="col" class="number">ms</th>
                    <th scope="col">Who</th>
                    <th scope="col">What</th>
                  </tr>
                </thead>
                <tbody>
                  ${socket.frames.slice(0, shownFrames).map(
                    (frame) =>
                      html`<tr>
                        <td class="number">${Math.round(frame.atMs)}</td>
                        <td class="short">${frame.direction === 'sent' ? 'page' : 'server'}</td>
                        <td>${payload(frame)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
          }
          ${socket.frames.length > shownFrames && html`<p class="quiet">${socket.frames.length - shownFrames} more frames are in the capture.</p>`}`,
    )}
    ${sockets.items.length > shownSockets && html`<p>${sockets.items.length - shownSockets} more sockets are in the capture.</p>`}
  </section>`
}

function payload(frame: SocketFrame): string {
  const shown = frame.text ?? (frame.base64 === undefined ? '' : `base64 ${frame.base64}`)
  return shown.length > 400 ? `${shown.slice(0, 400)}… (${frame.size} bytes)` : shown
}
