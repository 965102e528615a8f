/** What is known about one JSON-RPC message: the facts that its envelope shows, and nothing of its payload. Pure. */

/** A `bigint` for integers that a double cannot hold, so that two different ids never look alike. */
export type RequestId = string | number | bigint | null

/** `error` when a message has an error object, whatever else it has; `invalid` for what is no JSON-RPC message. */
export type MessageKind = 'request' | 'notification' | 'response' | 'error' | 'invalid'

/** One definition of a list result (a tool or a prompt). */
export interface ListedItem {
  readonly name: string
  /** Length of the definition's JSON text. */
  readonly bytes: number
  /** 32 bits, unsigned, of the definition's raw bytes: tells a changed definition from an unchanged one. */
  readonly hash: number
}

/**
 * The facts of one message. Strings are decoded, and `undefined` when they are absent, no strings, or longer than
 * `CAPTURE_MAX` bytes. Every field is there from the start, so that all envelopes have one shape.
 */
export class Envelope {
  kind: MessageKind = 'invalid'
  id: RequestId | undefined = undefined
  /** The id was a string or number longer than `CAPTURE_MAX` bytes; `id` is `undefined`. */
  overlong: boolean = false
  method: string | undefined = undefined
  /** `params.name`: of a tool or a prompt. */
  name: string | undefined = undefined
  /** `params.uri`: of a resource. */
  uri: string | undefined = undefined
  /** `params.cursor`. */
  cursor: string | undefined = undefined
  /** `params.protocolVersion`: what `initialize` asks for. */
  requestedVersion: string | undefined = undefined
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]`: the revision of a 2026-07-28 request. */
  metaVersion: string | undefined = undefined
  /** `result.protocolVersion`: what `initialize` agreed on. */
  resultVersion: string | undefined = undefined
  /** Of `clientInfo` in a request and `serverInfo` in a response; from `_meta` when it stands only there. */
  peerName: string | undefined = undefined
  peerVersion: string | undefined = undefined
  /** `params._meta.traceparent`, as it was sent: not checked. */
  traceparent: string | undefined = undefined
  tracestate: string | undefined = undefined
  baggage: string | undefined = undefined
  /** `params.requestId` of `notifications/cancelled`. */
  cancelledId: RequestId | undefined = undefined
  errorCode: number | undefined = undefined
  /** At most 256 characters; longer ones are cut. */
  errorMessage: string | undefined = undefined
  /** `result.isError` is `true`. */
  isError: boolean = false
  resultType: string | undefined = undefined
  hasResult: boolean = false
  /** `error` is an object. */
  hasError: boolean = false
  nextCursor: string | undefined = undefined
  /** The named items of `result.tools`, at most `LISTED_MAX`; `undefined` unless lists are read and it is an array. */
  tools: ListedItem[] | undefined = undefined
  /** The same of `result.prompts`. */
  prompts: ListedItem[] | undefined = undefined
  /** The first key read here that stood twice in its object, as a path such as `params.name`. The last value wins. */
  duplicate: string | undefined = undefined
  /** Length of this message's JSON text. */
  bytes: number = 0
}

/** The longest string or number that is read, in bytes as it was written. */
export const CAPTURE_MAX = 4096

/** How many items of a list result are kept. */
export const LISTED_MAX = 1000
