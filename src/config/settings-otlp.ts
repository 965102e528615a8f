/** The settings of an OTLP exporter: where the collector is, and how to speak to it. */
import { boolean, duration, literals, map, object, optional } from './schema.ts'
import { headerValue, httpUrl, pemFile } from './values.ts'

interface Signal {
  /** The last part of the path that the collector serves over HTTP. */
  readonly path: 'metrics' | 'traces'
  /** What is sent, as in "a URL that takes …". */
  readonly words: string
}

/** The same keys for each signal; `url` and `endpoint` differ as the variables of OpenTelemetry do. */
export const otlpExporter = ({ path, words }: Signal) =>
  object(
    {
      endpoint: optional(
        httpUrl({
          description: `URL of the collector (\`OTEL_EXPORTER_OTLP_ENDPOINT\`). With \`http/protobuf\`, \`/v1/${path}\` is added to it. Unset, port 4317 (\`grpc\`) or 4318 of this machine.`,
          examples: ['http://otel-collector:4317'],
        }),
      ),
      url: optional(
        httpUrl({
          description: `URL that takes ${words}, used as it is, in place of \`endpoint\` (\`OTEL_EXPORTER_OTLP_${path.toUpperCase()}_ENDPOINT\`).`,
          examples: [`http://otel-collector:4318/v1/${path}`],
        }),
      ),
      protocol: literals(['grpc', 'http/protobuf'], { default: 'grpc', description: 'Protocol of the collector.' }),
      headers: map(headerValue({ examples: ['Bearer secret'] }), {
        keys: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        default: {},
        description: 'Headers to send along, for example `authorization`.',
      }),
      timeout: duration({ default: '10s', atLeast: 1, description: 'Time for the collector to take what is sent.' }),
      gzip: boolean({ default: false, description: 'Compress what is sent.' }),
      ca: optional(
        pemFile({ description: 'PEM file of the authorities that sign its certificate. Unset, the public ones.' }),
      ),
      cert: optional(pemFile({ description: 'PEM file of the client certificate to present. Needs `key`.' })),
      key: optional(pemFile({ description: 'PEM file of the client key. Needs `cert`.' })),
    },
    { description: 'The collector. An `http` URL is not encrypted, an `https` URL is.' },
  )
