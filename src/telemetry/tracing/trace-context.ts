/** Reads and writes W3C trace context, and finds which trace an exchange belongs to. Pure. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Envelope } from '../../mcp/message.ts'

/** A place in a trace that somebody else told us of. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 of them. */
  readonly spanId: string
  readonly flags: number
  /** As it was sent; empty where there was none, or none that is valid. */
  readonly tracestate: string
}

/** Where an exchange comes from. */
export interface Origin {
  readonly parent: TraceContext | undefined
  /** Further places that it is linked to. */
  readonly links: readonly TraceContext[]
}

export const SAMPLED = 0x01
/** Trace Context Level 2: the trace id is random. It is passed on and never claimed. */
const RANDOM = 0x02

const NONE: readonly never[] = []
const ROOT: Origin = { parent: undefined, links: NONE }
const DASH = 0x2d
const LENGTH = 55

/** Contexts that a batch is linked to at most. */
const MOST_LINKS = 16

/**
 * The message's own `params._meta` counts before the HTTP headers, and these are then linked: MCP semantic conventions,
 * "Context propagation". A batch belongs to its HTTP request, and is linked to what its messages say.
 */
export function originOf(messages: readonly Envelope[], headers: IncomingHttpHeaders): Origin {
  const [first] = messages
  const carrier = fromHeaders(headers)
  if (messages.length > 1) return { parent: carrier, links: linksOf(messages) }
  const own = first === undefined ? undefined : parseTraceparent(first.traceparent, first.tracestate)
  if (own === undefined) return carrier === undefined ? ROOT : { parent: carrier, links: NONE }
  const same = carrier !== undefined && carrier.traceId === own.traceId && carrier.spanId === own.spanId
  return { parent: own, links: carrier === undefined || same ? NONE : [carrier] }
}

function fromHeaders({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined
  return parseTraceparent(traceparent, typeof tracestate === 'string' ? tracestate : undefined)
}

function linksOf(messages: readonly Envelope[]): readonly TraceContext[] {
  const links: TraceContext[] = []
  for (const { traceparent, tracestate } of messages) {
    if (links.length === MOST_LINKS) break
    const link = parseTraceparent(traceparent, tracestate)
    if (link !== undefined) links.push(link)
  }
  return links
}

/** `undefined` for what is no valid `traceparent`; its `tracestate` then counts for nothing either. */
export function parseTraceparent(text: string | undefined, tracestate: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length < LENGTH) return undefined
  if (text.charCodeAt(2) !== DASH || text.charCodeAt(35) !== DASH || text.charCodeAt(52) !== DASH) return undefined
  const version = hexByte(text, 0)
  // Later versions may only add to what version 00 has.
  if (version < 0 || version === 0xff) return undefined
  if (text.length > LENGTH && (version === 0 || text.charCodeAt(LENGTH) !== DASH)) return undefined
  const flags = hexByte(text, 53)
  if (flags < 0 || !isId(text, 3, 35) || !isId(text, 36, 52)) return undefined
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    flags: flags & (SAMPLED | RANDOM),
    tracestate: tracestate !== undefined && isTracestate(tracestate) ? tracestate : '',
  }
}

export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${flags & (SAMPLED | RANDOM)}`
}

/** What the upstream is told of its place in the trace: below the span of its call. */
export function upstreamContext(trace: {
  readonly traceId: string
  readonly upstreamSpanId: string
  readonly traceFlags: number
  readonly parent: TraceContext | undefined
}): { readonly traceparent: string; readonly tracestate: string } {
  return {
    traceparent: formatTraceparent(trace.traceId, trace.upstreamSpanId, trace.traceFlags),
    // What came with a context that does not count is not the upstream's either.
    tracestate: trace.parent?.tracestate ?? '',
  }
}

/** What this exchange says of sampling, with the rest of what its parent said. */
export function flagsOf(parent: TraceContext | undefined, sampled: boolean): number {
  return ((parent?.flags ?? 0) & RANDOM) | (sampled ? SAMPLED : 0)
}

const KEY = /^[a-z0-9][a-z0-9_*/@-]{0,255}$/
/** Printable, without comma and equals sign, and no space at the end. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const MOST_MEMBERS = 32

/** Whether it may be sent on: at most 32 members `key=value`, and nothing that no header may hold. */
export function isTracestate(text: string): boolean {
  const members = text.split(',', MOST_MEMBERS + 1)
  if (members.length > MOST_MEMBERS) return false
  return members.every((each) => {
    const member = trimBlank(each)
    // Empty members are allowed.
    if (member === '') return true
    const equals = member.indexOf('=')
    return equals > 0 && KEY.test(member.slice(0, equals)) && VALUE.test(member.slice(equals + 1))
  })
}

const trimBlank = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '')

/** Lower-case hexadecimal digits, and not only zeros. */
function isId(text: string, from: number, to: number): boolean {
  let some = false
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (digit(code) < 0) return false
    if (code !== 0x30) some = true
  }
  return some
}

function hexByte(text: string, at: number): number {
  const high = digit(text.charCodeAt(at))
  const low = digit(text.charCodeAt(at + 1))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}
