/** What no public suite sees of a proxy, each as a check of its own that any proxy can be put through. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** Long enough for a busy machine; a proxy that does as it should needs a few milliseconds. */
const PATIENCE = 5_000

type Serve = (req: IncomingMessage, res: ServerResponse, body: Buffer) => void

export interface Origin {
  readonly url: string
  /** What came, in order. Requests of a gateway's own probe are not noted. */
  readonly requests: readonly { readonly head: IncomingMessage; readonly body: Buffer }[]
  serve: Serve
  /** For the next check. */
  forget(): void
  close(): Promise<void>
}

/** Every check marks its requests, so that probes of a gateway are told apart. */
const MARK = 'x-check'

export async function origin(): Promise<Origin> {
  const requests: { head: IncomingMessage; body: Buffer }[] = []
  const server = createServer(async (req, res) => {
    const body = await buffer(req)
    if (req.headers[MARK] === undefined) return void res.writeHead(401).end()
    requests.push({ head: req, body })
    one.serve(req, res, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const one: Origin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    serve: (_req, res) => res.end(),
    forget() {
      requests.length = 0
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
  return one
}

interface Sent {
  readonly method?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}'

function ask(url: string, { method = 'POST', query = '', headers = {}, body }: Sent): Promise<Response> {
  return fetch(`${url}${query}`, {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      [MARK]: '1',
      ...headers,
    },
    signal: AbortSignal.timeout(PATIENCE),
    ...(method === 'POST' && { body: body === undefined ? CALL : new Uint8Array(Buffer.from(body)) }),
  })
}

function json(res: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}

const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}'

/** Each throws if the proxy at `url` is not transparent for what arrives at the origin or comes from it. */
export const CHECKS: Readonly<Record<string, (url: string, behind: Origin) => Promise<void>>> = {
  async 'a POST arrives once'(url, behind) {
    behind.serve = (_req, res) => json(res, 200, RESULT)
    await (await ask(url, {})).text()
    assert.equal(behind.requests.length, 1)
  },

  async 'an acknowledgement stays 202 without a body'(url, behind) {
    behind.serve = (_req, res) => res.writeHead(202).end()
    const response = await ask(url, { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' })
    assert.deepEqual([response.status, await response.text()], [202, ''])
  },

  async 'the head of a stream comes before its first byte'(url, behind) {
    behind.serve = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    }
    const response = await ask(url, { method: 'GET' })
    assert.equal(response.status, 200)
    await response.body?.cancel()
  },

  async 'each event comes when it is sent'(url, behind) {
    let last: ServerResponse | undefined
    behind.serve = (_req, res) => {
      last = res
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    }
    const reader = (await ask(url, { method: 'GET' })).body?.getReader() ?? assert.fail('no body')
    assert.equal(Buffer.from((await reader.read()).value ?? '').toString(), 'data: 1\n\n')
    last?.write('data: 2\n\n')
    assert.equal(Buffer.from((await reader.read()).value ?? '').toString(), 'data: 2\n\n')
    await reader.cancel()
  },

  async 'a disconnect before the head arrives'(url, behind) {
    const arrived = new Promise<ServerResponse>((resolve) => {
      behind.serve = (_req, res) => resolve(res)
    })
    await disconnects(url, arrived)
  },

  async 'a disconnect in a stream arrives'(url, behind) {
    const arrived = new Promise<ServerResponse>((resolve) => {
      behind.serve = (_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
        resolve(res)
      }
    })
    await disconnects(url, arrived)
  },

  async 'Origin arrives'(url, behind) {
    behind.serve = (_req, res) => json(res, 200, RESULT)
    await (await ask(url, { headers: { origin: 'http://localhost:6274' } })).text()
    assert.equal(behind.requests[0]?.head.headers.origin, 'http://localhost:6274')
  },

  async 'the query arrives'(url, behind) {
    behind.serve = (_req, res) => json(res, 200, RESULT)
    await (await ask(url, { query: '?tenant=a%20b&tenant=c' })).text()
    assert.equal(behind.requests[0]?.head.url, '/mcp?tenant=a%20b&tenant=c')
  },

  async 'headers about caches come back'(url, behind) {
    const headers = { 'cache-control': 'no-store', etag: '"1"', vary: 'Origin' }
    behind.serve = (_req, res) => json(res, 200, RESULT, headers)
    const response = await ask(url, {})
    await response.text()
    for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name), value)
  },

  async 'no answer is asked for twice'(url, behind) {
    for (const status of [400, 404, 409, 429, 503]) {
      behind.serve = (_req, res) => json(res, status, '{"error":"no"}', { 'retry-after': '0' })
      const before = behind.requests.length
      const response = await ask(url, {})
      assert.deepEqual([response.status, await response.text()], [status, '{"error":"no"}'])
      assert.equal(behind.requests.length - before, 1)
    }
  },

  async 'JSON keeps its bytes'(url, behind) {
    const text = '{ "id":1, "jsonrpc":"2.0",\n "result":{"n":1.0,"big":12345678901234567890,"\\u00e9":"é"} }'
    behind.serve = (_req, res) => json(res, 200, text)
    assert.equal(await (await ask(url, { body: text })).text(), text)
    assert.equal(behind.requests[0]?.body.toString(), text)
  },

  async 'a preflight is the upstream’s to answer'(url, behind) {
    const allow = { 'access-control-allow-origin': 'http://localhost:6274', 'access-control-allow-headers': 'mcp-x' }
    behind.serve = (_req, res) => res.writeHead(204, allow).end()
    const response = await ask(url, { method: 'OPTIONS', headers: { origin: 'http://localhost:6274' } })
    assert.equal(response.status, 204)
    for (const [name, value] of Object.entries(allow)) assert.equal(response.headers.get(name), value)
  },

  async 'large bodies pass both ways'(url, behind) {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: randomBytes(1_500_000).toString('base64') })
    behind.serve = (_req, res) => json(res, 200, text)
    const said = Buffer.from(await (await ask(url, { body: text })).arrayBuffer())
    assert.deepEqual([hash(said), hash(behind.requests[0]?.body)], [hash(text), hash(text)])
  },
}

const hash = (bytes: string | Buffer = '') => createHash('sha256').update(bytes).digest('hex')

/** The downstream goes once the request has arrived; its response must then close at the origin. */
async function disconnects(url: string, arrived: Promise<ServerResponse>): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', [MARK]: '1' }
  const asking = request(url, { method: 'POST', headers, agent: false }).on('error', () => {})
  asking.end(CALL)
  const res = await arrived
  asking.destroy()
  await once(res, 'close', { signal: AbortSignal.timeout(PATIENCE) })
}
