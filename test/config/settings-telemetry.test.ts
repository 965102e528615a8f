/** Telemetry in the configuration file: what is wrong is told all at once, each with its path, and nothing starts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused } from './load-with.ts'

test('every fault is told at once', async () => {
  const yaml = `upstreams: { a: { url: http://a/b } }
telemetry:
  metrics: { exporters: [statsd], views: [pforge, grafana], interval: 1ms, otlp: { endpoint: 'collector:4317' } }
  traces:
    exporters: [zipkin]
    otlp: { endpoint: 'http://user:secret@collector', url: 'unix:/run/otlp', protocol: http/json }
    sampling: { sampler: sometimes, rate: 1.5, operations: { tools/list: -0.1 }, tools: { noisy: .nan, quiet: '1' } }
  rules:
    - name: own.a
      help: A.
      kind: counter
      value: { from: arguments, pointer: a/b }
    - name: own.b
      help: B.
      kind: counter
      labels: { query: { from: arguments, pointer: /query } }`
  const errors = await refused({ yaml })
  const told: readonly (readonly [path: string, what: RegExp])[] = [
    ['telemetry.metrics.exporters[0]', /must be one of prometheus, otlp, console, none, not "statsd"/],
    ['telemetry.metrics.views[1]', /must be one of pforge, shadowcat, metamcp, tfo, not "grafana"/],
    ['telemetry.metrics.interval', /at least/],
    ['telemetry.metrics.otlp.endpoint', /must be an http or https URL/],
    ['telemetry.traces.exporters[0]', /must be one of otlp, console, none, not "zipkin"/],
    ['telemetry.traces.otlp.endpoint', /must not carry/],
    ['telemetry.traces.otlp.url', /must be an http or https URL/],
    ['telemetry.traces.otlp.protocol', /must be one of grpc, http\/protobuf/],
    ['telemetry.traces.sampling.sampler', /must be one of always_on/],
    ['telemetry.traces.sampling.rate', /must be a number from 0 to 1, not 1.5/],
    ['telemetry.traces.sampling.operations["tools/list"]', /must be a number from 0 to 1, not -0.1/],
    ['telemetry.traces.sampling.tools.noisy', /must be a number from 0 to 1/],
    ['telemetry.traces.sampling.tools.quiet', /must be a number from 0 to 1, not "1"/],
    ['telemetry.rules[0].value', /is not a JSON Pointer/],
    ['telemetry.rules[1].labels.query.values', /is missing, so that the label is unbounded/],
  ]
  for (const [path, what] of told) {
    const found = errors.filter((error) => error.startsWith(`${path}: `))
    assert.equal(found.length, 1, `${path} in ${errors.join('\n')}`)
    assert.match(found[0] ?? '', what)
  }
  assert.equal(errors.length, told.length)
  assert.ok(errors.every((error) => !error.includes('secret')))
})

for (const rate of [0, 0.5, 1])
  test(`a rate of ${rate} is taken`, async () => {
    const yaml = `upstreams: { a: { url: http://a/b } }
telemetry: { traces: { sampling: { rate: ${rate}, operations: { tools/list: ${rate} }, tools: { x: ${rate} } } } }
routes: [{ path: 'x' }]`
    assert.deepEqual(
      (await refused({ yaml })).filter((error) => error.startsWith('telemetry')),
      [],
    )
  })
