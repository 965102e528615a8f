/** A gateway in front of servers good and bad, and clients that use every one of them in every way a dashboard shows. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { everything } from '../../support/everything.ts'
import { type GatewayProcess, gatewayProcess } from '../../support/gateway.ts'
import { peerClient2x } from '../../support/peers/client-2x.ts'
import { peerServer2x } from '../../support/peers/server-2x.ts'
import { moodyCollector } from './collector.ts'
import { flakyServer } from './flaky-server.ts'

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9/mcp'

/** More sessions than these are not tracked. */
const MOST_SESSIONS = 8

/** Names that no list has: more than are taken for labels. */
const INVENTED = 60

const TOKEN = 'token-of-this-test'

const SESSION = 'mcp-session-id'

const INTERCEPTOR = `
export default function picky() {
  return {
    name: 'picky',
    onRequest(x) {
      const names = x.messages.map(({ name }) => name)
      if (names.includes('crash')) throw new Error('crashed')
      if (names.includes('forbidden')) return { action: 'refuse', status: 403, message: 'not here' }
    },
  }
}
`

export interface Load {
  readonly gateway: GatewayProcess
  /** Everything once; to be called again and again, because rates need a course. */
  round(): Promise<void>
  close(): Promise<void>
}

/** What was started before a failure is closed. */
export async function load(): Promise<Load> {
  const started = new AsyncDisposableStack()
  try {
    return await start(started)
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

async function start(started: AsyncDisposableStack): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-load-'))
  started.defer(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'picky.mjs'), INTERCEPTOR)
  const closing = <T extends { close(): void | Promise<void> }>(each: T): T => started.adopt(each, () => each.close())
  const good = closing(await everything('streamableHttp'))
  const modern = closing(await peerServer2x())
  const flaky = closing(await flakyServer())
  const collector = closing(await moodyCollector())
  const otlp = { endpoint: collector.url, protocol: 'http/protobuf' }
  const probe = { interval: '1s', timeout: '500ms' }
  const { hostname: host, port } = new URL(modern.url)
  const upstreams = {
    good: { url: `${good.url}/mcp`, probe },
    modern: { url: modern.url, probe },
    flaky: { url: flaky.url, probe, limits: { calls: 2, queue: 1, queueTimeout: '200ms' } },
    gone: { url: NOWHERE, probe },
  }
  const gateway = closing(
    await gatewayProcess([], {
      settings: {
        admin: { token: TOKEN },
        upstreams,
        routes: Object.keys(upstreams).map((name) => ({
          path: `/${name}`,
          upstream: name,
          ...(name === 'flaky' ? { deadlines: { responseHead: '300ms' }, traceMeta: true } : {}),
        })),
        interceptors: [{ module: join(folder, 'picky.mjs') }],
        sessions: { max: MOST_SESSIONS, heartbeat: '1s' },
        log: { slow: { default: '100ms' } },
        health: { checks: [{ name: 'modern', kind: 'tcp', host, port: Number(port), interval: '1s' }] },
        // Fewer than there are.
        errors: { kinds: 5 },
        alerts: {
          rules: [{ name: 'broken', errors: { outcomes: ['upstream_unreachable'], count: 3 } }],
          webhook: { urls: [collector.url] },
        },
        telemetry: {
          metrics: { exporters: ['prometheus', 'otlp'], otlp, interval: '1s', timeout: '500ms' },
          traces: { exporters: ['otlp'], otlp, delay: '200ms' },
        },
      },
    }),
  )
  let count = 0
  return {
    gateway,
    async round() {
      await Promise.all([
        politely(`${gateway.url}/good`, 'auto'),
        politely(`${gateway.url}/good`, 'legacy'),
        politely(`${gateway.url}/modern`, { pin: '2026-07-28' }),
        rudely(gateway.url, count++),
        reload(gateway.adminUrl, TOKEN),
        reload(gateway.adminUrl, 'another'),
      ])
    },
    close: () => started.disposeAsync(),
  }
}

/** As clients of the SDK do. */
async function politely(url: string, mode: Parameters<typeof peerClient2x>[1]): Promise<void> {
  const peer = await peerClient2x(url, mode)
  await peer.tools()
  for (let call = 0; call < 10; call++) await peer.call('echo', { message: 'hello' })
  if (peer.isLegacy) {
    await peer.read('demo://resource/dynamic/text/1')
    await peer.call('trigger-sampling-request', { prompt: 'why?', maxTokens: 5 })
    await peer.call('trigger-long-running-operation', { duration: 0.2, steps: 5 }, { onprogress: () => {} })
    const session = await opened(url)
    await post(url, { method: 'prompts/get', params: { name: 'simple-prompt' } }, session)
    await drained(await fetch(url, { method: 'DELETE', headers: { [SESSION]: session } }))
  }
  await peer.end()
}

/** As no client should. */
async function rudely(url: string, round: number): Promise<void> {
  const flaky = `${url}/flaky`
  const session = await opened(flaky)
  await post(flaky, { method: 'tools/list' }, session)
  const names = ['echo', 'large', 'fails', 'error', 'slow', 'breaks', 'down', 'odd', 'streams', 'crash', 'forbidden']
  for (const name of names) await call(flaky, name, session)
  // Two are under way, one waits too long, and the others find no room.
  await Promise.all(Array.from({ length: 6 }, () => call(flaky, 'hangs', session)))
  await call(flaky, 'forgotten', session)
  for (let made = 0; made < MOST_SESSIONS; made++) await opened(flaky)
  await fetch(flaky, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }).then(drained)
  for (let made = 0; made < INVENTED / 3; made++) await call(`${url}/gone`, `invented-${round}-${made}`)
  await nonsense(url)
}

async function opened(url: string): Promise<string> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'rude', version: '1' } }
  return (await post(url, { method: 'initialize', params })).headers.get(SESSION) ?? ''
}

const call = (url: string, name: string, session?: string): Promise<Response> =>
  post(url, { method: 'tools/call', params: { name, arguments: {} } }, session)

async function post(url: string, message: object, session?: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(session === undefined ? {} : { [SESSION]: session }),
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
  return drained(await fetch(url, { method: 'POST', headers, body }))
}

const reload = async (url: string, token: string): Promise<Response> =>
  drained(await fetch(`${url}/reload`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }))

async function drained(response: Response): Promise<Response> {
  // What breaks off is meant to.
  await response.arrayBuffer().catch(() => {})
  return response
}

/** A connection on which no request begins. */
async function nonsense(url: string): Promise<void> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('NONSENSE\r\n\r\n')
  await Promise.race([once(socket, 'close'), pause(2_000)])
  socket.destroy()
}
