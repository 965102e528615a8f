/** Makes the OTLP exporter that the settings ask for, and loads only that one. */
import { readFile } from 'node:fs/promises'
import type { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'

export interface OtlpSettings {
  /** URL of the collector, to which HTTP adds a path. */
  readonly endpoint?: string
  /** URL that takes metrics, as it is. */
  readonly url?: string
  readonly protocol: 'grpc' | 'http/protobuf'
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout: number
  readonly gzip: boolean
  /** PEM files. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Requests that a collector may leave open before further ones fail at once: what bounds the memory they hold. */
const IN_FLIGHT = 4

/** Rejects when a certificate cannot be read, or a header is none that the protocol has. */
export async function createOtlpExporter(settings: OtlpSettings): Promise<PushMetricExporter> {
  const { protocol, timeout, gzip } = settings
  const common = {
    timeoutMillis: timeout,
    concurrencyLimit: IN_FLIGHT,
    // The values of its enumeration, which cannot be imported without loading it.
    compression: (gzip ? 'gzip' : 'none') as CompressionAlgorithm,
  }
  const [ca, cert, key] = await Promise.all([settings.ca, settings.cert, settings.key].map(readPem))
  if (protocol === 'grpc') {
    const { credentials, Metadata } = await import('@grpc/grpc-js')
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc')
    const url = grpcUrl(settings)
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
    const secure = /^https:/i.test(url)
    const channel = secure ? credentials.createSsl(ca, key, cert) : credentials.createInsecure()
    return new OTLPMetricExporter({ ...common, url, metadata, credentials: channel })
  }
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  const httpAgentOptions = { keepAlive: true, ca, cert, key }
  return new OTLPMetricExporter({
    ...common,
    url: httpUrl(settings),
    headers: { ...settings.headers },
    httpAgentOptions,
  })
}

/** gRPC has no paths. */
const grpcUrl = ({ endpoint, url }: OtlpSettings): string => new URL(url ?? endpoint ?? 'http://localhost:4317').origin

const httpUrl = ({ endpoint, url }: OtlpSettings): string =>
  url ?? `${(endpoint ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/metrics`

async function readPem(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : await readFile(file)
}
