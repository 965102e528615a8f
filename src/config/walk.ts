/** Reads a document by a schema: validates and normalises it in one walk, and notes every error instead of stopping. */

import { resolve } from 'node:path'
import { at, type ConfigError } from './errors.ts'
import { noun, presence, refine, type Schema, secret } from './schema.ts'
import { nearest } from './suggest.ts'

export interface NamedFile {
  readonly path: string
  readonly file: string
  readonly holds: 'pem' | 'module' | 'token'
}

export interface Reading {
  /** What relative file paths are relative to. */
  readonly folder: string
  /** Paths whose value came as text (flag, variable, substitution) and may stand for a number or a boolean. */
  readonly texts: { has(path: string): boolean }
  readonly errors: ConfigError[]
  readonly files: NamedFile[]
}

/** The value as the schema means it. Where an error was noted, its default or `undefined` stands in for it. */
export function walk<T>(schema: Schema<T>, value: unknown, path: string, reading: Reading): T {
  return visit(schema, value, path, reading) as T
}

function visit(schema: Schema, given: unknown, path: string, reading: Reading): unknown {
  const refuse = (message: string, hint?: string) => reading.errors.push({ path, message, hint })
  const value = reading.texts.has(path) ? retype(schema, given) : given
  if (!fits(schema, value)) {
    refuse(
      value === null
        ? `must be ${name(schema)}, and is empty`
        : `must be ${name(schema)}, not ${schema[secret] ? kindOf(value) : show(value)}`,
      hint(schema, value),
    )
    return schema.default === undefined ? undefined : visit(schema, schema.default, path, reading)
  }
  const { properties, items, additionalProperties } = schema
  if (properties) return fields(properties, value as object, path, reading)
  if (additionalProperties) return entries(schema, additionalProperties, value as object, path, reading)
  if (items) return (value as unknown[]).map((item, i) => visit(items, item, at(path, i), reading))
  const file = (named: string, holds: NamedFile['holds']) => {
    const absolute = resolve(reading.folder, named)
    reading.files.push({ path, file: absolute, holds })
    return absolute
  }
  return schema[refine] ? schema[refine](value, { refuse, file }) : value
}

function fields(properties: Readonly<Record<string, Schema>>, value: object, path: string, reading: Reading): unknown {
  const given = new Map<string, unknown>(Object.entries(value))
  const read: [string, unknown][] = []
  for (const [key, schema] of Object.entries(properties)) {
    const inner = at(path, key)
    const stated = given.has(key) ? given.get(key) : schema.default
    given.delete(key)
    if (stated !== undefined) read.push([key, visit(schema, stated, inner, reading)])
    else if (schema[presence] === 'undefined') read.push([key, undefined])
    else if (schema[presence] !== 'omitted') {
      const example = schema.examples?.[0]
      const advice = example === undefined ? undefined : `add ${key}: ${example}`
      reading.errors.push({ path: inner, message: 'is missing', hint: advice })
    }
  }
  for (const key of given.keys()) {
    const known = Object.keys(properties)
    const meant = nearest(key, known)
    const advice = meant ? `did you mean ${meant}?` : `known here: ${known.join(', ')}`
    reading.errors.push({ path: at(path, key), message: 'is not a known setting', hint: advice })
  }
  return Object.fromEntries(read)
}

function entries(schema: Schema, values: Schema, value: object, path: string, reading: Reading): unknown {
  const names = new RegExp(schema.propertyNames?.pattern ?? '', 'u')
  const read = Object.entries(value).map(([key, inner]) => {
    if (!names.test(key))
      reading.errors.push({ path: at(path, key), message: 'is not a valid name', hint: `names match ${names.source}` })
    return [key, visit(values, inner, at(path, key), reading)]
  })
  return Object.fromEntries(read)
}

function fits({ type, ...schema }: Schema, value: unknown): boolean {
  if (type !== undefined && ![type].flat().some((t) => isA(t, value))) return false
  if (schema.enum) return schema.enum.includes(value as string)
  if (typeof value === 'number') return value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value)
  if (typeof value !== 'string') return true
  return value.length >= (schema.minLength ?? 0) && new RegExp(schema.pattern ?? '', 'u').test(value)
}

function isA(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  return typeof value === type && value !== null && !Array.isArray(value)
}

function retype({ type }: Schema, text: unknown): unknown {
  const types = [type].flat()
  if (types.includes('integer') && /^-?\d+$/.test(String(text))) return Number(text)
  if (types.includes('number') && /^-?\d+(\.\d+)?$/.test(String(text))) return Number(text)
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function name(schema: Schema): string {
  if (schema[noun]) return schema[noun]
  const names: Readonly<Record<string, string>> = { object: 'a mapping', array: 'a list', boolean: 'true or false' }
  return names[String(schema.type)] ?? 'a text'
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  // A URL that is refused may carry a password.
  const text = String(JSON.stringify(value)).replace(/\/\/[^/@\s]*@/g, '//…@')
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** For what must not be shown. */
function kindOf(value: unknown): string {
  if (typeof value === 'object') return show(value)
  return typeof value === 'string' ? 'this one' : `a ${typeof value}`
}

function hint(schema: Schema, value: unknown): string | undefined {
  if (value === null) return 'give it a value, or remove the line'
  const meant = typeof value === 'string' && schema.enum ? nearest(value, schema.enum) : undefined
  if (meant) return `did you mean ${meant}?`
  const example = schema.examples?.[0] ?? schema.default
  return typeof example === 'object' || example === undefined ? undefined : `for example ${example}`
}
