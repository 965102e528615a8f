/** Makes the OpenTelemetry exporter of a collector. Loads it only when asked to: it costs memory and time to start. */
import { readFile } from 'node:fs/promises'
import type { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { OtlpSettings } from '../otlp/otlp-exporter.ts'

/** Throws what reading the PEM files throws. */
export function otlpExporter(settings: OtlpSettings): Promise<SpanExporter> {
  return settings.protocol === 'grpc' ? grpcExporter(settings) : httpExporter(settings)
}

async function grpcExporter(settings: OtlpSettings): Promise<SpanExporter> {
  // gRPC has no paths.
  const url = new URL(settings.url ?? settings.endpoint ?? 'http://localhost:4317').origin
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc')
  const { credentials, Metadata } = await import('@grpc/grpc-js')
  const { ca = null, cert = null, key = null } = await pem(settings)
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
  return new OTLPTraceExporter({
    url,
    metadata,
    credentials: url.startsWith('https:') ? credentials.createSsl(ca, key, cert) : credentials.createInsecure(),
    ...common(settings),
  })
}

async function httpExporter(settings: OtlpSettings): Promise<SpanExporter> {
  const { url = `${(settings.endpoint ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/traces` } = settings
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({
    url,
    headers: { ...settings.headers },
    httpAgentOptions: { keepAlive: true, ...(url.startsWith('https:') ? await pem(settings) : {}) },
    ...common(settings),
  })
}

/** Batches that a collector may leave open before further ones fail at once: what bounds the memory they hold. */
const IN_FLIGHT = 4

const common = ({ timeout, gzip }: OtlpSettings) => ({
  timeoutMillis: timeout,
  concurrencyLimit: IN_FLIGHT,
  // The values of its enumeration, which cannot be imported without loading it.
  compression: (gzip ? 'gzip' : 'none') as CompressionAlgorithm,
})

async function pem({ ca, cert, key }: OtlpSettings): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file))
  const files = { ca: await read(ca), cert: await read(cert), key: await read(key) }
  return Object.fromEntries(Object.entries(files).filter(([, bytes]) => bytes !== undefined))
}
