/** A small proxy that is transparent, or broken on purpose in one way: the tests of transparency have to notice. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export const FAULTS = [
  'buffers streams',
  'holds heads back',
  'ignores disconnects',
  'answers DELETE itself',
  'sends POST twice',
  'drops Last-Event-ID',
  'drops Origin',
  'drops queries',
  'decodes Mcp-Param-*',
  'turns 202 into 200',
  'retries 503',
  'drops Cache-Control',
  'drops WWW-Authenticate',
  'writes JSON anew',
] as const

export type Fault = (typeof FAULTS)[number]

export interface BrokenProxy {
  /** Without a path: every path is the upstream's. */
  readonly url: string
  close(): Promise<void>
}

/** Without a fault it is transparent. */
export async function brokenProxy(upstream: string, fault?: Fault): Promise<BrokenProxy> {
  const { hostname, port } = new URL(upstream)
  const way: Way = { hostname, port, fault }
  const server = createServer((req, res) => {
    // A downstream that is gone can be told nothing.
    forward(way, req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Way {
  readonly hostname: string
  readonly port: string
  readonly fault: Fault | undefined
}

async function forward(way: Way, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { fault } = way
  const body = await buffer(req)
  if (req.method === 'DELETE' && fault === 'answers DELETE itself') return void res.writeHead(200).end()
  if (req.method === 'POST' && fault === 'sends POST twice') await exchange(way, req, body).then(drain)
  const gone = new AbortController()
  if (fault !== 'ignores disconnects') res.once('close', () => gone.abort())
  let response = await exchange(way, req, body, gone.signal)
  if (response.statusCode === 503 && fault === 'retries 503') {
    await drain(response)
    response = await exchange(way, req, body, gone.signal)
  }
  await answer(fault, response, res)
}

/** Resolves with the response head. */
function exchange({ hostname, port, fault }: Way, req: IncomingMessage, body: Buffer, signal?: AbortSignal) {
  const { method } = req
  const path = fault === 'drops queries' ? req.url?.split('?')[0] : req.url
  const headers = headersFor(fault, req.headers)
  return new Promise<IncomingMessage>((resolve, reject) => {
    const options = { hostname, port, method, path, headers, agent: false, ...(signal && { signal }) }
    request(options, resolve).once('error', reject).end(body)
  })
}

function headersFor(fault: Fault | undefined, { connection: _, ...headers }: IncomingMessage['headers']) {
  delete headers['transfer-encoding']
  if (fault === 'drops Last-Event-ID') delete headers['last-event-id']
  if (fault === 'drops Origin') delete headers.origin
  if (fault !== 'decodes Mcp-Param-*') return headers
  for (const [name, value] of Object.entries(headers)) {
    const encoded = /^=\?base64\?(.*)\?=$/.exec(String(value))?.[1]
    if (name.startsWith('mcp-param-') && encoded !== undefined)
      headers[name] = Buffer.from(encoded, 'base64').toString()
  }
  return headers
}

async function answer(fault: Fault | undefined, response: IncomingMessage, res: ServerResponse): Promise<void> {
  const { connection: _, 'transfer-encoding': __, ...headers } = response.headers
  if (fault === 'drops Cache-Control') delete headers['cache-control']
  if (fault === 'drops WWW-Authenticate') delete headers['www-authenticate']
  const status = response.statusCode === 202 && fault === 'turns 202 into 200' ? 200 : (response.statusCode ?? 502)
  const type = String(headers['content-type'])
  if (fault === 'writes JSON anew' && type.includes('json')) {
    const text = JSON.stringify(JSON.parse((await buffer(response)).toString()))
    res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text)
    return
  }
  if (fault === 'buffers streams' && type.includes('event-stream')) {
    const whole = await buffer(response)
    res.writeHead(status, headers).end(whole)
    return
  }
  res.writeHead(status, headers)
  if (fault !== 'holds heads back') res.flushHeaders()
  // An upstream that breaks off is not a clean end.
  response.once('error', () => res.destroy()).pipe(res)
}

async function drain(response: IncomingMessage): Promise<void> {
  response.resume()
}
