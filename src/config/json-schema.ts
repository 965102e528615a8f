/** Turns a schema into the JSON Schema of a file, in which a variable may stand for any plain value. */
import type { Schema } from './schema.ts'

const variable = { type: 'string', pattern: '\\$\\{', description: `with \${NAME} or \${NAME:-default}` }

export function fileSchema(schema: Schema): Record<string, unknown> {
  const { description, default: preset, examples, ...rest } = schema
  const about = { description, default: preset, examples }
  const { properties, items, additionalProperties } = schema
  if (properties) {
    const inner = Object.entries(properties).map(([key, child]) => [key, fileSchema(child)])
    return { ...about, ...rest, properties: Object.fromEntries(inner) }
  }
  if (items) return { ...about, ...rest, items: fileSchema(items) }
  if (additionalProperties) return { ...about, ...rest, additionalProperties: fileSchema(additionalProperties) }
  // A plain text takes the variable as it is.
  const open = schema.type === undefined || (schema.type === 'string' && !schema.pattern && !schema.enum)
  return open ? { ...about, ...rest } : { ...about, anyOf: [rest, variable] }
}
