/** The settings of what is remembered of errors, and of alerts. */
import { OUTCOMES } from '../exchange/outcome.ts'
import { METHODS } from '../mcp/revision.ts'
import { boolean, duration, integer, list, literals, map, maybe, object, type Site, string } from './schema.ts'
import { headerValue } from './values.ts'

export const errors = object(
  {
    kinds: integer({
      minimum: 1,
      maximum: 10_000,
      default: 500,
      description:
        'Kinds of error that are remembered. For one more, the one that was not seen for longest is forgotten, and counted.',
    }),
    samples: integer({ minimum: 0, maximum: 50, default: 5, description: 'Last errors that are kept of each kind.' }),
    messages: boolean({
      default: false,
      description:
        "Show with each sample what the upstream's JSON-RPC error said, at most 128 characters of it. What looks like a secret is taken out, but servers may repeat arguments in it.",
    }),
  },
  { description: 'What `/errors` of the admin listener remembers.' },
)

const rule = object(
  {
    name: string({
      pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$',
      noun: 'a name of letters, digits and _',
      description: 'Name of the alert; no two rules share one.',
      examples: ['SearchFails'],
    }),
    severity: string({
      pattern: '^[a-zA-Z0-9_-]{1,32}$',
      default: 'critical',
      description: 'How bad it is, for whoever routes alerts.',
    }),
    upstream: maybe(string({ description: 'Name of the upstream. Unset: each, with an alert of its own.' })),
    errors: maybe(
      object(
        {
          outcomes: list(literals(OUTCOMES, { description: 'An outcome.' }), {
            default: [],
            description: 'Outcomes that count. Empty: all but `ok`.',
            examples: [['upstream_reset', 'upstream_unreachable', 'timeout']],
          }),
          method: maybe(literals(METHODS, { description: 'MCP method.' })),
          tool: maybe(
            string({
              description: 'Name of the tool, with `*` for any characters. Calls of tools only.',
              examples: ['search_*'],
            }),
          ),
          count: integer({
            minimum: 1,
            maximum: 1_000_000,
            description: 'Fires from so many errors on.',
            examples: [20],
          }),
          window: duration({
            default: '5m',
            atLeast: 1_000,
            description: 'The time in which they come. The alert is resolved when half as many are left in it.',
          }),
        },
        { description: 'Fire on errors. Either this or `down`.' },
      ),
    ),
    down: maybe(
      duration({
        description: 'Fire when the probes of the upstream have not found it alive for so long.',
        examples: ['2m'],
      }),
    ),
  },
  { description: 'When to raise an alert.' },
)

function webhookUrl(text: string, site: Site): string {
  if (!URL.canParse(text)) site.refuse('is not a valid URL', 'for example http://alertmanager:9093/api/v2/alerts')
  else if (new URL(text).username || new URL(text).password)
    site.refuse('must not carry credentials', 'send them in headers')
  return text
}

const webhook = object(
  {
    urls: list(
      string({
        pattern: '^[hH][tT][tT][pP][sS]?://\\S+$',
        noun: 'an http or https URL',
        secret: true,
        refine: webhookUrl,
        description: 'A URL.',
        examples: ['http://alertmanager:9093/api/v2/alerts'],
      }),
      {
        description:
          'Where to POST, each on its own. Many such URLs are secrets themselves: only scheme, host and port are ever shown, in the log line of one that fails.',
        examples: [['http://alertmanager:9093/api/v2/alerts']],
      },
    ),
    format: literals(['json', 'alertmanager'], {
      default: 'json',
      description:
        "`json`: one object each time that an alert fires or is resolved. `alertmanager`: what Alertmanager's `/api/v2/alerts` takes; what still fires is sent again every minute.",
    }),
    headers: map(headerValue({ examples: ['Bearer secret'] }), {
      keys: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      default: {},
      description: 'Headers to send, for example `authorization`.',
    }),
    timeout: duration({ default: '5s', atLeast: 1, description: 'Time for one attempt.' }),
    retries: integer({
      minimum: 0,
      maximum: 20,
      default: 5,
      description:
        'Attempts after the first, when nobody answers or the answer is 408, 425, 429 or 5xx; the first after a second, each next one after twice as long.',
    }),
  },
  { description: 'Tell of alerts by HTTP. Unset, the log alone does.' },
)

export const alerts = object(
  {
    rules: list(rule, {
      default: [
        { name: 'UpstreamDown', down: '2m' },
        { name: 'GatewayErrors', errors: { outcomes: ['gateway_error'], count: 10, window: '5m' } },
      ],
      description: 'What is critical.',
    }),
    labels: map(string({ examples: ['payments'] }), {
      keys: '^[a-zA-Z_][a-zA-Z0-9_]*$',
      default: {},
      description: 'Labels of each alert, for who routes them, for example `team`.',
    }),
    link: maybe(
      string({
        pattern: '^https?://\\S+$',
        noun: 'an http or https URL',
        description:
          'URL at which people reach the admin listener, for the links in notifications. Unset, the name of the machine and the port.',
        examples: ['https://gateway.example.com/admin'],
      }),
    ),
    webhook: maybe(webhook),
  },
  {
    description:
      'Alerts on what is critical: a log line of level `fatal` with `alert: true`, and a webhook. Unless `rules` are set, there are two: `UpstreamDown` (`down: 2m`) and `GatewayErrors` (10 errors with outcome `gateway_error` in 5 min).',
  },
)
