/** The environment variables of OpenTelemetry that the gateway reads, and those of its forerunners, which weigh least. */

import { readPairs } from './pairs.ts'
import type { Placement } from './placement.ts'
import type { Environment } from './substitute.ts'

/** What a variable's reader may say beside values. */
export interface VariableSite {
  readonly env: Environment
  refuse(message: string, hint?: string): void
  warn(message: string): void
}

type Value = Omit<Placement, 'label'>

export interface Variable {
  readonly name: string
  /** What it sets, as Markdown. */
  readonly sets: string
  readonly read: (text: string, site: VariableSite) => readonly Value[]
}

type Signal = 'metrics' | 'traces'

const BOTH: readonly Signal[] = ['metrics', 'traces']
const ENABLED = ['telemetry', 'enabled']
const SERVICE_NAME = ['telemetry', 'resource', 'service.name']

/** The standard ones, over the file. A later one goes over an earlier one. */
export const standardVariables: readonly Variable[] = [
  one('OTEL_SDK_DISABLED', ENABLED, (text) => String(text.toLowerCase() !== 'true')),
  {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    sets: '`telemetry.resource`',
    read: (text, site) => pairs(text, site, ['telemetry', 'resource']),
  },
  one('OTEL_SERVICE_NAME', SERVICE_NAME),
  list('OTEL_METRICS_EXPORTER', ['telemetry', 'metrics', 'exporters']),
  one('OTEL_METRIC_EXPORT_INTERVAL', ['telemetry', 'metrics', 'interval']),
  one('OTEL_METRIC_EXPORT_TIMEOUT', ['telemetry', 'metrics', 'timeout']),
  {
    name: 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
    sets: 'nothing: `cumulative` is all that is accepted',
    read: (text, site) => {
      if (text.toLowerCase() !== 'cumulative')
        site.refuse('must be cumulative', 'for delta, let a collector convert (its cumulativetodelta processor)')
      return []
    },
  },
  list('OTEL_TRACES_EXPORTER', ['telemetry', 'traces', 'exporters']),
  one('OTEL_TRACES_SAMPLER', ['telemetry', 'traces', 'sampling', 'sampler']),
  one('OTEL_TRACES_SAMPLER_ARG', ['telemetry', 'traces', 'sampling', 'rate']),
  one('OTEL_BSP_MAX_QUEUE_SIZE', ['telemetry', 'traces', 'queue']),
  one('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', ['telemetry', 'traces', 'batch']),
  one('OTEL_BSP_SCHEDULE_DELAY', ['telemetry', 'traces', 'delay']),
  ...otlpVariables('OTEL_EXPORTER_OTLP', 'endpoint', BOTH),
  ...otlpVariables('OTEL_EXPORTER_OTLP_METRICS', 'url', ['metrics']),
  ...otlpVariables('OTEL_EXPORTER_OTLP_TRACES', 'url', ['traces']),
]

/** Names that the gateway's forerunners use, under the file. An earlier one goes over a later one. */
export const aliasVariables: readonly Variable[] = [
  one('TELEMETRY_ENABLED', ENABLED, readSwitch),
  one('TELEMETRYFLOW_MCP_TELEMETRY_ENABLED', ENABLED, readSwitch),
  one('TELEMETRYFLOW_MCP_TELEMETRY_SERVICE_NAME', SERVICE_NAME),
  one('TELEMETRYFLOW_MCP_TELEMETRY_SERVICE_VERSION', ['telemetry', 'resource', 'service.version']),
  one('TELEMETRYFLOW_MCP_TELEMETRY_ENVIRONMENT', ['telemetry', 'resource', 'deployment.environment.name']),
  endpoint('OTLP_ENDPOINT', 'endpoint', BOTH, 'OTLP_INSECURE'),
  endpoint('TELEMETRYFLOW_MCP_OTLP_ENDPOINT', 'endpoint', BOTH, 'OTLP_INSECURE'),
  { name: 'OTLP_INSECURE', sets: 'the scheme of `OTLP_ENDPOINT`, where it has none', read: () => [] },
  one('PROMETHEUS_METRICS_PORT', ['admin', 'port']),
  {
    name: 'METRICS_ENABLED',
    sets: '`telemetry.metrics.exporters`, to `none` when it is false',
    read: (text) =>
      readSwitch(text) === 'false' ? [{ setting: ['telemetry', 'metrics', 'exporters'], value: ['none'] }] : [],
  },
  one('METRICS_INTERVAL_SECONDS', ['telemetry', 'metrics', 'interval'], (text) => `${text}s`),
  {
    name: 'HEALTH_CHECK_ENABLED',
    sets: 'nothing: health is always served',
    read: (text, site) => {
      if (readSwitch(text) === 'false') site.warn('has no effect, health is always served')
      return []
    },
  },
  one('TELEMETRYFLOW_MCP_LOG_LEVEL', ['log', 'level'], readLevel),
  // Whatever is not JSON there is for people to read.
  one('TELEMETRYFLOW_MCP_LOG_FORMAT', ['log', 'format'], (text) =>
    text.toLowerCase() === 'json' ? 'json' : 'console',
  ),
]

function one(name: string, setting: readonly string[], convert = (text: string) => text): Variable {
  return { name, sets: code(setting), read: (text) => [{ setting, value: convert(text) }] }
}

function list(name: string, setting: readonly string[]): Variable {
  const read = (text: string) => text.split(',').map((item) => item.trim())
  // The name that the console exporter had first.
  const plain = (item: string) => (item === 'logging' ? 'console' : item)
  return { name, sets: code(setting), read: (text) => [{ setting, value: read(text).filter(Boolean).map(plain) }] }
}

function otlpVariables(prefix: string, key: 'endpoint' | 'url', signals: readonly Signal[]): Variable[] {
  const each = (suffix: string, inner: string, convert = (text: string) => text): Variable => ({
    name: `${prefix}_${suffix}`,
    sets: settingsOf(signals, inner),
    read: (text) => signals.map((signal) => ({ setting: otlp(signal, inner), value: convert(text) })),
  })
  return [
    endpoint(`${prefix}_ENDPOINT`, key, signals, `${prefix}_INSECURE`),
    { name: `${prefix}_INSECURE`, sets: `the scheme of \`${prefix}_ENDPOINT\`, where it has none`, read: () => [] },
    each('PROTOCOL', 'protocol'),
    {
      name: `${prefix}_HEADERS`,
      sets: settingsOf(signals, 'headers'),
      read: (text, site) => signals.flatMap((signal) => pairs(text, site, otlp(signal, 'headers'))),
    },
    each('TIMEOUT', 'timeout'),
    each('COMPRESSION', 'gzip', (text) => (text === 'gzip' ? 'true' : text === 'none' ? 'false' : text)),
    each('CERTIFICATE', 'ca'),
    each('CLIENT_CERTIFICATE', 'cert'),
    each('CLIENT_KEY', 'key'),
  ]
}

function endpoint(name: string, key: 'endpoint' | 'url', signals: readonly Signal[], insecure: string): Variable {
  const read = (text: string, { env }: VariableSite) => {
    // `host:port` is allowed by OpenTelemetry for gRPC; encrypted unless told otherwise.
    const scheme = readSwitch(env[insecure] ?? '') === 'true' ? 'http' : 'https'
    const value = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`
    return signals.map((signal) => ({ setting: otlp(signal, key), value }))
  }
  return { name, sets: settingsOf(signals, key), read }
}

function otlp(signal: Signal, key: string): string[] {
  return ['telemetry', signal, 'otlp', key]
}

function settingsOf(signals: readonly Signal[], key: string): string {
  return signals.map((signal) => code(otlp(signal, key))).join(', ')
}

function code(setting: readonly string[]): string {
  return `\`${setting.join('.')}\``
}

function pairs(text: string, site: VariableSite, setting: readonly string[]): Value[] {
  const read = readPairs(text)
  if (typeof read !== 'string') return read.pairs.map(([key, value]) => ({ setting: [...setting, key], value }))
  site.refuse(read, 'for example key=value,other=value; commas, blanks and % in values percent-encoded')
  return []
}

function readSwitch(text: string): string {
  const word = text.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return 'true'
  if (['false', '0', 'no', 'off'].includes(word)) return 'false'
  return text
}

function readLevel(text: string): string {
  const levels: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' }
  const word = text.toLowerCase()
  return levels[word] ?? word
}
