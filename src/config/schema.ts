/** Typed builders of JSON Schema: each schema is a plain JSON Schema object that also carries the type it describes. */
import { parseDuration, parseSize } from './units.ts'

/** What a schema knows beyond JSON Schema sits under symbols, which `JSON.stringify` leaves out. */
export const presence: unique symbol = Symbol('presence')
export const noun: unique symbol = Symbol('noun')
export const refine: unique symbol = Symbol('refine')
export const secret: unique symbol = Symbol('secret')
declare const meaning: unique symbol

/** Where a value is being read. */
export interface Site {
  refuse(message: string, hint?: string): void
  /** Resolves a file's path against the folder of the configuration file; that it can be read is checked later. */
  file(path: string, holds: 'pem' | 'module' | 'token'): string
}

export interface Schema<T = unknown> {
  readonly [meaning]?: T
  /** `omitted`: the key may be absent from the result. `undefined`: it is there, with no value. Otherwise it has a value. */
  readonly [presence]?: 'omitted' | 'undefined'
  /** What a value is, as in "must be …". */
  readonly [noun]?: string
  /** Its value is never shown, neither in errors nor by `/config`. */
  readonly [secret]?: boolean
  /** Normalises a value that fits the keywords, or refuses it. */
  [refine]?(value: unknown, site: Site): unknown
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly propertyNames?: { readonly pattern: string }
  readonly additionalProperties?: Schema | false
}

export type Infer<S> = S extends Schema<infer T> ? T : never
type Omitted = { readonly [presence]: 'omitted' }
type Flat<T> = { [K in keyof T]: T[K] }
type Shape<P> = Flat<
  { [K in keyof P as P[K] extends Omitted ? never : K]: Infer<P[K]> } & {
    [K in keyof P as P[K] extends Omitted ? K : never]?: Infer<P[K]>
  }
>

interface About<D> {
  readonly description?: string
  readonly default?: D
  readonly examples?: readonly D[]
}
interface StringAbout extends About<string> {
  readonly pattern?: string
  readonly noun?: string
  readonly refine?: (text: string, site: Site) => string
  readonly secret?: boolean
}

export function string({ noun: name, refine: check, secret: hidden, ...about }: StringAbout): Schema<string> {
  const symbols = {
    ...(name && { [noun]: name }),
    ...(check && { [refine]: check }),
    ...(hidden && { [secret]: true }),
  }
  return { type: 'string', minLength: 1, ...about, ...symbols }
}

export function boolean(about: About<boolean>): Schema<boolean> {
  return { type: 'boolean', ...about }
}

export function integer(about: About<number> & { minimum: number; maximum: number }): Schema<number> {
  return { type: 'integer', [noun]: `an integer from ${about.minimum} to ${about.maximum}`, ...about }
}

export function literals<const L extends readonly string[]>(values: L, about: About<L[number]>): Schema<L[number]> {
  return { type: 'string', enum: values, [noun]: `one of ${values.join(', ')}`, ...about }
}

/** The largest delay of a Node timer, and a bound for what is held in memory at once. */
const largest = 2 ** 31 - 1

function quantity(name: string, pattern: string, parse: (text: string) => number, unit: string) {
  return ({ atLeast = 0, ...about }: About<string> & { atLeast?: number }): Schema<number> => ({
    type: ['string', 'integer'],
    pattern,
    minimum: atLeast,
    maximum: largest,
    [noun]: name,
    [refine](value: unknown, site: Site) {
      const amount = typeof value === 'string' ? parse(value) : Number(value)
      if (amount < atLeast) site.refuse(`must be at least ${atLeast} ${unit}`)
      if (amount > largest) site.refuse(`must be at most ${largest} ${unit}`)
      return amount
    },
    ...about,
  })
}

/** Read as milliseconds. */
export const duration = quantity('a duration (500ms, 10s, 5m, 1h)', '^\\d+(ms|s|m|h)$', parseDuration, 'milliseconds')
/** Read as bytes. */
export const size = quantity('a size (512B, 16KiB, 4MiB, 1MB)', '^\\d+(B|KiB|MiB|GiB|kB|KB|MB|GB)$', parseSize, 'bytes')

export function list<T>(items: Schema<T>, about: About<readonly unknown[]>): Schema<T[]> {
  return { type: 'array', items, ...about }
}

export function map<T>(
  values: Schema<T>,
  { keys, ...about }: About<Record<string, unknown>> & { keys?: string },
): Schema<Record<string, T>> {
  return { type: 'object', ...about, ...(keys && { propertyNames: { pattern: keys } }), additionalProperties: values }
}

export function anything(about: About<unknown>): Schema<unknown> {
  return about
}

/** A mapping with known keys. One that requires none of them defaults to all their defaults. */
export function object<const P extends Readonly<Record<string, Schema>>>(
  properties: P,
  about: About<Record<string, unknown>>,
): Schema<Shape<P>> {
  const needed = Object.entries(properties).filter(([, s]) => s[presence] === undefined && s.default === undefined)
  const required = needed.map(([key]) => key)
  const rest = required.length === 0 ? { default: {} } : { required }
  return { type: 'object', ...about, properties, ...rest, additionalProperties: false }
}

/** May be left out; the key is then absent. */
export function optional<T>({ default: _, ...schema }: Schema<T>): Schema<T> & Omitted {
  return { ...schema, [presence]: 'omitted' }
}

/** May be left out; the value is then `undefined`. */
export function maybe<T>({ default: _, ...schema }: Schema<T>): Schema<T | undefined> {
  return { ...schema, [presence]: 'undefined' }
}
