/** The settings of tracing: what is sampled, what is kept all the same, and where spans go. */
import { boolean, duration, integer, list, literals, map, maybe, noun, object, type Schema } from './schema.ts'
import { otlpExporter } from './settings-otlp.ts'

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

export const tracesOtlp = otlpExporter({ path: 'traces', words: 'spans' })

export const traces = object(
  {
    exporters: maybe(
      list(literals(['otlp', 'console', 'none'], { description: 'An exporter.' }), {
        description:
          'Where spans go (`OTEL_TRACES_EXPORTER`). Unset: `otlp` if the URL of a collector is set, else nowhere. With none, tracing is off: `traceparent` passes unchanged and none is added.',
        examples: [['otlp']],
      }),
    ),
    otlp: otlpExporter({ path: 'traces', words: 'spans' }),
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
      default: 128,
      description:
        'Exchanges that are sent at once, two spans each (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`). Making one ready takes about 10 µs.',
    }),
    delay: duration({
      default: '5s',
      atLeast: 1,
      description: 'Longest time that a span waits to be sent (`OTEL_BSP_SCHEDULE_DELAY`).',
    }),
  },
  { description: 'Traces: a span for each exchange that is chosen, and one for the call of its upstream.' },
)
