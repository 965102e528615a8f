/** Decodes a request of OTLP metrics. The numbers are those of opentelemetry/proto/metrics/v1/metrics.proto. */
import { type Fields, readMessage } from '../tracing/protobuf.ts'

export type Attributes = Readonly<Record<string, string | number | undefined>>

export interface ReceivedPoint {
  readonly attributes: Attributes
  /** Nanoseconds since 1970. */
  readonly start: bigint
  readonly time: bigint
  /** Of sums and gauges. */
  readonly value: number | undefined
  /** Of histograms. */
  readonly count: number
  readonly sum: number
  readonly counts: readonly number[]
  readonly bounds: readonly number[]
}

export interface ReceivedMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly kind: 'gauge' | 'sum' | 'histogram'
  /** 2: cumulative. */
  readonly temporality: number
  readonly monotonic: boolean
  readonly points: readonly ReceivedPoint[]
}

export interface ReceivedRequest {
  readonly resource: Attributes
  readonly scopes: readonly { readonly name: string; readonly version: string; readonly metrics: ReceivedMetric[] }[]
  readonly bytes: number
}

export function requestIn(body: Buffer): ReceivedRequest {
  const [resourceMetrics] = messages(readMessage(body), 1)
  return {
    resource: attributesOf(messages(resourceMetrics, 1)[0], 1),
    scopes: messages(resourceMetrics, 2).map((scope) => ({
      name: text(messages(scope, 1)[0], 1),
      version: text(messages(scope, 1)[0], 2),
      metrics: messages(scope, 2).map(metricOf),
    })),
    bytes: body.length,
  }
}

const KINDS = [
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
] as const

function metricOf(metric: Fields): ReceivedMetric {
  const [field, kind] = KINDS.find(([number]) => metric.has(number)) ?? [0, 'gauge']
  const [data] = messages(metric, field)
  return {
    name: text(metric, 1),
    description: text(metric, 2),
    unit: text(metric, 3),
    kind,
    temporality: Number(data?.get(2)?.[0] ?? 0),
    monotonic: kind === 'sum' && data?.get(3)?.[0] === 1n,
    points: messages(data, 1).map(kind === 'histogram' ? histogramPoint : numberPoint),
  }
}

function numberPoint(point: Fields): ReceivedPoint {
  const value = point.has(4) ? double(point.get(4)![0] as bigint) : Number(point.get(6)?.[0])
  return { ...common(point, 7), value, count: 0, sum: 0, counts: [], bounds: [] }
}

function histogramPoint(point: Fields): ReceivedPoint {
  return {
    ...common(point, 9),
    value: undefined,
    count: Number(point.get(4)?.[0]),
    sum: double(point.get(5)?.[0] as bigint),
    counts: packed(point, 6).map(Number),
    bounds: packed(point, 7).map(double),
  }
}

function common(point: Fields, attributes: number) {
  return {
    attributes: attributesOf(point, attributes),
    start: point.get(2)?.[0] as bigint,
    time: point.get(3)?.[0] as bigint,
  }
}

function packed(fields: Fields, field: number): bigint[] {
  const bytes = (fields.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)
  return Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readBigUInt64LE(i * 8))
}

function double(bits: bigint): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(bits)
  return bytes.readDoubleLE()
}

function attributesOf(fields: Fields | undefined, field: number): Attributes {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value] = messages(pair, 2)
      return [text(pair, 1), value?.has(3) ? Number(value.get(3)![0]) : text(value, 1)]
    }),
  )
}

const messages = (fields: Fields | undefined, field: number): Fields[] =>
  (fields?.get(field) ?? []).map((bytes) => readMessage(bytes as Buffer))

const text = (fields: Fields | undefined, field: number): string =>
  String((fields?.get(field)?.[0] as Buffer | undefined) ?? '')
