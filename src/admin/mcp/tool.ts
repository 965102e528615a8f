/** What a tool is, and how it reads its arguments. */
import type { Caller, Right } from '../route.ts'

export interface Tool {
  readonly definition: ToolDefinition
  /** What the caller's token must be able to do; unset: nothing in particular. */
  readonly right?: Right
  readonly run: (given: Arguments, caller: Caller) => ToolResult | Promise<ToolResult>
}

export interface ToolDefinition {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema?: ObjectSchema
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint?: boolean
    readonly idempotentHint?: boolean
    readonly openWorldHint: false
  }
}

/** JSON Schema. */
export type ObjectSchema = { readonly type: 'object'; readonly [key: string]: unknown }

export interface ToolResult {
  readonly [key: string]: unknown
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent?: Readonly<Record<string, unknown>>
  readonly isError?: boolean
}

/** What a tool refuses, in words for the caller. */
export class ToolFault extends Error {}

export const READ_ONLY = { readOnlyHint: true, openWorldHint: false } as const

export const textResult = (text: string): ToolResult => ({ content: [{ type: 'text', text }] })

/** The same for programs and, as text, for clients that do not know structured content. */
export const structured = (value: Readonly<Record<string, unknown>>): ToolResult => ({
  ...textResult(JSON.stringify(value)),
  structuredContent: value,
})

export const failure = (message: string): ToolResult => ({ ...textResult(message), isError: true })

/** The arguments of one call. Throws `ToolFault` for what does not fit the tool's schema. */
export class Arguments {
  readonly #given: Readonly<Record<string, unknown>>

  constructor(given: unknown, { properties = {} }: ObjectSchema) {
    if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given)))
      throw new ToolFault('arguments must be an object')
    this.#given = (given ?? {}) as Record<string, unknown>
    const known = Object.keys(properties as object)
    const unknown = Object.keys(this.#given).find((key) => !known.includes(key))
    if (unknown !== undefined)
      throw new ToolFault(`There is no argument ${unknown.slice(0, 64)}; there are ${known.join(', ') || 'none'}`)
  }

  text(name: string, longest = 256): string | undefined {
    const value = this.#given[name]
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value.length > longest)
      throw new ToolFault(`${name} must be a text of at most ${longest} characters`)
    return value
  }

  needed(name: string, longest = 256): string {
    const value = this.text(name, longest)
    if (value === undefined) throw new ToolFault(`${name} is missing`)
    return value
  }

  word<const W extends string>(name: string, words: readonly W[]): W | undefined {
    const value = this.#given[name]
    if (value === undefined) return undefined
    const word = words.find((each) => each === value)
    if (word === undefined) throw new ToolFault(`${name} must be one of ${words.join(', ')}`)
    return word
  }

  flag(name: string): boolean | undefined {
    const value = this.#given[name]
    if (value !== undefined && typeof value !== 'boolean') throw new ToolFault(`${name} must be true or false`)
    return value
  }

  whole(name: string, preset: number, largest: number): number {
    const value = this.#given[name] ?? preset
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > largest)
      throw new ToolFault(`${name} must be a whole number from 1 to ${largest}`)
    return value as number
  }
}

/** One that there is not would look as if all were well with it. */
export function upstreamOf(given: Arguments, upstreams: () => readonly string[]): string | undefined {
  const name = given.text('upstream')
  if (name === undefined || upstreams().includes(name)) return name
  throw new ToolFault(`There is no upstream ${name}; there are ${upstreams().join(', ')}`)
}

/** Properties that several tools have. */
export const UPSTREAM = { type: 'string', description: 'Only this upstream (a name of the configuration).' } as const

export const limit = (preset: number, most: number) =>
  ({ type: 'integer', minimum: 1, maximum: most, default: preset, description: `At most so many.` }) as const

export function inputs(properties: Readonly<Record<string, object>>, required: readonly string[] = []): ObjectSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}
