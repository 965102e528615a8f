/** Every setting of the configuration file: the one source of its types, validation, JSON Schema and documentation. */
import {
  anything,
  boolean,
  duration,
  type Infer,
  integer,
  list,
  literals,
  map,
  maybe,
  object,
  optional,
  type Schema,
  size,
  string,
} from './schema.ts'
import { headerValue, hostName, httpUrl, module, network, origin, pemFile, urlPath, urlPaths } from './values.ts'

const allowedHosts = maybe(
  list(hostName({ examples: ['gateway.example.com'] }), {
    description:
      'Host names that requests may name, against DNS rebinding. Unset, a loopback listener accepts loopback names and any other listener accepts every name. `["*"]` accepts every name.',
  }),
)
const allowedOrigins = maybe(
  list(origin({ examples: ['https://app.example.com'] }), {
    description:
      'Origins from which browsers may send requests. Unset, a loopback listener accepts loopback origins and any other listener accepts every origin. `["*"]` accepts every origin.',
  }),
)

const listen = object(
  {
    host: string({ default: '127.0.0.1', description: 'Address to listen on. `0.0.0.0` or `::` is every address.' }),
    port: integer({
      minimum: 0,
      maximum: 65535,
      default: 8080,
      description: 'Port to listen on; 0 takes any free one.',
    }),
    tls: maybe(
      object(
        {
          cert: pemFile({
            description: 'PEM file of the certificate and its chain. It is read again when it changes.',
            examples: ['tls.crt'],
          }),
          key: pemFile({ description: 'PEM file of the private key.', examples: ['tls.key'] }),
          clientCa: optional(
            pemFile({
              description:
                'PEM file of the authorities whose client certificates are accepted. Set, every downstream must present one.',
            }),
          ),
        },
        { description: 'Serve TLS. Unset, the listener speaks plain HTTP.' },
      ),
    ),
    hosts: allowedHosts,
    origins: allowedOrigins,
    trustedProxies: list(network({ examples: ['10.0.0.0/8'] }), {
      default: [],
      description:
        'Addresses and networks of the proxies in front, whose `X-Forwarded-*` headers are believed. From anyone else they are replaced.',
    }),
  },
  { description: 'The proxy listener: where downstreams connect.' },
)

const admin = object(
  {
    host: string({ default: '127.0.0.1', description: 'Address to listen on.' }),
    port: integer({
      minimum: 0,
      maximum: 65535,
      default: 9090,
      description: 'Port to listen on; 0 takes any free one.',
    }),
    hosts: allowedHosts,
    origins: allowedOrigins,
  },
  { description: 'The admin listener: metrics and health.' },
)

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

export const upstream = object(
  {
    url: httpUrl({
      description: 'URL of the MCP endpoint, without credentials, query and fragment.',
      examples: ['http://127.0.0.1:3001/mcp'],
    }),
    required: maybe(
      boolean({ description: 'Whether readiness depends on it. Unset: yes if it is the only upstream.' }),
    ),
    tls: object(
      {
        ca: optional(
          pemFile({ description: 'PEM file of the authorities that sign its certificate. Unset, the public ones.' }),
        ),
        cert: optional(pemFile({ description: 'PEM file of the client certificate to present. Needs `key`.' })),
        key: optional(pemFile({ description: 'PEM file of the client key. Needs `cert`.' })),
        servername: optional(
          string({
            description: 'Name that its certificate must carry. Unset, the host of `url`.',
            examples: ['mcp.internal'],
          }),
        ),
      },
      { description: 'TLS towards the upstream. Certificates are always verified.' },
    ),
    limits: object(
      {
        calls: integer({ minimum: 1, maximum: 1_000_000, default: 256, description: 'Calls in flight.' }),
        streams: integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 10_000,
          description: 'Open streams (`text/event-stream`). They do not count as calls.',
        }),
        queue: integer({
          minimum: 0,
          maximum: 1_000_000,
          default: 1024,
          description: 'Calls that wait for their turn; more are refused with 503.',
        }),
        queueTimeout: duration({ default: '5s', description: 'How long a call waits before it is refused with 503.' }),
      },
      { description: 'Bounds on what the upstream gets at once.' },
    ),
    keepAlive: duration({
      default: '4s',
      atLeast: 1,
      description: "How long an idle connection to it stays open. Keep it below the upstream's own.",
    }),
    probe: object(
      {
        interval: duration({ default: '10s', atLeast: 100, description: 'Time between two probes.' }),
        timeout: duration({ default: '2s', atLeast: 1, description: 'Time for a probe to be answered.' }),
        headers: map(headerValue({ examples: ['sidelight-probe'] }), {
          keys: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
          default: {},
          description: 'Headers to send with each probe, for example `authorization`.',
        }),
      },
      { description: 'The MCP probe behind `/health/ready`.' },
    ),
  },
  { description: 'An MCP service.' },
)

export const passthrough = list(urlPaths({ examples: ['/.well-known/*'] }), {
  default: ['/.well-known/*'],
  description:
    'Paths beside the MCP path that are passed to the same upstream, exact or ending in `/*`. Several routes may name `/.well-known/*`: the first gets it.',
})

export const route = object(
  {
    path: urlPath({ description: 'Path that downstreams use, matched exactly.', examples: ['/mcp'] }),
    hostnames: list(hostName({ examples: ['files.example.com'] }), {
      default: [],
      description: 'Host names for which the route holds, whatever the port. Empty: every name.',
    }),
    upstream: maybe(string({ description: 'Name of the upstream. Unset: the only one.', examples: ['files'] })),
    host: literals(['upstream', 'preserve'], {
      default: 'upstream',
      description: "Host header that the upstream sees: its own, or the downstream's.",
    }),
    publicUrl: maybe(
      httpUrl({
        description:
          'URL with which downstreams reach this route. Set, the OAuth resource in `/.well-known/oauth-protected-resource…` and in `WWW-Authenticate` is rewritten to it; unset, both pass untouched.',
        examples: ['https://gateway.example.com/mcp'],
      }),
    ),
    passthrough,
    deadlines: object(
      {
        connect: duration({ default: '1s', description: 'Time to connect to the upstream; 0 is no deadline.' }),
        responseHead: duration({
          default: '5m',
          description: "Time until the upstream's response head; 0 is no deadline.",
        }),
        bodyIdle: duration({
          default: '1m',
          description:
            'Time between two pieces of a response body that is no stream; 0 is no deadline. Streams have none.',
        }),
      },
      { description: 'Deadlines of an exchange.' },
    ),
  },
  { description: 'Which path leads to which upstream.' },
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

const log = object(
  {
    level: literals(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      description: 'Least level that is written.',
    }),
    access: boolean({ default: true, description: 'Write one line for each exchange.' }),
  },
  { description: 'The log, JSON lines on standard output.' },
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
    drain,
    log,
  },
  { description: 'Configuration of Sidelight' },
)

export type Settings = Infer<typeof settings>

/** The JSON Schema of the configuration file, to be printed. */
export function jsonSchema(): Record<string, unknown> {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Sidelight configuration', ...settings }
}

/** The default of a setting, as the file would say it. */
export function defaultOf(path: readonly string[]): unknown {
  return path.reduce<Schema | undefined>((schema, key) => schema?.properties?.[key], settings)?.default
}
