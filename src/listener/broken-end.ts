/** Ends a response that has begun so that no peer can take the end for a clean one. */
import type { ServerResponse } from 'node:http'

export interface BrokenEndFacts {
  /** The head has a `Content-Length`. */
  readonly hasLength: boolean
  readonly encrypted: boolean
}

/** What was written before still arrives where framing allows. The head must be on its way. */
export function breakEnd(res: ServerResponse, facts: BrokenEndFacts): void {
  const { socket } = res
  if (socket === null) breakInTurn(res, facts)
  else if (res.chunkedEncoding || facts.hasLength) socket.destroySoon()
  // Without chunks and without a length, only a reset tells a broken end from a clean one; in TLS, a missing alert does.
  else if (facts.encrypted) socket.destroy()
  else socket.resetAndDestroy()
}

/** Pipelined: the responses before this one are whole and still have the socket. */
function breakInTurn(res: ServerResponse, facts: BrokenEndFacts): void {
  const assign = res.assignSocket.bind(res)
  res.assignSocket = (socket) => {
    assign(socket)
    breakEnd(res, facts)
  }
}
