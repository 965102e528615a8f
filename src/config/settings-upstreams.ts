/** The settings of an upstream and of a route to it. */
import { boolean, duration, integer, list, literals, maybe, object, optional, string } from './schema.ts'
import { probe } from './settings-probe.ts'
import { hostName, httpUrl, pemFile, urlPath, urlPaths } from './values.ts'

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
    probe,
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
      description:
        'Host names for which the route holds, whatever the port. Empty: every name. The listener accepts them beside `listen.hosts`.',
    }),
    upstream: maybe(string({ description: 'Name of the upstream. Unset: the only one.', examples: ['files'] })),
    host: literals(['upstream', 'preserve'], {
      default: 'upstream',
      description: "Host header that the upstream sees: its own, or the downstream's.",
    }),
    invalidRequests: literals(['refuse', 'count'], {
      default: 'refuse',
      description:
        'What becomes of requests that are no valid JSON, carry a protocol key twice, or whose `Mcp-*` headers contradict the message: refused with 400, or passed and only counted.',
    }),
    traceMeta: boolean({
      default: false,
      description:
        "Write the trace context of the upstream's call into `params._meta` of requests and notifications too, and not only into the headers, which servers often do not read. Only these bytes of a body change. Needs tracing. Bodies that are compressed, or that a digest header names, pass as they came.",
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
