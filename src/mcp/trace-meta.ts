/** Writes a trace context into `params._meta` of the messages of a body, and leaves every other byte as it is. Pure. */
import { type Item, isArray, isObject, itemsOf, type Member, membersOf, wholeContainer } from './json-members.ts'

/** W3C Trace Context, as the two headers would say it. */
export interface WrittenContext {
  readonly traceparent: string
  /** Empty: none. */
  readonly tracestate: string
}

export interface Rewritten {
  /** The same buffer where nothing was written. */
  readonly body: Buffer
  /** Messages that tell the context now. */
  readonly written: number
}

/** Puts bytes in the place of others. */
interface Edit extends Item {
  readonly text: string
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Requests and notifications are written to, also where they had no `params` or `_meta`: they are the messages that a
 * context belongs to. Left alone is one with a key twice on the way there, and one whose `params` or `_meta` is no object.
 * `undefined`: the body is no JSON object or array.
 */
export function writeTraceMeta(body: Buffer, context: WrittenContext): Rewritten | undefined {
  const start = body.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0
  const document = wholeContainer(body, start)
  if (document === undefined) return undefined
  const pieces: (Buffer | string)[] = []
  let written = 0
  let done = 0
  for (const message of isArray(body, document) ? itemsOf(body, document) : [document]) {
    const edits = isObject(body, message) ? editsOf(body, message, context) : undefined
    if (edits === undefined) continue
    written++
    for (const { from, to, text } of edits) {
      pieces.push(body.subarray(done, from), text)
      done = to
    }
  }
  if (written === 0) return { body, written }
  pieces.push(body.subarray(done))
  return {
    body: Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))),
    written,
  }
}

/** In the order of their places. `undefined`: the message is left alone. */
function editsOf(bytes: Buffer, message: Item, context: WrittenContext): readonly Edit[] | undefined {
  const members = membersOf(bytes, message)
  const methods = named(members, 'method')
  if (methods.length !== 1) return undefined
  const params = named(members, 'params')
  if (params.length > 1) return undefined
  const [found] = params
  if (found === undefined) return [append(message, members, `"params":{"_meta":${newMeta(context)}}`)]
  if (!isObject(bytes, found)) return undefined
  const inner = membersOf(bytes, found)
  const metas = named(inner, '_meta')
  if (metas.length > 1) return undefined
  const [meta] = metas
  if (meta === undefined) return [append(found, inner, `"_meta":${newMeta(context)}`)]
  return isObject(bytes, meta) ? metaEdits(meta, membersOf(bytes, meta), context) : undefined
}

function metaEdits(meta: Item, members: readonly Member[], context: WrittenContext): readonly Edit[] | undefined {
  const parents = named(members, 'traceparent')
  const states = named(members, 'tracestate')
  if (parents.length > 1 || states.length > 1) return undefined
  const [parent] = parents
  const [state] = states
  const traceparent = JSON.stringify(context.traceparent)
  const tracestate = context.tracestate === '' ? undefined : JSON.stringify(context.tracestate)
  const edits: Edit[] = []
  const added: string[] = []
  if (parent !== undefined) edits.push({ from: parent.from, to: parent.to, text: traceparent })
  else if (state !== undefined && tracestate === undefined)
    return [{ from: state.key, to: state.to, text: `"traceparent":${traceparent}` }]
  else added.push(`"traceparent":${traceparent}`)
  if (state === undefined) {
    if (tracestate !== undefined) added.push(`"tracestate":${tracestate}`)
  } else if (tracestate !== undefined) edits.push({ from: state.from, to: state.to, text: tracestate })
  else edits.push(removal(members, state))
  edits.sort((a, b) => a.from - b.from)
  if (added.length > 0) edits.push(append(meta, members, added.join()))
  return edits
}

/** Behind the last member, so that the others keep their places. */
function append(object: Item, members: readonly Member[], text: string): Edit {
  const last = members.at(-1)
  const at = last === undefined ? object.from + 1 : last.to
  return { from: at, to: at, text: last === undefined ? text : `,${text}` }
}

/** With the comma before it, or else behind it. There is another member. */
function removal(members: readonly Member[], gone: Member): Edit {
  const at = members.indexOf(gone)
  const from = members[at - 1]?.to ?? gone.key
  const to = at === 0 ? (members[1]?.key ?? gone.to) : gone.to
  return { from, to, text: '' }
}

function named(members: readonly Member[], name: string): readonly Member[] {
  return members.filter((member) => member.name === name)
}

function newMeta({ traceparent, tracestate }: WrittenContext): string {
  return JSON.stringify(tracestate === '' ? { traceparent } : { traceparent, tracestate })
}
