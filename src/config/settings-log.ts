/** The settings of the log: what is written, where, and in which form. */
import { OUTCOMES } from '../exchange/outcome.ts'
import { boolean, duration, list, literals, map, noun, object, optional, type Schema, size, string } from './schema.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const moduleLevel = (of: string) => optional(literals(LEVELS, { description: `The same for ${of}.` }))

const levels = object(
  {
    access: moduleLevel('the access log: `warn` leaves nothing but faults'),
    admin: moduleLevel('the admin listener'),
    demo: moduleLevel('the built-in demo server'),
    health: moduleLevel('health and readiness'),
    incidents: moduleLevel('alerts'),
    inspection: moduleLevel('the reading of messages, and slow operations'),
    interceptors: moduleLevel('interceptors, your own included'),
    listener: moduleLevel('the proxy listener and its certificates'),
    main: moduleLevel('the process: start, signals, stop'),
    session: moduleLevel('sessions'),
    telemetry: moduleLevel('metrics, traces and the log itself'),
    upstream: moduleLevel('upstreams: connections, limits and probes'),
  },
  { description: 'Levels of single modules, in place of `log.level`. Each line names its `module`.' },
)

/** A share of exchanges. */
const share = (words: { description: string; default: number }): Schema<number> => ({
  type: 'number',
  minimum: 0,
  maximum: 1,
  [noun]: 'a number from 0 to 1',
  ...words,
})

const filter = object(
  {
    sample: share({
      default: 1,
      description:
        'Share of exchanges that are written, from 0 to 1. Chosen by correlation id, so that several gateways choose alike.',
    }),
    minDuration: duration({ default: '0ms', description: 'Leave shorter exchanges out.' }),
    outcomes: list(literals(OUTCOMES, { description: 'An outcome.' }), {
      default: [],
      description: 'Write exchanges with these outcomes only. Empty: with any.',
      examples: [['tool_error', 'jsonrpc_error', 'unknown']],
    }),
  },
  {
    description:
      'What the access log leaves out where there are too many lines. Faults of the gateway or the upstream are always written.',
  },
)

const threshold = (description: string) => duration({ description, examples: ['10s'] })

const slow = object(
  {
    default: duration({
      default: '5s',
      description:
        'Warn of what a downstream asked for when it took at least so long; 0 never warns. `subscriptions/listen` is meant to last, and what a server asks of its client waits for people: these only if `methods` names them.',
    }),
    methods: map(threshold('The same for the operations of this method.'), {
      default: {},
      description: 'The same for single methods, for example `tools/list: 1s`.',
      examples: [{ 'tools/list': '1s' }],
    }),
    tools: map(threshold('The same for the calls of this tool.'), {
      default: {},
      description:
        'The same for calls of single tools, by name or by a pattern with `*`, for example `search_*: 30s`. The first that fits counts, and goes over `methods`.',
      examples: [{ 'search_*': '30s' }],
    }),
  },
  { description: 'From when on an operation is slow, which is told in a line of its own and counted.' },
)

export const log = object(
  {
    level: literals(LEVELS, { default: 'info', description: 'Least level that is written.' }),
    levels,
    format: literals(['json', 'console'], {
      default: 'json',
      description: 'JSON lines, or lines for people at a terminal.',
    }),
    destination: string({
      default: 'stdout',
      pattern: '^(stdout|stderr|/.+)$',
      noun: 'stdout, stderr or the absolute path of a file',
      description:
        'Where lines go: `stdout`, `stderr` or the absolute path of a file. Lines are added to what is there, and SIGHUP opens the file anew, for rotation, and reads the configuration again.',
      examples: ['/var/log/sidelight.log'],
    }),
    queue: size({
      default: '4MiB',
      atLeast: 1024,
      description:
        'How much waits while the destination is slow, gone or full. Beyond it lines are dropped and counted, and traffic goes on.',
    }),
    access: boolean({ default: true, description: 'Write one line for each exchange.' }),
    filter,
    slow,
  },
  { description: 'The log. docs/logs.md tells its fields.' },
)
