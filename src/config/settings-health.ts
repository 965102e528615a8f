/** The settings of health: when the gateway itself is degraded, and checks of what stands beside it. */
import { boolean, duration, integer, list, literals, maybe, object, optional, string } from './schema.ts'
import { sentHeaders } from './settings-probe.ts'
import { httpUrl, tokenFile } from './values.ts'

export const CHECK_KINDS = ['http', 'tcp', 'mcp', 'command'] as const

const check = object(
  {
    name: string({
      pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$',
      noun: 'a name of 1 to 63 letters, digits, "-", "_" and "."',
      description: 'The component is called `check:NAME`.',
      examples: ['database'],
    }),
    kind: literals(CHECK_KINDS, {
      description:
        '`http`: a GET of `url`. `tcp`: a connection to `host` and `port`. `mcp`: the question that upstreams are probed with, at `url`. `command`: a program that ends with 0.',
    }),
    required: boolean({ default: false, description: 'Whether the gateway is not ready while the check fails.' }),
    interval: duration({ default: '30s', atLeast: 100, description: 'Time between two checks.' }),
    timeout: duration({ default: '5s', atLeast: 1, description: 'Time for one.' }),
    failureThreshold: integer({
      minimum: 1,
      maximum: 100,
      default: 1,
      description: 'Checks in a row that must fail before the component is unhealthy. Until then it is degraded.',
    }),
    url: maybe(
      httpUrl({ description: 'For `http` and `mcp`: what to ask.', examples: ['http://127.0.0.1:8500/status'] }),
    ),
    headers: sentHeaders('For `http` and `mcp`: headers to send.'),
    tokenFile: optional(
      tokenFile({
        description: 'For `http` and `mcp`: file that holds a bearer token. It is read again for each check.',
        examples: ['tokens/check'],
      }),
    ),
    status: list(integer({ minimum: 200, maximum: 599 }), {
      default: [],
      description: 'For `http`: the statuses that are well. Empty: 200 to 399.',
    }),
    host: maybe(string({ description: 'For `tcp`: host name or address.', examples: ['db.internal'] })),
    port: maybe(integer({ minimum: 1, maximum: 65535, description: 'For `tcp`.', examples: [5432] })),
    command: list(string({ examples: ['/usr/local/bin/check-disk'], secret: true }), {
      default: [],
      description:
        'For `command`: the program and its arguments. No shell. After `timeout` it is killed with all that it started. The end of what it prints goes to the log when it fails.',
    }),
  },
  { description: 'A check of something that the gateway cannot see by itself.' },
)

export const health = object(
  {
    eventLoopDelay: duration({
      default: '200ms',
      atLeast: 1,
      description: 'The event loop is degraded while it is later than this (99th percentile of ten seconds).',
    }),
    memoryShare: integer({
      minimum: 1,
      maximum: 100,
      default: 90,
      description: "Percent of the container's memory limit above which memory is degraded.",
    }),
    checks: list(check, { default: [], description: 'Checks of what stands beside the gateway.' }),
  },
  { description: 'What `/health/ready` reports beside upstreams.' },
)
