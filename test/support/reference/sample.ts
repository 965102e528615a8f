/** Makes up an argument for every property of a tool's input schema. */

interface Schema {
  readonly type?: unknown
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
}

/** `known`: what properties of these names get. */
export function sampleOf(schema: unknown, known: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { properties = {} } = schema as Schema
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, known[name] ?? sampleValue(property)]),
  )
}

function sampleValue({ default: given, enum: choices, type, properties }: Schema): unknown {
  if (given !== undefined) return given
  if (choices !== undefined) return choices[0]
  if (type === 'number' || type === 'integer') return 1
  if (type === 'boolean') return true
  if (type === 'array') return []
  if (type === 'object') return sampleOf({ properties })
  return 'sample'
}
