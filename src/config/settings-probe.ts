/** The settings of the probe that asks an upstream whether it is alive. */
import { boolean, duration, integer, list, map, object, optional, string } from './schema.ts'
import { headerValue, tokenFile } from './values.ts'

/** Headers with their values, which may be secrets. */
export const sentHeaders = (description: string) =>
  map(headerValue({ examples: ['sidelight-probe'] }), {
    keys: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    default: {},
    description,
  })

const threshold = (preset: number, description: string) =>
  integer({ minimum: 1, maximum: 100, default: preset, description })

export const probe = object(
  {
    enabled: boolean({
      default: true,
      description:
        'Whether the upstream is probed. Otherwise readiness never depends on it: an upstream that nobody asked counts as ready.',
    }),
    interval: duration({ default: '10s', atLeast: 100, description: 'Time between two probes.' }),
    timeout: duration({ default: '2s', atLeast: 1, description: 'Time for a probe to be answered.' }),
    successThreshold: threshold(1, 'Probes in a row that an upstream must answer before it counts as alive.'),
    failureThreshold: threshold(2, 'Probes in a row that an upstream must miss before it no longer counts as alive.'),
    traffic: boolean({
      default: true,
      description:
        'Count the answers that calls get as answers to probes, so that an upstream in use is not probed for nothing, and probe at once when none can be reached.',
    }),
    headers: sentHeaders(
      'Headers to send with each probe, for example `authorization`. Values may come from the environment.',
    ),
    tokenFile: optional(
      tokenFile({
        description: 'File that holds a bearer token to send with each probe. It is read again for each.',
        examples: ['tokens/probe'],
      }),
    ),
    tools: list(string({ examples: ['search'] }), {
      default: [],
      description: 'Tools that the upstream must have. It is degraded while one is missing.',
    }),
    learnNames: boolean({
      default: false,
      description:
        'Ask for the list of tools too, so that their names are known as labels before any downstream has asked.',
    }),
    listInterval: duration({
      default: '1m',
      atLeast: 100,
      description: 'Time between two lists of tools, where `tools` or `learnNames` needs them.',
    }),
  },
  { description: 'The MCP probe behind `/health/ready`.' },
)
