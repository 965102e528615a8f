/** Reads the queries of lists: what of, and which page. */
import { AdminFault } from './fault.ts'

export interface Page {
  /** Where the page begins: the cursor that the page before gave. */
  readonly cursor: number
  readonly limit: number
}

export const PAGE_LIMIT = 500
const USUAL_LIMIT = 100

export type Query = Readonly<Record<string, string | string[] | undefined>>

export function pageOf(query: Query): Page {
  const limit = numberOf(query, 'limit') ?? USUAL_LIMIT
  if (limit < 1 || limit > PAGE_LIMIT)
    throw new AdminFault(400, 'bad_request', `"limit" must be a number from 1 to ${PAGE_LIMIT}`)
  return { cursor: numberOf(query, 'cursor') ?? 0, limit }
}

/** The one value of a key; `undefined`: it is not there. */
export function textOf(query: Query, key: string): string | undefined {
  const value = query[key]
  if (Array.isArray(value)) throw new AdminFault(400, 'bad_request', `"${key}" stands there more than once`)
  return value
}

/** The upstream that is asked for; `undefined`: any. `known`: the names of those there are. */
export function upstreamOf(query: Query, known: readonly string[]): string | undefined {
  const name = textOf(query, 'upstream')
  if (name !== undefined && !known.includes(name))
    throw new AdminFault(400, 'unknown_upstream', `There is no such upstream; there are ${known.join(', ')}`)
  return name
}

function numberOf(query: Query, key: string): number | undefined {
  const text = textOf(query, key)
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new AdminFault(400, 'bad_request', `"${key}" must be a number`)
  return Number(text)
}
