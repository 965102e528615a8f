/** Every setting of the configuration file: the one source of its types, validation, JSON Schema and documentation. */
import { fileSchema } from './json-schema.ts'
import {
  anything,
  boolean,
  duration,
  type Infer,
  integer,
  list,
  map,
  maybe,
  object,
  type Schema,
  size,
  string,
} from './schema.ts'
import { health } from './settings-health.ts'
import { alerts, errors } from './settings-incidents.ts'
import { admin, listen } from './settings-listeners.ts'
import { log } from './settings-log.ts'
import { telemetry } from './settings-telemetry.ts'
import { route, upstream } from './settings-upstreams.ts'
import { module } from './values.ts'

const limits = object(
  {
    requestBytes: size({ default: '4MiB', atLeast: 1, description: 'Largest request body; a larger one is refused.' }),
    headBytes: size({ default: '16KiB', atLeast: 1024, description: 'Largest request head.' }),
    headTimeout: duration({ default: '10s', atLeast: 1, description: 'Time for a request head to arrive.' }),
    bodyTimeout: duration({ default: '30s', atLeast: 1, description: 'Time for a whole request to arrive.' }),
    keepAlive: duration({
      default: '75s',
      atLeast: 1,
      description: 'How long an idle downstream connection stays open. Keep it above that of the proxies in front.',
    }),
    connections: integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 20_000,
      description: 'Open downstream connections.',
    }),
  },
  { description: 'Bounds on what downstreams may send.' },
)

const interceptor = object(
  {
    module: module({
      description: "Path of the module, beginning with `.` (relative to this file) or `/`, or a package's name.",
      examples: ['./redact.mjs'],
    }),
    name: maybe(
      string({ description: "Name in metrics and logs. Unset, the interceptor's own.", examples: ['redact'] }),
    ),
    options: map(anything({}), { default: {}, description: 'Passed to the module as it is.' }),
    failOpen: boolean({
      default: false,
      description: 'Let an exchange pass when the interceptor throws, instead of failing it.',
    }),
    mutates: boolean({
      default: false,
      description: 'The interceptor may change messages. Otherwise bytes pass identical.',
    }),
  },
  { description: 'A step that sees every exchange.' },
)

const sessions = object(
  {
    max: integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description:
        'Sessions that are tracked, about 1 KiB each. Beyond it the longest idle is forgotten; traffic is never refused.',
    }),
    idle: duration({
      default: '30m',
      atLeast: 1000,
      description:
        'A session without traffic for so long is forgotten, not ended: if it comes back, it is tracked anew.',
    }),
    heartbeat: duration({
      default: '30s',
      atLeast: 100,
      description: 'Time between two checks whether a session is alive.',
    }),
    resume: duration({
      default: '1m',
      atLeast: 100,
      description:
        'How long a session whose stream the upstream reset has to show that it is alive before it counts as dead.',
    }),
    abandonAfter: duration({
      default: '10m',
      atLeast: 100,
      description:
        'How long an operation waits for its response after its exchange is over, while its session has no open stream.',
    }),
  },
  { description: 'What is remembered of MCP sessions and their operations.' },
)

const inspection = object(
  {
    inflatedBytes: size({
      default: '64MiB',
      atLeast: 1024,
      description: 'How much of a compressed response is read beside the stream. It passes whole all the same.',
    }),
    inflatedRatio: integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'The same as a multiple of the compressed size; the larger of the two counts.',
    }),
    namesFor: duration({
      default: '1h',
      atLeast: 1000,
      description: 'How long the name of a tool or prompt that is neither listed nor called any more stays a label.',
    }),
  },
  { description: 'Reading messages beside the stream.' },
)

const drain = object(
  {
    lag: duration({
      default: '5s',
      description: 'How long, after SIGTERM, connections are still accepted while readiness already says no.',
    }),
    deadline: duration({ default: '25s', description: 'When, after SIGTERM, whatever is still open ends.' }),
  },
  { description: 'How the process stops.' },
)

const reload = object(
  {
    watch: boolean({
      default: false,
      description:
        'Read the configuration again when its file changes, also where a mounted ConfigMap is replaced. SIGHUP and `POST /reload` do so in any case.',
    }),
  },
  { description: 'Taking another configuration while running.' },
)

export const settings = object(
  {
    listen,
    admin,
    limits,
    upstreams: map(upstream, {
      keys: '^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$',
      default: {},
      description: 'The MCP services behind the gateway, by name. With none, a small built-in demo is the upstream.',
    }),
    routes: list(route, {
      default: [],
      description: 'Which path leads to which upstream. With one upstream and no routes, its own path does.',
    }),
    interceptors: list(interceptor, {
      default: [],
      description: 'Steps of your own that see every exchange, in this order.',
    }),
    sessions,
    inspection,
    telemetry,
    health,
    errors,
    alerts,
    drain,
    reload,
    log,
  },
  { description: 'Configuration of Sidelight' },
)

export type Settings = Infer<typeof settings>

/** The JSON Schema of the configuration file, to be printed. */
export function jsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sidelight configuration',
    ...fileSchema(settings),
  }
}

/** The default of a setting, as the file would say it. */
export function defaultOf(path: readonly string[]): unknown {
  return path.reduce<Schema | undefined>((schema, key) => schema?.properties?.[key], settings)?.default
}
