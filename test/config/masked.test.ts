/** What of a configuration may be shown: everything but secrets, wherever the schema has one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked } from '../../src/config/masked.ts'
import { type Schema, secret } from '../../src/config/schema.ts'
import { settings } from '../../src/config/settings.ts'

/** A value with a canary in each place that is marked as secret, or of which nothing is known; places are noted. */
function withCanaries(schema: Schema, path: string, places: string[]): unknown {
  const { properties, items, additionalProperties } = schema
  if (properties) {
    const inner = Object.entries(properties).map(([key, child]) => [key, withCanaries(child, `${path}.${key}`, places)])
    return Object.fromEntries(inner)
  }
  if (items) return [withCanaries(items, `${path}[]`, places)]
  if (additionalProperties) return { 'x-name': withCanaries(additionalProperties, `${path}.*`, places) }
  if (schema[secret] === true || schema.type === undefined) {
    places.push(path)
    return `canary ${path}`
  }
  return schema.default ?? 'shown'
}

test('no place that the schema marks as secret, or does not know, is shown', () => {
  const places: string[] = []
  const text = JSON.stringify(masked(settings, withCanaries(settings, '', places)))
  assert.doesNotMatch(text, /canary/)
  assert.equal(text.split('"[redacted]"').length - 1, places.length)
  for (const place of [
    '.admin.token',
    '.admin.tokens[].token',
    '.upstreams.*.probe.headers.*',
    '.interceptors[].options.*',
  ])
    assert.ok(places.includes(place), `${place} is no secret: ${places.join(', ')}`)
})

test('secrets that only their name or form gives away are not shown either', () => {
  const shown = masked(settings, {
    telemetry: { resource: { password: 'canary', Token: 'canary', 'service.team': 'search' } },
    upstreams: { one: { url: 'https://user:canary@h/mcp?key=canary' } },
    unknown: { deep: ['canary', { n: 1, on: true, none: null, secret: 7 }] },
  })
  assert.deepEqual(shown, {
    telemetry: { resource: { password: '[redacted]', Token: '[redacted]', 'service.team': 'search' } },
    upstreams: { one: { url: 'https://[redacted]@h/mcp' } },
    unknown: { deep: ['[redacted]', { n: 1, on: true, none: null, secret: '[redacted]' }] },
  })
})

test('what is shown is a copy: what runs keeps its secrets', () => {
  const config = { admin: { token: 'canary-0123456789', host: '::1' } }
  assert.deepEqual(masked(settings, config), { admin: { token: '[redacted]', host: '::1' } })
  assert.deepEqual(config, { admin: { token: 'canary-0123456789', host: '::1' } })
})
