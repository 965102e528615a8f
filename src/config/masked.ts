/** A copy of settings that may be shown: without what their schema, or the name of a key, says is secret. */
import { isSecretName } from '../telemetry/redact.ts'
import { REDACTED, scrub } from '../telemetry/scrub.ts'
import { type Schema, secret } from './schema.ts'

/** What the schema does not know is taken for a secret, as far as it is text. */
export function masked(schema: Schema | undefined, value: unknown, name = ''): unknown {
  if (value === undefined || value === null) return value
  if (Array.isArray(value)) return value.map((item) => masked(schema?.items, item, name))
  if (typeof value === 'object') {
    const values = schema?.additionalProperties || undefined
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, masked(schema?.properties?.[key] ?? values, inner, key)]),
    )
  }
  if (typeof value !== 'string') return isKnown(schema) || !isSecretName(name) ? value : REDACTED
  return isKnown(schema) && !isSecretName(name) ? scrub(value) : REDACTED
}

/** A schema without a type lets anything pass, such as the options of a user's own interceptor. */
function isKnown(schema: Schema | undefined): boolean {
  return schema?.type !== undefined && schema[secret] !== true
}
