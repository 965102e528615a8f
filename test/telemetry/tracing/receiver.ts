/** A real OTLP receiver for traces, gRPC and HTTP, that decodes what it gets and may be slow, refuse or say nothing. */
import { createServer } from 'node:http'
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { type Fields, readMessage } from './protobuf.ts'

export type AttributeValue = string | number | boolean | undefined

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty: a root. */
  readonly parentSpanId: string
  readonly tracestate: string
  readonly name: string
  /** 2: server, 3: client. */
  readonly kind: number
  /** Nanoseconds since 1970. */
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, AttributeValue>> }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** 2: error. */
  readonly status: number
  readonly message: string
  readonly flags: number
  readonly resource: Readonly<Record<string, AttributeValue>>
  readonly scope: string
}

export type Manner = 'takes' | 'refuses' | 'hangs'

export interface Receiver {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** Of each request, in order. */
  readonly heads: readonly IncomingHttpHeaders[]
  /** All bodies, as they came. */
  readonly bytes: () => Buffer
  manner: Manner
  close(): Promise<void>
}

export async function receiver(protocol: 'grpc' | 'http/protobuf', manner: Manner = 'takes'): Promise<Receiver> {
  const spans: ReceivedSpan[] = []
  const heads: IncomingHttpHeaders[] = []
  const bodies: Buffer[] = []
  const state: { manner: Manner } = { manner }
  const take = (head: IncomingHttpHeaders, body: Buffer): Manner => {
    heads.push(head)
    bodies.push(body)
    if (state.manner === 'takes') spans.push(...spansIn(body))
    return state.manner
  }
  const server = protocol === 'grpc' ? grpcServer(take) : httpServer(take)
  const open = new Set<Socket | ServerHttp2Session>()
  server.on(protocol === 'grpc' ? 'session' : 'connection', (each: Socket | ServerHttp2Session) => {
    open.add(each)
    each.once('close', () => open.delete(each))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    heads,
    bytes: () => Buffer.concat(bodies),
    get manner() {
      return state.manner
    },
    set manner(next) {
      state.manner = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const each of open) each.destroy()
      }),
  }
}

type Take = (head: IncomingHttpHeaders, body: Buffer) => Manner

function httpServer(take: Take) {
  return createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks)
      const manner = take(req.headers, req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
      if (manner === 'hangs') return
      res.writeHead(manner === 'takes' && req.url === '/v1/traces' ? 200 : 400, {
        'content-type': 'application/x-protobuf',
      })
      res.end()
    })
  })
}

const GRPC_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const UNAVAILABLE = 14

function grpcServer(take: Take) {
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const framed = Buffer.concat(chunks)
      const body = framed.subarray(5)
      const manner = take(headers, framed[0] === 1 ? gunzipSync(body) : body)
      if (manner === 'hangs') return
      const status = manner === 'takes' && headers[':path'] === GRPC_PATH ? 0 : UNAVAILABLE
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
      stream.end(status === 0 ? Buffer.alloc(5) : undefined)
    })
  })
  return server
}

// The numbers are those of opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto.

function spansIn(body: Buffer): ReceivedSpan[] {
  return messages(readMessage(body), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0], 1)
    return messages(resourceSpans, 2).flatMap((scopeSpans) => {
      const scope = text(messages(scopeSpans, 1)[0], 1)
      return messages(scopeSpans, 2).map((span) => spanOf(span, resource, scope))
    })
  })
}

function spanOf(span: Fields, resource: ReceivedSpan['resource'], scope: string): ReceivedSpan {
  const [status] = messages(span, 15)
  return {
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    tracestate: text(span, 3),
    parentSpanId: hex(span, 4),
    name: text(span, 5),
    kind: number(span, 6),
    start: span.get(7)?.[0] as bigint,
    end: span.get(8)?.[0] as bigint,
    attributes: attributesOf(span, 9),
    events: messages(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesOf(event, 3) })),
    links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    status: number(status, 3),
    message: text(status, 2),
    flags: number(span, 16),
    resource,
    scope,
  }
}

function attributesOf(fields: Fields | undefined, field: number): Record<string, AttributeValue> {
  const pairs = messages(fields, field).map((pair) => [text(pair, 1), attributeOf(messages(pair, 2)[0])] as const)
  return Object.fromEntries(pairs)
}

function attributeOf(value: Fields | undefined): AttributeValue {
  if (value?.has(1)) return text(value, 1)
  if (value?.has(2)) return number(value, 2) === 1
  if (value?.has(3)) return number(value, 3)
  return undefined
}

function messages(fields: Fields | undefined, field: number): Fields[] {
  return (fields?.get(field) ?? []).map((bytes) => readMessage(bytes as Buffer))
}

const bytesOf = (fields: Fields | undefined, field: number): Buffer =>
  (fields?.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)
const text = (fields: Fields | undefined, field: number): string => bytesOf(fields, field).toString()
const hex = (fields: Fields, field: number): string => bytesOf(fields, field).toString('hex')
const number = (fields: Fields | undefined, field: number): number => Number(fields?.get(field)?.[0] ?? 0)
