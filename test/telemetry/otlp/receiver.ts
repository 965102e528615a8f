/** A real OTLP receiver for metrics, gRPC and HTTP, that decodes what it gets and may be slow, refuse or say nothing. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { type ReceivedRequest, requestIn } from './metrics-message.ts'

/** `drips`: answers a byte now and then, for ever. `partly`: takes it, and says that it dropped some. */
export type Manner = 'takes' | 'refuses' | 'hangs' | 'drips' | 'partly'

export interface Receiver {
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
  /** Header or metadata values of each request, in order. */
  readonly heads: readonly Readonly<Record<string, unknown>>[]
  /** Requests that have begun and not been answered. */
  readonly open: number
  manner: Manner
  close(): Promise<void>
}

interface State {
  manner: Manner
  readonly requests: ReceivedRequest[]
  readonly heads: Readonly<Record<string, unknown>>[]
  open: number
}

/** ExportMetricsServiceResponse with partial_success { rejected_data_points: 7, error_message: "full" }. */
const PARTLY = Buffer.from([0x0a, 0x08, 0x08, 0x07, 0x12, 0x04, ...Buffer.from('full')])

export interface ReceiverOptions {
  readonly port?: number
  /** PEM texts. With the authority of client certificates, one must be presented. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string }
}

export async function receiver(protocol: 'grpc' | 'http/protobuf', options: ReceiverOptions = {}): Promise<Receiver> {
  const state: State = { manner: 'takes', requests: [], heads: [], open: 0 }
  const started = protocol === 'grpc' ? await grpc(state, options) : await http(state, options)
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${started.port}`,
    requests: state.requests,
    heads: state.heads,
    close: started.close,
    get open() {
      return state.open
    },
    get manner() {
      return state.manner
    },
    set manner(next) {
      state.manner = next
    },
  }
}

interface Started {
  readonly port: number
  close(): Promise<void>
}

async function http(state: State, { port: wanted = 0, tls }: ReceiverOptions): Promise<Started> {
  const listener: RequestListener = async (req, res) => {
    const chunks: Buffer[] = []
    state.open++
    res.on('close', () => state.open--)
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer)
    } catch {
      // The exporter gave up amid its request: there is nobody to answer.
      return
    }
    const body = Buffer.concat(chunks)
    const { manner } = state
    state.heads.push({ ...req.headers, url: req.url })
    if (manner === 'hangs') return
    if (manner === 'drips') {
      res.writeHead(200)
      const timer = setInterval(() => res.write('x'), 20)
      res.on('close', () => clearInterval(timer))
      return
    }
    const takes = manner !== 'refuses' && req.url === '/v1/metrics'
    if (takes) state.requests.push(requestIn(req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body))
    res.writeHead(takes ? 200 : 400, { 'content-type': 'application/x-protobuf' })
    res.end(manner === 'partly' ? PARTLY : undefined)
  }
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ ...tls, ca: tls.clientCa, requestCert: true }, listener)
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { port: (server.address() as AddressInfo).port, close }
}

async function grpc(state: State, { port: wanted = 0, tls }: ReceiverOptions): Promise<Started> {
  const server = new Server()
  const raw = (value: Buffer): Buffer => value
  const method = {
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  } as const
  server.addService(
    { export: method },
    {
      export: (
        call: { request: Buffer; metadata: Metadata; on(event: 'cancelled', then: () => void): void },
        answer: (error: object | null, value?: Buffer) => void,
      ) => {
        const { manner } = state
        state.heads.push(call.metadata.getMap())
        if (manner === 'hangs' || manner === 'drips') {
          state.open++
          call.on('cancelled', () => state.open--)
          return
        }
        if (manner === 'refuses')
          return answer({ code: status.PERMISSION_DENIED, details: 'no', metadata: new Metadata() })
        state.requests.push(requestIn(call.request))
        answer(null, manner === 'partly' ? PARTLY : Buffer.alloc(0))
      },
    },
  )
  const bind = promisify(server.bindAsync.bind(server))
  const pair = tls && { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }
  const credentials =
    pair === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(Buffer.from(tls!.clientCa), [pair], true)
  const port = await bind(`127.0.0.1:${wanted}`, credentials)
  return { port, close: async () => server.forceShutdown() }
}
