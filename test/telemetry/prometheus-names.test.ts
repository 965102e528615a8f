/** Names for Prometheus by the rules of the OpenTelemetry specification. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstrumentDef } from '../../src/telemetry/definition.ts'
import { prometheusLabel, prometheusName } from '../../src/telemetry/prometheus-names.ts'

const named = (name: string, unit: string, kind: 'counter' | 'gauge' | 'upDownCounter' | 'histogram') => {
  const def = { name, unit, kind, help: '', labels: [], cap: 1, buckets: [] } as InstrumentDef
  return prometheusName(def)
}

const cases = [
  ['mcp.requests', '{request}', 'counter', 'mcp_requests_total'],
  ['mcp.requests.total', '{request}', 'counter', 'mcp_requests_total'],
  ['process.cpu.time', 's', 'counter', 'process_cpu_time_seconds_total'],
  ['mcp.request.size', 'By', 'histogram', 'mcp_request_size_bytes'],
  ['up.seconds', 's', 'gauge', 'up_seconds'],
  ['seconds', 's', 'gauge', 'seconds'],
  ['milliseconds.of', 's', 'gauge', 'milliseconds_of_seconds'],
  ['usage', '1', 'gauge', 'usage_ratio'],
  ['usage', '1', 'counter', 'usage_total'],
  ['usage', '1', 'upDownCounter', 'usage'],
  ['speed', 'By/s', 'gauge', 'speed_bytes_per_second'],
  ['speed', '{call}/min', 'gauge', 'speed_per_minute'],
  ['strange--name..x', 'lightyears', 'gauge', 'strange_name_x_lightyears'],
  ['2xx', '', 'counter', '_2xx_total'],
  ['sidelight.build.info', '', 'gauge', 'sidelight_build_info'],
] as const

for (const [name, unit, kind, sample] of cases) {
  test(`${kind} ${name} in ${unit || 'no unit'} is ${sample}`, () =>
    assert.equal(named(name, unit, kind).sample, sample))
}

test('a family carries its unit last and no suffix of its type', () => {
  assert.deepEqual(named('process.cpu.time', 's', 'counter'), {
    family: 'process_cpu_time_seconds',
    sample: 'process_cpu_time_seconds_total',
    type: 'counter',
    unit: 'seconds',
  })
  assert.equal(named('sidelight.build.info', '', 'gauge').family, 'sidelight_build')
})

test('labels lose their dots', () => {
  assert.deepEqual(['http.request.method', 'a..b', '1st'].map(prometheusLabel), [
    'http_request_method',
    'a_b',
    'key_1st',
  ])
})
