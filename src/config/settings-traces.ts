/** The settings of tracing: what is sampled, what is kept all the same, and where spans go. */
import {
  boolean,
  duration,
  integer,
  list,
  literals,
  map,
  maybe,
  noun,
  object,
  optional,
  type Schema,
} from './schema.ts'
import { headerValue, httpUrl, pemFile } from './values.ts'

interface RateWords {
  readonly description: string
  readonly default?: number
  readonly examples?: readonly number[]
}

/** A share of exchanges. */
function rate(words: RateWords): Schema<number> {
  return { type: 'number', minimum: 0, maximum: 1, [noun]: 'a number from 0 to 1', ...words }
}

const sampling = object(
  {
    sampler: literals(
      [
        'always_on',
        'always_off',
        'traceidratio',
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
      ],
      {
        default: 'parentbased_traceidratio',
        description:
          'How an exchange is chosen when it begins (`OTEL_TRACES_SAMPLER`). The `parentbased_` ones follow the decision of the trace that the downstream is in, if it is in one.',
      },
    ),
    rate: rate({
      default: 1,
      description:
        'Share of exchanges that the `traceidratio` samplers choose, from 0 to 1 (`OTEL_TRACES_SAMPLER_ARG`).',
    }),
    operations: map(rate({ description: 'Share of the exchanges with this operation.', examples: [0.1] }), {
      default: {},
      description: 'The same for single operations, by method, for example `tools/list: 0.1`.',
    }),
    tools: map(rate({ description: 'Share of the calls of this tool.', examples: [0.1] }), {
      default: {},
      description: 'The same for the calls of single tools, by name. Stronger than `operations`.',
    }),
  },
  { description: 'What is chosen when an exchange begins. The choice goes to the upstream with `traceparent`.' },
)

const keep = object(
  {
    errors: boolean({
      default: true,
      description: 'Keep every exchange or operation that did not end well, whatever was chosen.',
    }),
    refused: boolean({
      default: false,
      description:
        'Let `errors` mean those too that the gateway itself refused. A flood of them is then a flood of spans.',
    }),
    slow: duration({
      default: '5s',
      description: 'Keep every call that takes at least so long, whatever was chosen; 0 keeps none for that.',
    }),
  },
  {
    description:
      'What is kept at its end although it was not chosen. The upstream was told otherwise, so that its own spans may be missing from such a trace.',
  },
)

/** Where and how spans are sent by OTLP. */
export const tracesOtlp = object(
  {
    endpoint: optional(
      httpUrl({
        description:
          'URL of the collector (`OTEL_EXPORTER_OTLP_ENDPOINT`). With `http/protobuf`, `/v1/traces` is added to it. Unset, port 4317 (`grpc`) or 4318 of this machine.',
        examples: ['http://otel-collector:4317'],
      }),
    ),
    url: optional(
      httpUrl({
        description:
          'URL that takes spans, used as it is, in place of `endpoint` (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`).',
        examples: ['http://otel-collector:4318/v1/traces'],
      }),
    ),
    protocol: literals(['grpc', 'http/protobuf'], { default: 'grpc', description: 'Protocol of the collector.' }),
    headers: map(headerValue({ examples: ['Bearer …'] }), {
      keys: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      default: {},
      description: 'Headers to send along, for example `authorization`.',
    }),
    timeout: duration({ default: '10s', atLeast: 1, description: 'Time for the collector to take a batch.' }),
    gzip: boolean({ default: false, description: 'Compress what is sent.' }),
    ca: optional(
      pemFile({ description: 'PEM file of the authorities that sign its certificate. Unset, the public ones.' }),
    ),
    cert: optional(pemFile({ description: 'PEM file of the client certificate to present. Needs `key`.' })),
    key: optional(pemFile({ description: 'PEM file of the client key. Needs `cert`.' })),
  },
  { description: 'The collector. An `http` URL is not encrypted, an `https` URL is.' },
)

export const traces = object(
  {
    exporters: maybe(
      list(literals(['otlp', 'console', 'none'], { description: 'An exporter.' }), {
        description:
          'Where spans go (`OTEL_TRACES_EXPORTER`). Unset: `otlp` if the URL of a collector is set, else nowhere. With none, tracing is off: `traceparent` passes unchanged and none is added.',
        examples: [['otlp']],
      }),
    ),
    otlp: tracesOtlp,
    sampling,
    keep,
    sessionId: literals(['hash', 'plain', 'none'], {
      default: 'hash',
      description:
        'How `mcp.session.id` stands on spans: as the short hash that the log has too, as it is, or not at all. Whoever knows the id can use the session.',
    }),
    resourceUris: boolean({
      default: false,
      description: 'Write `mcp.resource.uri` on spans. URIs may hold names of files and of persons.',
    }),
    queue: integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 2048,
      description:
        'Exchanges that wait to be sent; those beyond it are dropped and counted (`OTEL_BSP_MAX_QUEUE_SIZE`).',
    }),
    batch: integer({
      minimum: 1,
      maximum: 100_000,
      default: 512,
      description: 'Exchanges that are sent at once (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).',
    }),
    delay: duration({
      default: '5s',
      atLeast: 1,
      description: 'Longest time that a span waits to be sent (`OTEL_BSP_SCHEDULE_DELAY`).',
    }),
  },
  { description: 'Traces: a span for each exchange that is chosen, and one for the call of its upstream.' },
)
