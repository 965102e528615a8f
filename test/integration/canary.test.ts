/** Nothing secret that passes the real program comes out of its log, its metrics, its spans or its pages, whatever goes wrong. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { settles } from '../support/measure.ts'
import { receiver } from '../telemetry/tracing/receiver.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const BEGIN = 'canary-'

/** Everything that was hidden somewhere on its way through. */
const hidden = new Set<string>()

/** A secret that tells where it was. */
function canary(place: string): string {
  hidden.add(`${BEGIN}${place}`)
  return `${BEGIN}${place}`
}

const HEADERS = {
  authorization: `Bearer ${canary('authorization')}`,
  'proxy-authorization': `Basic ${canary('proxy-authorization')}`,
  cookie: `session=${canary('cookie')}`,
  'x-api-key': canary('x-api-key'),
  'mcp-param-city': canary('mcp-param'),
  'last-event-id': canary('last-event-id'),
  referer: `http://user:${canary('referer-user')}@host/?q=${canary('referer-query')}`,
  'x-whatever': canary('x-whatever'),
  baggage: `user=${canary('baggage')}`,
}

const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'downstream', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** The upstream: does what the name of the called tool says. */
async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const json = { 'content-type': 'application/json', 'set-cookie': `a=${canary('set-cookie')}` }
  if (req.url?.startsWith('/.well-known/')) {
    res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(canary('metadata'))
    return
  }
  const body = await text(req)
  const { id, method, params } = JSON.parse(body || '{}') as {
    id?: unknown
    method?: string
    params?: { name?: string }
  }
  const say = (more: object) => JSON.stringify({ jsonrpc: '2.0', id, ...more })
  const content = [{ type: 'text', text: canary('result') }]
  const error = { code: -32000, message: canary('rpc-error'), data: { why: canary('rpc-error-data') } }
  switch (method === 'tools/call' ? params?.name : method) {
    case 'tool_error':
      res.writeHead(200, json).end(say({ result: { isError: true, content } }))
      return
    case 'rpc_error':
      res.writeHead(200, json).end(say({ error }))
      return
    case 'http_error':
      res.writeHead(500, { 'content-type': 'text/plain', 'www-authenticate': canary('www-authenticate') })
      res.end(canary('http-error'))
      return
    case 'no_json':
      res.writeHead(200, json).end(`{"result": ${canary('no-json')}`)
      return
    case 'reset':
      res.writeHead(200, json).write(`{"result": "${canary('half-result')}`)
      setTimeout(() => res.socket?.resetAndDestroy(), 20)
      return
    case 'stream': {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      const log = { method: 'notifications/message', params: { level: 'info', data: canary('log-message') } }
      const ask = { id: 'ask', method: 'elicitation/create', params: { message: canary('elicitation') } }
      res.write(`id: ${canary('event-id')}\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...log })}\n\n`)
      res.write(`: ${canary('comment')}\nevent: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...ask })}\n\n`)
      res.end(`data: ${say({ result: { content } })}\n\n`)
      return
    }
    case 'initialize': {
      const serverInfo = { name: 'upstream', version: '1' }
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo,
        instructions: canary('instructions'),
      }
      res.writeHead(200, { ...json, 'mcp-session-id': canary('new-session-id') }).end(say({ result }))
      return
    }
    default:
      res.writeHead(200, json).end(say({ result: { content, structuredContent: { deep: canary('structured') } } }))
  }
}

/** Fails in every phase, with errors that quote what they saw. */
const TREACHEROUS = `
const refuse = (x) => new Error('refused ' + x.headers.authorization + ' at http://u:' + x.headers['x-api-key'] + '@host' + x.url)
export default () => ({
  name: 'treacherous',
  onRequest(x) {
    if (x.headers['x-fail'] === 'request') throw refuse(x)
    if (x.headers['x-fail'] === 'parse') JSON.parse('!' + x.headers['x-api-key'])
    if (x.headers['x-fail'] === 'later') void Promise.reject(refuse(x))
  },
  onResponse(x) {
    if (x.headers['x-fail'] === 'response') throw refuse(x)
  },
  onEnd(x) {
    if (x.headers['x-fail'] === 'end') throw new Error('cookie: ' + x.headers.cookie, { cause: refuse(x) })
  },
})`

/** The real program; its output is kept as it came. */
async function start(t: TestContext, settings: object) {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  const file = join(folder, 'sidelight.yaml')
  writeFileSync(join(folder, 'treacherous.mjs'), TREACHEROUS)
  writeFileSync(file, stringify(settings))
  const child = spawn(process.execPath, [MAIN, '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true })
  })
  let written = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      written += chunk
    })
  }
  const found = (name: string) => new RegExp(`\\b${name}"?[=:]"?(http://[^\\s"]+)`).exec(written)?.[1]
  await settles(() => found('proxy') !== undefined || child.exitCode !== null)
  const url = found('proxy') ?? assert.fail(written)
  return {
    url,
    adminUrl: found('admin') ?? assert.fail(written),
    get written() {
      return written
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function upstream(t: TestContext): Promise<{ url: string; seen: () => string }> {
  let seen = ''
  const server = createServer((req, res) => {
    seen += `${req.url}${JSON.stringify(req.headers)}`
    req.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
    })
    void answer(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen: () => seen }
}

async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const type = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  try {
    const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...type, ...headers }, body })
    await response.text()
  } catch {
    // Broken ends are part of the plan.
  }
}

const call = (name: string) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: { [canary('argument-name')]: canary('argument'), city: [canary('deep-argument')] },
      _meta: { progressToken: canary('progress-token'), more: canary('meta') },
    },
  })

const rpc = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 2, method, params })

async function traffic(url: string): Promise<void> {
  const query = `?city=${canary('query')}`
  const mcp = `${url}/mcp${query}`
  const clientInfo = { name: 'downstream', version: '1' }
  const initialize = { protocolVersion: '2025-11-25', capabilities: { x: canary('capability') }, clientInfo }
  await post(mcp, rpc('initialize', initialize))
  const session = { 'mcp-session-id': canary('session-id') }
  for (const tool of ['ok', 'tool_error', 'rpc_error', 'http_error', 'no_json', 'reset', 'stream'])
    await post(mcp, call(tool), session)
  await post(mcp, JSON.stringify({ jsonrpc: '2.0', id: 'ask', result: { name: canary('answer') } }), session)
  await post(mcp, rpc('resources/read', { uri: `file:///${canary('uri')}` }))
  await post(mcp, rpc('prompts/get', { name: 'greeting', arguments: { who: canary('prompt-argument') } }))
  await post(
    mcp,
    rpc('completion/complete', { ref: { uri: canary('ref') }, argument: { value: canary('completion') } }),
  )
  await post(mcp, `{"jsonrpc":"2.0","id":1,"method":"ping", ${canary('invalid-body')}`)
  await post(mcp, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{"x":"${canary('duplicate')}"}}`)
  await post(mcp, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${canary('too-large').repeat(2000)}"}}`)
  const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': canary('mcp-name') }
  await post(mcp, rpc('tools/call', { name: 'ok', arguments: {}, _meta: MODERN_META }), modern)
  for (const phase of ['request', 'parse', 'later', 'response', 'end']) await post(mcp, call('ok'), { 'x-fail': phase })
  await post(`${url}/down${query}`, call('ok'))
  await post(`${url}/nowhere${query}`, call('ok'))
  await post(`${url}/mcp${query}`, call('ok'), { origin: `http://${canary('origin')}.example` })
  await fetch(`${url}/.well-known/oauth-protected-resource/mcp${query}`, { headers: HEADERS }).catch(() => {})
  await fetch(mcp, { method: 'DELETE', headers: { ...HEADERS, ...session } })
  await raw(url, `POST /mcp${query} HTTP/1.1\r\nHost: x\r\nX Broken: ${canary('broken-header')}\r\n\r\n`)
  await raw(url, `GET /mcp?${canary('large-head')}=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
}

/** Sends bytes that no HTTP client would. */
async function raw(url: string, bytes: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.end(bytes)
  socket.resume()
  await once(socket, 'close')
}

async function pages(adminUrl: string, url: string): Promise<string> {
  const kinds = ['text/plain', 'application/openmetrics-text', 'application/json']
  const views = ['', '?view=pforge', '?view=shadowcat', '?view=metamcp', '?view=tfo']
  const fetches = [
    ...kinds.flatMap((accept) => views.map((view) => fetch(`${adminUrl}/metrics${view}`, { headers: { accept } }))),
    ...['errors', 'config', 'sessions', 'upstreams', 'components'].map((path) => fetch(`${adminUrl}/${path}`)),
    ...[adminUrl, url].flatMap((base) => [fetch(`${base}/health`), fetch(`${base}/health/ready`)]),
  ]
  return (await Promise.all(fetches.map(async (page) => (await page).text()))).join('\n')
}

describe('secrets on their way through', { concurrency: 2, timeout: 60_000 }, () => {
  for (const format of ['json', 'console'] as const) {
    it(`never come out again, with a log of every level as ${format}`, async (t) => {
      const { url, seen } = await upstream(t)
      const collector = await receiver('grpc')
      const probe = { interval: '200ms', headers: { authorization: canary('probe') } }
      const program = await start(t, {
        listen: { port: 0 },
        admin: { port: 0 },
        limits: { requestBytes: '8KiB' },
        upstreams: {
          up: { url: `${url}/mcp`, probe },
          down: { url: 'http://127.0.0.1:9/mcp', probe },
        },
        routes: [
          { path: '/mcp', upstream: 'up', publicUrl: 'https://gateway.example.com/mcp' },
          { path: '/down', upstream: 'down' },
        ],
        interceptors: [{ module: './treacherous.mjs' }],
        telemetry: {
          traces: {
            exporters: ['otlp', 'console'],
            otlp: { endpoint: collector.url, headers: { authorization: canary('collector') } },
            keep: { refused: true },
            delay: '50ms',
          },
        },
        log: { level: 'trace', format, slow: { default: '1ms' } },
        drain: { lag: 0, deadline: '1s' },
      })
      await traffic(program.url)
      const shown = await pages(program.adminUrl, program.url)
      await program.stop()
      const { written } = program
      await collector.close()
      const spans = collector.bytes().toString('latin1')

      // The secrets were there, and so were the occasions to tell them.
      for (const place of ['authorization', 'query', 'argument', 'session-id', 'probe', 'answer', 'meta'])
        assert.ok(seen().includes(`${BEGIN}${place}`), place)
      const answered = ['ok', 'tool_error', 'jsonrpc_error', 'http_error', 'refused', 'upstream_reset', 'unknown']
      const outcomes = [...answered, 'upstream_unreachable', 'gateway_error']
      for (const outcome of outcomes) {
        assert.match(written, new RegExp(`outcome"?[=:]"?${outcome}`), outcome)
        assert.ok(shown.includes(`"${outcome}"`), outcome)
      }
      assert.ok(shown.includes('"correlation_id"'), 'samples of errors')
      assert.ok(collector.heads.some(({ authorization }) => authorization === `${BEGIN}collector`))
      const traced = new Set(collector.spans.map(({ attributes }) => attributes.outcome))
      for (const outcome of outcomes) assert.ok(traced.has(outcome), `${outcome} in ${[...traced]}`)
      assert.ok(collector.spans.some(({ name }) => name === 'resources/read'))
      for (const line of ['interceptor failed', 'unhandled rejection', 'metadata not rewritten'])
        assert.ok(written.includes(line), line)
      for (const name of ['tool_error', 'greeting', 'downstream']) assert.ok(written.includes(name), name)

      const told = [...hidden].filter((secret) => [written, shown, spans].some((all) => all.includes(secret)))
      assert.deepEqual(told, [])
      for (const all of [written, shown, spans]) assert.ok(!all.includes(BEGIN))
    })
  }

  it('are not told when the configuration is wrong', async () => {
    const secret = canary('upstream-url')
    const given: readonly [args: readonly string[], env: Readonly<Record<string, string>>][] = [
      [['--upstream', `http://user:${secret}@127.0.0.1:1/mcp`], {}],
      [['--upstream', `http://127.0.0.1:1/mcp?key=${secret}`], {}],
      [[], { SIDELIGHT_UPSTREAM: `http://user:${secret}@127.0.0.1:1/mcp` }],
    ]
    for (const [args, env] of given) {
      const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      assert.match(err, /must not carry/)
      assert.ok(!`${out}${err}`.includes(secret), `${out}${err}`)
    }
  })
})
