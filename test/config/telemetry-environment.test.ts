/** The variables of OpenTelemetry and those of other gateways: what they set, over what and under what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { loaded, refused } from './load-with.ts'

const telemetryOf = async (given: Parameters<typeof loaded>[0]): Promise<Config['telemetry']> =>
  (await loaded(given)).config.telemetry

test('the variables for all signals set both, those for one go over them', async () => {
  const { metrics, traces } = await telemetryOf({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4317',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://metrics:9999/in',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20abc,x-tenant=a',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=b',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'none',
    },
  })
  assert.deepEqual(metrics.otlp, {
    endpoint: 'https://collector:4317',
    url: 'http://metrics:9999/in',
    protocol: 'http/protobuf',
    headers: { Authorization: 'Bearer abc', 'x-tenant': 'a' },
    timeout: 2500,
    gzip: false,
  })
  assert.deepEqual(traces.otlp, {
    endpoint: 'https://collector:4317',
    protocol: 'grpc',
    headers: { Authorization: 'Bearer abc', 'x-tenant': 'b' },
    timeout: 2500,
    gzip: true,
  })
})

test('exporters, times, the sampler and the resource', async () => {
  const { enabled, resource, metrics, traces } = await telemetryOf({
    env: {
      OTEL_METRICS_EXPORTER: 'prometheus, otlp,logging',
      OTEL_METRIC_EXPORT_INTERVAL: '15000',
      OTEL_METRIC_EXPORT_TIMEOUT: '5000',
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=from-attributes,team=a%2Cb,deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'from-name',
      OTEL_SDK_DISABLED: 'TRUE',
    },
  })
  assert.equal(enabled, false)
  assert.deepEqual(resource, { 'service.name': 'from-name', team: 'a,b', 'deployment.environment.name': 'test' })
  assert.deepEqual(metrics.exporters, ['prometheus', 'otlp', 'console'])
  assert.deepEqual([metrics.interval, metrics.timeout], [15_000, 5000])
  assert.deepEqual(traces.exporters, ['console'])
  assert.deepEqual([traces.sampling.sampler, traces.sampling.rate], ['traceidratio', 0.25])
})

test('they go over the file, key by key, and an empty one counts as not set', async () => {
  const yaml = `telemetry:
  resource: { team: file, region: file }
  metrics: { exporters: [console], interval: 5s, otlp: { headers: { x-a: file } } }`
  const env = { OTEL_RESOURCE_ATTRIBUTES: 'team=env', OTEL_METRIC_EXPORT_INTERVAL: '', OTEL_METRICS_EXPORTER: 'none' }
  const { resource, metrics } = await telemetryOf({ yaml, env })
  assert.deepEqual(resource, { team: 'env', region: 'file' })
  assert.deepEqual([metrics.exporters, metrics.interval], [['none'], 5000])
})

test('an endpoint without a scheme is encrypted unless told otherwise', async () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'collector:4317'
  const secure = await telemetryOf({ env: { OTEL_EXPORTER_OTLP_ENDPOINT } })
  assert.equal(secure.metrics.otlp.endpoint, 'https://collector:4317')
  const plain = await telemetryOf({ env: { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_INSECURE: 'true' } })
  assert.equal(plain.traces.otlp.endpoint, 'http://collector:4317')
})

test('an endpoint at the port of HTTP means that protocol, where nothing names another', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
  const { metrics, traces } = await telemetryOf({ env })
  assert.deepEqual([metrics.otlp.protocol, traces.otlp.protocol], ['http/protobuf', 'http/protobuf'])
  const stated = await loaded({ env, yaml: 'telemetry: { metrics: { otlp: { protocol: grpc } } }' })
  assert.equal(stated.config.telemetry.metrics.otlp.protocol, 'grpc')
  assert.deepEqual(stated.warnings, [
    'telemetry.metrics.otlp: port 4318 is that of http/protobuf, and protocol is grpc',
  ])
})

test('variables of other gateways fill in what nothing else says', async () => {
  const env = {
    TELEMETRY_ENABLED: 'false',
    TELEMETRYFLOW_MCP_TELEMETRY_ENABLED: 'true',
    TELEMETRYFLOW_MCP_TELEMETRY_SERVICE_NAME: 'flow',
    TELEMETRYFLOW_MCP_OTLP_ENDPOINT: 'http://flow:4317',
    TELEMETRYFLOW_MCP_LOG_LEVEL: 'WARNING',
    TELEMETRYFLOW_MCP_LOG_FORMAT: 'text',
    PROMETHEUS_METRICS_PORT: '9191',
    METRICS_ENABLED: 'false',
    METRICS_INTERVAL_SECONDS: '15',
    HEALTH_CHECK_ENABLED: 'true',
  }
  const { config, warnings } = await loaded({ env })
  assert.deepEqual(warnings, [])
  assert.equal(config.admin.port, 9191)
  assert.equal(config.log.level, 'warn')
  assert.equal(config.log.format, 'console')
  assert.equal(config.telemetry.enabled, false)
  assert.deepEqual(config.telemetry.resource, { 'service.name': 'flow' })
  assert.deepEqual(config.telemetry.metrics.exporters, ['none'])
  assert.equal(config.telemetry.metrics.interval, 15_000)
  assert.equal(config.telemetry.traces.otlp.endpoint, 'http://flow:4317')
})

test('variables of other gateways lie under the file and under the standard ones', async () => {
  const env = {
    PROMETHEUS_METRICS_PORT: '9191',
    OTLP_ENDPOINT: 'alias:4317',
    OTLP_INSECURE: 'true',
    METRICS_INTERVAL_SECONDS: '15',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://standard:4317',
    OTEL_METRIC_EXPORT_INTERVAL: '3000',
  }
  const yaml = 'admin: { port: 9393 }\ntelemetry: { traces: { otlp: { protocol: grpc } } }'
  const { config } = await loaded({ env, yaml })
  assert.equal(config.admin.port, 9393)
  assert.equal(config.telemetry.metrics.interval, 3000)
  assert.equal(config.telemetry.metrics.otlp.url, 'http://standard:4317')
  assert.equal(config.telemetry.traces.otlp.endpoint, 'http://alias:4317')
})

test('what a variable switches off but cannot be switched off is told', async () => {
  const { warnings } = await loaded({ env: { HEALTH_CHECK_ENABLED: 'false' } })
  assert.deepEqual(warnings, ['HEALTH_CHECK_ENABLED: has no effect, health is always served'])
})

test('traces in messages are told to need tracing, and nothing where there is some', async () => {
  const yaml = `upstreams: { a: { url: http://a/b } }
routes: [{ path: /a }, { path: /b, traceMeta: true }]`
  const warning = 'routes[1].traceMeta: has no effect, tracing is off'
  assert.deepEqual((await loaded({ yaml })).warnings, [warning])
  const traced = { OTEL_TRACES_EXPORTER: 'console' }
  assert.deepEqual((await loaded({ yaml, env: traced })).warnings, [])
  assert.deepEqual((await loaded({ yaml, env: { ...traced, OTEL_SDK_DISABLED: 'true' } })).warnings, [warning])
})

test('every fault is told once, under the name of its variable', async () => {
  const errors = await refused({
    env: {
      OTEL_METRICS_EXPORTER: 'otlp,statsd',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://collector',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
      OTEL_RESOURCE_ATTRIBUTES: 'a=%zz',
      PROMETHEUS_METRICS_PORT: 'metrics',
    },
  })
  const at = (name: string) => errors.filter((error) => error.startsWith(`${name}:`))
  assert.match(at('OTEL_METRICS_EXPORTER').join(), /must be one of prometheus, otlp, console, none, not "statsd"/)
  assert.match(at('OTEL_EXPORTER_OTLP_ENDPOINT').join(), /must be an http or https URL/)
  assert.match(at('OTEL_EXPORTER_OTLP_PROTOCOL').join(), /must be one of grpc, http\/protobuf/)
  assert.match(at('OTEL_EXPORTER_OTLP_HEADERS').join(), /has no key=value as its item 1/)
  assert.match(at('OTEL_EXPORTER_OTLP_COMPRESSION').join(), /must be true or false, not "zstd"/)
  assert.match(at('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE').join(), /must be cumulative \(for delta, let/)
  assert.match(at('OTEL_TRACES_SAMPLER_ARG').join(), /must be a number from 0 to 1/)
  assert.match(at('OTEL_RESOURCE_ATTRIBUTES').join(), /broken percent-encoding in its item 1 \(a\)/)
  assert.match(at('PROMETHEUS_METRICS_PORT').join(), /must be an integer from 0 to 65535/)
  assert.equal(errors.length, 9)
})

test('a header that cannot be sent is refused without being shown', async () => {
  const errors = await refused({ env: { OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=canary%0Asecret' } })
  assert.equal(errors.length, 1)
  assert.match(errors[0]!, /^OTEL_EXPORTER_OTLP_METRICS_HEADERS: holds a character/)
  assert.doesNotMatch(errors[0]!, /canary/)
})

test('exporters and certificates that do not fit together are refused', async () => {
  const pem = '-----BEGIN CERTIFICATE-----'
  const yaml = 'telemetry: { metrics: { exporters: [none, otlp], otlp: { cert: a.crt } } }'
  assert.deepEqual(await refused({ yaml, files: { 'a.crt': pem } }), [
    'telemetry.metrics.exporters: has none beside others (leave none out, or let it stand alone)',
    'telemetry.metrics.otlp.key: is missing (cert needs its key)',
  ])
})
