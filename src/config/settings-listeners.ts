/** The settings of the two listeners. */
import { RIGHTS } from '../admin/route.ts'
import { duration, integer, list, literals, maybe, object, optional, string } from './schema.ts'
import { hostName, network, origin, pemFile, token, tokenFile } from './values.ts'

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

export const listen = object(
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

const variable = (name: string): string => `\${${name}}`

const namedToken = object(
  {
    name: string({
      pattern: '^[\\w.-]{1,64}$',
      description: 'Stands in the log for who asked.',
      examples: ['prometheus'],
    }),
    token: optional(
      token({
        description: 'The token itself; `openssl rand -hex 32` makes one. Better `tokenFile`, or a variable.',
        examples: [variable('GATEWAY_ONCALL_TOKEN')],
      }),
    ),
    tokenFile: optional(
      tokenFile({
        description: 'File that holds the token. It is read again when it changes.',
        examples: ['tokens/oncall'],
      }),
    ),
    rights: list(literals(RIGHTS, {}), {
      default: ['read'],
      description:
        '`read`: look. `reveal`: see ids of sessions. `profile`: take profiles. `write`: change what runs. None implies another.',
    }),
  },
  { description: 'Who may ask what. One of `token` and `tokenFile`.' },
)

const profiles = object(
  {
    longest: duration({ default: '1m', atLeast: 1_000, description: 'The longest CPU profile that can be asked for.' }),
    pause: duration({ default: '5s', description: 'Time between the end of a profile and the next.' }),
  },
  { description: 'Bounds on `/debug/pprof/`.' },
)

export const admin = object(
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
    token: maybe(
      token({
        description: 'One token with every right. Better as the environment variable than in the file.',
        examples: [variable('GATEWAY_ADMIN_TOKEN')],
      }),
    ),
    tokens: list(namedToken, {
      default: [],
      description: 'Tokens with names and rights.',
    }),
    limits: object(
      {
        connections: integer({
          minimum: 2,
          maximum: 65_536,
          default: 256,
          description:
            'Open connections. For one more, the one that has waited longest for a request is closed, so that a probe always gets in.',
        }),
      },
      { description: 'Bounds on who asks here; times and the size of a request head are those of `limits`.' },
    ),
    profiles,
  },
  { description: 'The admin listener: metrics and health for everybody, the rest with a token.' },
)
