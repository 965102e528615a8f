/** Makes the OpenTelemetry exporter of a collector. Loads it only when asked to: it costs memory and time to start. */
import { readFile } from 'node:fs/promises'
import type { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { OtlpSettings } from '../otlp/otlp-exporter.ts'
import { RetryingExporter } from './retrying-exporter.ts'
import { SpanWriter } from './span-writer.ts'

/** For spans of others. Throws what reading the PEM files throws. */
export async function otlpExporter(settings: OtlpSettings): Promise<SpanExporter> {
  if (settings.protocol === 'grpc') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc')
    return new OTLPTraceExporter(await grpcOptions(settings))
  }
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter(await httpOptions(settings))
}

/** For the gateway's own: the same but for who writes them as bytes, see span-writer.ts. */
export async function ownOtlpExporter(settings: OtlpSettings): Promise<SpanExporter & { hurry?(): void }> {
  const { OTLPExporterBase } = await import('@opentelemetry/otlp-exporter-base')
  const { ProtobufTraceSerializer, TraceExporterMetricsHelper: helper } = await import(
    '@opentelemetry/otlp-transformer'
  )
  const writer = new SpanWriter()
  const serializer: typeof ProtobufTraceSerializer = {
    serializeRequest: (spans) => writer.write(spans),
    deserializeResponse: (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
  }
  if (settings.protocol === 'grpc') {
    const grpc = await import('@opentelemetry/otlp-grpc-exporter-base')
    const options = grpc.convertLegacyOtlpGrpcOptions(await grpcOptions(settings), 'TRACES')
    const names = ['TraceExportService', '/opentelemetry.proto.collector.trace.v1.TraceService/Export'] as const
    const type = 'otlp_grpc_span_exporter'
    const exporter = new OTLPExporterBase(
      grpc.createOtlpGrpcExportDelegate(options, serializer, type, helper, undefined, ...names),
    )
    return new RetryingExporter(exporter, { within: settings.timeout })
  }
  const http = await import('@opentelemetry/otlp-exporter-base/node-http')
  const headers = { 'Content-Type': 'application/x-protobuf' }
  const options = http.convertLegacyHttpOptions(await httpOptions(settings), 'TRACES', 'v1/traces', headers)
  return new OTLPExporterBase(
    http.createOtlpHttpExportDelegate(options, serializer, 'otlp_http_span_exporter', helper, undefined),
  )
}

async function grpcOptions(settings: OtlpSettings) {
  // gRPC has no paths.
  const url = new URL(settings.url ?? settings.endpoint ?? 'http://localhost:4317').origin
  const { credentials, Metadata } = await import('@grpc/grpc-js')
  const { ca = null, cert = null, key = null } = await pem(settings)
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
  return {
    url,
    metadata,
    credentials: url.startsWith('https:') ? credentials.createSsl(ca, key, cert) : credentials.createInsecure(),
    ...common(settings),
  }
}

async function httpOptions(settings: OtlpSettings) {
  const { url = `${(settings.endpoint ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/traces` } = settings
  return {
    url,
    headers: { ...settings.headers },
    httpAgentOptions: { keepAlive: true, ...(url.startsWith('https:') ? await pem(settings) : {}) },
    ...common(settings),
  }
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
