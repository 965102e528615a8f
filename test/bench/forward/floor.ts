/**
 * The floor, a process of its own: the least a correct forwarder on Node can do, node:http and undici's dispatch.
 *
 * It reads the request whole, strips hop-by-hop headers both ways, pauses the upstream for a slow downstream,
 * passes disconnects on, flushes the heads of streams. It imports nothing of ours, because it runs as plain
 * JavaScript text (see children.ts).
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'

const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const NONE: readonly string[] = []

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  #controller: Dispatcher.DispatchController | undefined
  #closed = false

  constructor(res: ServerResponse) {
    this.#res = res
    res.on('drain', () => this.#controller?.resume())
    res.on('close', () => {
      this.#closed = true
      if (!res.writableFinished) this.#controller?.abort(new Error('downstream closed'))
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#closed) controller.abort(new Error('downstream closed'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#res.writeHead(status, endToEnd(headers))
    if (headers['content-length'] === undefined) this.#res.flushHeaders()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#res.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#res.end()
  }

  onResponseError(): void {
    if (this.#closed || this.#res.headersSent) this.#res.destroy()
    else this.#res.writeHead(502).end()
  }
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection } = headers
  const named =
    connection === undefined || connection === 'keep-alive' ? NONE : connection.toLowerCase().split(/\s*,\s*/)
  const kept: IncomingHttpHeaders = {}
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || named.includes(name)) continue
    kept[name] = headers[name]
  }
  return kept
}

const origin = process.argv[1] as string
const connections = Number(process.argv[2] ?? 128)
const pool = new Pool(origin, { connections, pipelining: 1, bodyTimeout: 0 })

function forward(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
  const { method = 'GET', url: path = '/' } = req
  const headers = endToEnd(req.headers)
  pool.dispatch({ path, method, headers, body: body.length > 0 ? body : null }, new Forwarding(res))
}

const listener = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => forward(req, res, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
})
listener.listen(0, '127.0.0.1', () => process.send?.({ port: (listener.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
