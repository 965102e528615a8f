/** Writes a trace context into `params._meta` of the messages of a body, and leaves every other byte as it is. Pure. */
import {
  type Item,
  isArray,
  isObject,
  itemsOf,
  type Member,
  type Members,
  membersOf,
  wholeContainer,
} from './json-members.ts'

/** W3C Trace Context, as the two headers would say it. */
export interface WrittenContext {
  readonly traceparent: string
  /** Empty: none. */
  readonly tracestate: string
}

export interface Rewritten {
  readonly body: Buffer
  /** Messages that tell the context now; 0: the body is the one that was given. */
  readonly written: number
}

/** Puts text in the place of bytes. */
interface Edit extends Item {
  readonly text: string
}

/** The context as JSON. */
interface Texts {
  readonly traceparent: string
  readonly tracestate: string | undefined
  readonly meta: string
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Requests and notifications are written to, also where they had no `params` or `_meta`: they are the messages that a
 * context belongs to. Left alone is one with a key twice on the way there, and one whose `params` or `_meta` is no object.
 * `unreadable`: the body is no JSON object or array.
 * @param most bytes that are added at most; beyond them the body is `too_large`: a batch may have very many messages
 */
export function writeTraceMeta(
  body: Buffer,
  context: WrittenContext,
  most = Number.POSITIVE_INFINITY,
): Rewritten | 'unreadable' | 'too_large' {
  const start = body.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0
  const document = wholeContainer(body, start)
  if (document === undefined) return 'unreadable'
  const texts = textsOf(context)
  const pieces: Buffer[] = []
  let written = 0
  let added = 0
  let done = 0
  for (const message of isArray(body, document) ? itemsOf(body, document) : [document]) {
    const edits = isObject(body, message) ? editsOf(body, message, texts) : undefined
    if (edits === undefined) continue
    written++
    for (const { from, to, text } of edits) {
      added += text.length
      if (added > most) return 'too_large'
      pieces.push(body.subarray(done, from), Buffer.from(text))
      done = to
    }
  }
  if (written === 0) return { body, written }
  pieces.push(body.subarray(done))
  return { body: Buffer.concat(pieces), written }
}

function textsOf({ traceparent, tracestate }: WrittenContext): Texts {
  return {
    traceparent: JSON.stringify(traceparent),
    tracestate: tracestate === '' ? undefined : JSON.stringify(tracestate),
    meta: JSON.stringify(tracestate === '' ? { traceparent } : { traceparent, tracestate }),
  }
}

const MESSAGE = ['method', 'params']
const PARAMS = ['_meta']
const META = ['traceparent', 'tracestate']

/** In the order of their places. `undefined`: the message is left alone. */
function editsOf(bytes: Buffer, message: Item, texts: Texts): readonly Edit[] | undefined {
  const members = membersOf(bytes, message, MESSAGE)
  const params = named(members, 'params')
  if (named(members, 'method').length !== 1 || params.length > 1) return undefined
  const [found] = params
  if (found === undefined) return [append(message, members, `"params":{"_meta":${texts.meta}}`)]
  if (!isObject(bytes, found)) return undefined
  const inner = membersOf(bytes, found, PARAMS)
  const [meta, ...others] = inner.wanted
  if (others.length > 0) return undefined
  if (meta === undefined) return [append(found, inner, `"_meta":${texts.meta}`)]
  return isObject(bytes, meta) ? metaEdits(meta, membersOf(bytes, meta, META), texts) : undefined
}

function metaEdits(meta: Item, members: Members, { traceparent, tracestate }: Texts): readonly Edit[] | undefined {
  const parents = named(members, 'traceparent')
  const states = named(members, 'tracestate')
  if (parents.length > 1 || states.length > 1) return undefined
  const [parent] = parents
  const [state] = states
  const edits: Edit[] = []
  const added: string[] = []
  if (parent !== undefined) edits.push({ from: parent.from, to: parent.to, text: traceparent })
  else if (state !== undefined && tracestate === undefined)
    return [{ from: state.key, to: state.to, text: `"traceparent":${traceparent}` }]
  else added.push(`"traceparent":${traceparent}`)
  if (state === undefined) {
    if (tracestate !== undefined) added.push(`"tracestate":${tracestate}`)
  } else if (tracestate !== undefined) edits.push({ from: state.from, to: state.to, text: tracestate })
  else edits.push(removal(state))
  edits.sort((a, b) => a.from - b.from)
  if (added.length > 0) edits.push(append(meta, members, added.join()))
  return edits
}

/** Behind the last member, so that the others keep their places. */
function append(object: Item, { end }: Members, text: string): Edit {
  const at = end === 0 ? object.from + 1 : end
  return { from: at, to: at, text: end === 0 ? text : `,${text}` }
}

/** With the comma before it, or else behind it. There is another member. */
function removal({ key, to, before, after }: Member): Edit {
  return before === 0 ? { from: key, to: after, text: '' } : { from: before, to, text: '' }
}

function named({ wanted }: Members, name: string): readonly Member[] {
  return wanted.filter((member) => member.name === name)
}
