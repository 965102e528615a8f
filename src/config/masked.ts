/** A copy of settings that may be shown: without what their schema, or the name that a user chose, says is secret. */
import { isSecretName } from '../telemetry/redact.ts'
import { REDACTED, scrub } from '../telemetry/scrub.ts'
import { type Schema, secret } from './schema.ts'

/**
 * What the schema does not know is taken for a secret, as far as it is text.
 * @param name the key, where the schema does not name it
 */
export function masked(schema: Schema | undefined, value: unknown, name = ''): unknown {
  if (value === undefined || value === null) return value
  if (Array.isArray(value)) return value.map((item) => masked(schema?.items, item, name))
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map((entry) => field(schema, entry)))
  if (isSecretName(name)) return REDACTED
  if (typeof value !== 'string') return value
  return isKnown(schema) ? scrub(value) : REDACTED
}

function field(schema: Schema | undefined, [key, value]: readonly [string, unknown]): readonly [string, unknown] {
  const known = schema?.properties?.[key]
  return [key, known ? masked(known, value) : masked(schema?.additionalProperties || undefined, value, key)]
}

/** A schema without a type lets anything pass, such as the options of a user's own interceptor. */
function isKnown(schema: Schema | undefined): boolean {
  return schema?.type !== undefined && schema[secret] !== true
}
