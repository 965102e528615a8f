/** The bench's collector, a process of its own: takes spans over gRPC and HTTP, and only counts requests and bytes. */
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'

export interface SinkPorts {
  readonly grpc: number
  readonly http: number
}

/** Since it was asked last. */
export interface SinkFigures {
  readonly batches: number
  readonly bytes: number
}

let batches = 0
let bytes = 0

function drain(from: IncomingMessage | ServerHttp2Stream, done: () => void): void {
  from.on('error', () => {})
  from.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  from.on('end', () => {
    batches++
    done()
  })
}

const http = createServer((req, res) =>
  drain(req, () => res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()),
)

const grpc = createHttp2Server()
grpc.on('stream', (stream) =>
  drain(stream, () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
    // An empty message: not compressed, no bytes.
    stream.end(Buffer.alloc(5))
  }),
)

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

process.on('message', () => {
  process.send?.({ batches, bytes } satisfies SinkFigures)
  batches = bytes = 0
})
process.on('disconnect', () => process.exit())
process.send?.({ grpc: await listen(grpc), http: await listen(http) } satisfies SinkPorts)
