/** The settings of telemetry that is sent: who we say we are, and where metrics and spans go. */
import { VIEW_NAMES } from '../telemetry/views/names.ts'
import { boolean, duration, list, literals, map, maybe, object, string } from './schema.ts'
import { otlpExporter } from './settings-otlp.ts'
import { rules } from './settings-rules.ts'
import { traces } from './settings-traces.ts'

const metrics = object(
  {
    exporters: maybe(
      list(literals(['prometheus', 'otlp', 'console', 'none'], { description: 'An exporter.' }), {
        description:
          'Where metrics are sent (`OTEL_METRICS_EXPORTER`), several at once if wanted. Unset: `otlp` if the URL of a collector is set, else nowhere. `/metrics` is served whatever stands here, because it is fetched, not sent: `prometheus` says so and adds nothing. `console` writes log lines of level `info`.',
        examples: [['prometheus', 'otlp']],
      }),
    ),
    views: list(literals(VIEW_NAMES, { description: 'A view.' }), {
      default: [],
      description:
        'Views that stand on the main page of `/metrics` too: the names and labels that dashboards of other gateways know. Each is also served alone, at `/metrics?view=…`.',
      examples: [['pforge']],
    }),
    interval: duration({
      default: '1m',
      atLeast: 10,
      description: 'Time between two exports (`OTEL_METRIC_EXPORT_INTERVAL`).',
    }),
    timeout: duration({
      default: '30s',
      atLeast: 1,
      description: 'Longest time that an export takes, whatever the exporter (`OTEL_METRIC_EXPORT_TIMEOUT`).',
    }),
    otlp: otlpExporter({ path: 'metrics', words: 'metrics' }),
  },
  { description: 'Metrics that are sent. Their temporality is cumulative.' },
)

export const telemetry = object(
  {
    enabled: boolean({
      default: true,
      description:
        'Send metrics and spans at all (`OTEL_SDK_DISABLED=true` says no). `/metrics`, health and the log stay; what interceptors record through `@opentelemetry/api` is not taken.',
    }),
    resource: map(string({ examples: ['production'] }), {
      keys: '^[\\x21-\\x7e]+$',
      default: {},
      description:
        'What is said of the process with everything that is sent, as OpenTelemetry resource attributes (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`), for example `deployment.environment.name`. `service.name` is `sidelight` unless it stands here.',
    }),
    metrics,
    rules,
    traces,
  },
  { description: 'What is sent to collectors. Nothing is, unless one is named.' },
)
