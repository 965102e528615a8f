/** The tools of the peers' servers, written once for both SDKs: one for each thing that a server may do during a call. */
import { setTimeout as pause } from 'node:timers/promises'

/** The only resource; it can be watched. */
export const WATCHED = 'test://watched'

/** What a tool can do during its call; each SDK and each era gives its own. */
export interface PeerCall {
  readonly arguments: Readonly<Record<string, unknown>>
  /** Aborted when the caller gave up. */
  readonly signal: AbortSignal
  /** Nothing if the caller gave no token. */
  progress(done: number, total: number): Promise<void>
  /** Ends the stream of this call before its answer, where streams can be resumed. */
  closeStream(): void
  /** Breaks the session's GET stream off, and says something while nobody listens. Nothing where there is none. */
  cutStream(): Promise<void>
  /** Tells whoever watches the resource that it changed. */
  touch(): Promise<void>
  /** Tells whoever listens that the list of tools changed. */
  change(): Promise<void>
}

/** Texts of calls that were cancelled, in order. */
export type Cancelled = string[]

/** Resolves to the text of the answer, throws to answer with `isError`. */
export type PeerTool = (call: PeerCall, cancelled: Cancelled) => Promise<string>

export const PEER_TOOLS: Readonly<Record<string, PeerTool>> = {
  echo: async ({ arguments: { message } }) => String(message),
  fail: async () => {
    throw new Error('failed on purpose')
  },
  async count(call) {
    const to = Number(call.arguments.to)
    for (let done = 1; done <= to; done++) {
      await pause(5)
      await call.progress(done, to)
    }
    return `counted to ${to}`
  },
  async wait({ arguments: { name }, signal }, cancelled) {
    // The client sees the stream begin, and cancels then.
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    cancelled.push(String(name))
    return 'never delivered'
  },
  async polled(call) {
    call.closeStream()
    await pause(30)
    return 'came back for it'
  },
  async cut(call) {
    await call.cutStream()
    return 'cut'
  },
  async touch(call) {
    await call.touch()
    return 'touched'
  },
  async change(call) {
    await call.change()
    return 'changed'
  },
}

/** Asks for two things of its caller, one after the other: by requests on the stream, or by rounds of `input_required`. */
export const SURVEY = 'survey'
export const QUESTION = 'Who are you?'
export const FORM = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } as const
export const PROMPT = 'Why?'

/** What the server answers when both were given. */
export function surveyed(user: unknown, model: unknown): string {
  return JSON.stringify({ user, model })
}
