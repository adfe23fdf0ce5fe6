import type { HttpHeader, RequestArtifact } from '#model/artifact.ts'

interface ExtraResponse {
  headers: HttpHeader[]
  status: number
}

/**
 * Headers as they went over the wire (`…ExtraInfo`) come in a stream of their own, before or after the event that they belong to, one for
 * each hop that the network made: the n-th goes with the n-th hop. A hop from a cache has none, which `hasExtraInfo: false` says.
 */
export class ExtraInfo {
  readonly #sent: HttpHeader[][] = []
  readonly #received: ExtraResponse[] = []
  /** By hop: whether extra information belongs to it; absent while not known. */
  readonly #hasExtra: boolean[] = []

  sent(headers: HttpHeader[], hops: readonly RequestArtifact[]): void {
    this.#sent.push(headers)
    this.apply(hops)
  }

  received(response: ExtraResponse, hops: readonly RequestArtifact[]): void {
    this.#received.push(response)
    this.apply(hops)
  }

  hasResponse(hop: number, hasExtraInfo: boolean): void {
    this.#hasExtra[hop] = hasExtraInfo
  }

  /** Served from the memory cache: nothing went over the wire for the last hop. */
  cached(): void {
    this.#hasExtra[this.#hasExtra.length] = false
  }

  /** As far as it is known which hops have any. `isOver`: no more will come, so what is left goes to the hops that are left. */
  apply(hops: readonly RequestArtifact[], isOver = false): void {
    let next = 0
    for (const [index, hop] of hops.entries()) {
      const hasExtra = this.#hasExtra[index] ?? (isOver ? true : undefined)
      if (hasExtra === undefined) return
      if (!hasExtra) continue
      const sent = this.#sent[next]
      const received = this.#received[next]
      if (sent) hop.requestHeaders = sent
      if (received && hop.response) {
        hop.response.headers = received.headers
        hop.response.status = received.status
      }
      next++
    }
  }
}
