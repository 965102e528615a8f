/**
 * The floor, a process of its own: the least a correct forwarder on Node can do, node:http and undici's dispatch.
 *
 * It reads the request whole, strips hop-by-hop headers both ways, pauses the upstream for a slow downstream,
 * passes disconnects on, flushes the heads of streams. It imports nothing of ours, because it runs as plain
 * JavaScript text (see children.ts).
 */
import { createServer,                                                                     } from 'node:http'
                                           
import {                  Pool } from 'undici'

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

const NONE                    = []

class Forwarding                                       {
           #res                
  #controller                                           
  #closed = false

  constructor(res                ) {
    this.#res = res
    res.on('drain', () => this.#controller?.resume())
    res.on('close', () => {
      this.#closed = true
      if (!res.writableFinished) this.#controller?.abort(new Error('downstream closed'))
    })
  }

  onRequestStart(controller                               )       {
    this.#controller = controller
    if (this.#closed) controller.abort(new Error('downstream closed'))
  }

  onResponseStart(_                               , status        , headers                     )       {
    this.#res.writeHead(status, endToEnd(headers))
    if (headers['content-length'] === undefined) this.#res.flushHeaders()
  }

  onResponseData(controller                               , chunk        )       {
    if (!this.#res.write(chunk)) controller.pause()
  }

  onResponseEnd()       {
    this.#res.end()
  }

  onResponseError()       {
    if (this.#closed || this.#res.headersSent) this.#res.destroy()
    else this.#res.writeHead(502).end()
  }
}

function endToEnd(headers                     )                      {
  const { connection } = headers
  const named =
    connection === undefined || connection === 'keep-alive' ? NONE : connection.toLowerCase().split(/\s*,\s*/)
  const kept                      = {}
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || named.includes(name)) continue
    kept[name] = headers[name]
  }
  return kept
}

const origin = process.argv[2]          
const pool = new Pool(origin, { connections: 128, pipelining: 1, bodyTimeout: 0 })

function forward(req                 , res                , body        )       {
  const { method = 'GET', url: path = '/' } = req
  const headers = endToEnd(req.headers)
  pool.dispatch({ path, method, headers, body: body.length > 0 ? body : null }, new Forwarding(res))
}

const listener = createServer((req, res) => {
  const chunks           = []
  req.on('data', (chunk        ) => chunks.push(chunk))
  req.on('end', () => forward(req, res, chunks.length === 1 ? (chunks[0]          ) : Buffer.concat(chunks)))
})
listener.listen(0, '127.0.0.1', () => process.send?.({ port: (listener.address()               ).port }))
process.on('disconnect', () => process.exit())
