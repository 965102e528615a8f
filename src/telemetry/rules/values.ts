/** What is read out of a call for a rule: numbers and labels. Pure. */
import { OTHER } from '../definition.ts'
import { parsePointer, resolvePointer } from './pointer.ts'
import type { BodyPart, Pointed } from './rule.ts'

type Fields = Readonly<Record<string, unknown>>

/** A request or response message, parsed. */
export type Message = unknown

/** The part of the message that a pointer begins in; of a request or a response, whichever the part is of. */
function partOf(message: Message, part: BodyPart): unknown {
  const { params, result } = fields(message)
  switch (part) {
    case 'arguments':
      return fields(params).arguments
    case 'meta':
      return fields(params)._meta
    case 'structuredContent':
      return fields(result).structuredContent
    case 'result':
      return result
  }
}

/** What a valid pointer finds, `undefined` where there is nothing. */
export function finder({ from, pointer }: Pointed): (message: Message) => unknown {
  const tokens = parsePointer(pointer) ?? []
  return (message) => resolvePointer(partOf(message, from), tokens)
}

/** A number is itself, a text its length in characters, a list its length; anything else has no number. */
export function amountOf(found: unknown): number | undefined {
  if (typeof found === 'number') return Number.isFinite(found) ? found : undefined
  if (Array.isArray(found)) return found.length
  return typeof found === 'string' ? characters(found) : undefined
}

/** One of the closed list, `_other`, or empty where there is nothing. */
export function labelOf(found: unknown, values: ReadonlySet<string>): string {
  if (found === undefined || found === null) return ''
  const text = typeof found === 'object' ? OTHER : String(found)
  return values.has(text) ? text : OTHER
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})

/** A character outside the basic plane is two units. */
function characters(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) pairs++
  return text.length - pairs
}
