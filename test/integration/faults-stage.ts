/** The stage of the fault tests: a gateway between a raw origin and raw clients, and what must hold after every fault. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { FAILURES } from '../../src/errors.ts'
import { CALL_ID, OK_BODY } from '../support/fault-parts.ts'
import { gateway, type LogLine, type Settings, type TestGateway } from '../support/gateway.ts'
import { listenerWarnings, settles } from '../support/measure.ts'
import { OperationCounts } from '../support/operation-counts.ts'
import { type RawClient, type RawResponse, type RequestParts, rawClient, requestBytes } from '../support/raw-client.ts'
import type { RawRequest } from '../support/raw-exchange.ts'
import { type RawOrigin, type RawOriginOptions, rawOrigin } from '../support/raw-origin.ts'

/** Short enough for a test; where a test needs more or none it says so. Milliseconds are as the file has them. */
export const DEADLINES = { connect: '300ms', responseHead: '300ms', bodyIdle: '200ms' }

export interface StageOptions {
  readonly origin?: RawOriginOptions
  /** In place of the origin's own. */
  readonly upstreamUrl?: string
  /** `upstreams.upstream.limits` */
  readonly permits?: Settings
  readonly deadlines?: Settings
  /** Anything else of the configuration. */
  readonly settings?: Settings
}

export { CALL_ID }
export const CALL = JSON.stringify({ jsonrpc: '2.0', id: CALL_ID, method: 'tools/call', params: { name: 'echo' } })
const JSON_TYPE = ['Content-Type', 'application/json'] as const
const GAUGES = [
  'mcp_requests_active',
  'mcp_pool_connections_active',
  'mcp_pool_streams_active',
  'mcp_pool_pending',
] as const

export class Stage {
  readonly origin: RawOrigin
  readonly gateway: TestGateway
  readonly operations: OperationCounts
  readonly #clients: RawClient[] = []
  #seen = 0

  constructor(origin: RawOrigin, running: TestGateway) {
    this.origin = origin
    this.gateway = running
    this.operations = new OperationCounts(running.adminUrl)
  }

  /** A connection to the gateway that the stage closes at the end. */
  async client(highWater?: number): Promise<RawClient> {
    const client = await rawClient(this.gateway.url, highWater === undefined ? {} : { highWater })
    this.#clients.push(client)
    return client
  }

  /** The bytes of a POST to /mcp that the origin answers as told, and that `hits` finds by its tag. */
  bytes(tag: string, parts: RequestParts & { readonly behaviour?: string } = {}): Buffer {
    const { behaviour, headers = [], method = 'POST', ...rest } = parts
    const named = behaviour === undefined ? [] : [['X-Behaviour', behaviour] as const]
    const own = [['X-Tag', tag] as const, ...named, ...headers]
    const body = method === 'POST' ? { headers: [JSON_TYPE, ...own], body: CALL } : { headers: own }
    return requestBytes({ method, ...body, ...rest })
  }

  /** Sends a request on a connection of its own and waits for the whole response. */
  async ask(tag: string, parts: RequestParts & { readonly behaviour?: string } = {}): Promise<RawResponse> {
    const client = await this.client()
    await client.send(this.bytes(tag, parts))
    const response = await client.response(parts.method ?? 'POST')
    client.close()
    return response
  }

  /** The requests with this tag that reached the origin. */
  hits(tag: string): RawRequest[] {
    return this.origin.requests.filter((request) => request.header('x-tag') === tag)
  }

  /** The next request with this tag at the origin. */
  arrived(tag: string): Promise<RawRequest> {
    return settles(() => this.hits(tag)[0], { what: `the arrival of ${tag}` }) as Promise<RawRequest>
  }

  /** The line of the exchange that ended next after those already taken. */
  async ended(): Promise<LogLine> {
    await settles(() => this.gateway.exchanges.length > this.#seen, { what: 'the end of the exchange' })
    const line = this.gateway.exchanges[this.#seen] as LogLine
    this.#seen++
    return line
  }

  /** Forgets the exchanges so far, so that one failed test does not fail the next. */
  async catchUp(): Promise<void> {
    await this.settled()
    this.#seen = this.gateway.exchanges.length
    await this.operations.ended()
  }

  /** The lines of the next `count` exchanges, and that no more come. */
  async endedAll(count: number): Promise<LogLine[]> {
    const lines: LogLine[] = []
    while (lines.length < count) lines.push(await this.ended())
    assert.equal(this.gateway.exchanges.length, this.#seen, 'more exchanges ended than requests were sent')
    return lines
  }

  /** Nothing is held any more: no gauge, no downstream socket but our own probes of it, no busy upstream socket. */
  async settled(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close()
    for (const gauge of GAUGES) {
      await settles(async () => (await this.gateway.metric(gauge)) === 0, { what: `${gauge} = 0`, every: 10 })
    }
    await settles(async () => (await this.gateway.metric('mcp_connections_active')) === 0, {
      what: 'downstream sockets gone',
      every: 10,
    })
    // What the gateway keeps for the next request is counted as idle; anything else would be a leak.
    await settles(async () => this.origin.open <= (await this.gateway.metric('mcp_pool_connections_idle')), {
      what: 'upstream sockets gone',
      every: 10,
    })
    assert.deepEqual(this.origin.failures, [])
  }

  /**
   * The exchanges counted by outcome equal the lines of the log, each once; and so do the operations.
   * @param alike every call ended as its exchange did
   */
  async countedOnce(alike = true): Promise<void> {
    const byOutcome = new Map<string, number>()
    for (const line of this.gateway.exchanges) {
      const outcome = String(line.outcome)
      byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1)
    }
    for (const [outcome, count] of byOutcome) {
      assert.equal(
        await this.gateway.metric('mcp_requests_total', { outcome }),
        count,
        `mcp_requests_total{${outcome}}`,
      )
    }
    assert.equal(await this.gateway.metric('mcp_requests_total'), this.gateway.exchanges.length)
    const calls = this.gateway.exchanges.filter((line) => line['mcp.method.name'] !== undefined)
    const operations = await this.operations.all()
    assert.equal(operations.length, calls.length)
    if (alike) assert.deepEqual(operations, calls.map(({ outcome }) => String(outcome)).sort())
  }

  /** A plain request passes. */
  async serves(): Promise<void> {
    const response = await this.ask('still-serving')
    assert.equal(response.status, 200)
    assert.equal((await this.ended()).outcome, 'ok')
  }
}

/** Closed with the test; whatever the test did, nothing may be held and no listener may have piled up. */
export async function stage(t: TestContext, options: StageOptions = {}): Promise<Stage> {
  const warned = listenerWarnings()
  const origin = await rawOrigin({
    behaviour: (exchange) => exchange.respond({ body: OK_BODY }),
    ...options.origin,
  })
  const running = await gateway({
    upstreams: {
      upstream: {
        url: options.upstreamUrl ?? `${origin.url}/mcp`,
        limits: options.permits ?? {},
        // One probe at the start and no second within the test.
        probe: { interval: '1h' },
      },
    },
    routes: [{ path: '/mcp', upstream: 'upstream', deadlines: { ...DEADLINES, ...options.deadlines } }],
    ...options.settings,
  })
  t.after(async () => {
    await running.close()
    await origin.close()
    warned.stop()
    assert.deepEqual(warned.warnings, [])
  })
  if (options.upstreamUrl === undefined) {
    await settles(
      async () => (await running.metric('mcp_upstream_probe_duration_seconds_count')) > 0 && origin.open === 0,
    )
  }
  return new Stage(origin, running)
}

/** An answer of Sidelight's own: JSON-RPC with the request's id, the code of the table, and nothing of the inside. */
export function assertRpcError(
  response: RawResponse,
  code: keyof typeof FAILURES | readonly (keyof typeof FAILURES)[],
  id: string | number | null = CALL_ID,
): void {
  const text = response.body.toString()
  assert.equal(response.header('content-type'), 'application/json')
  assert.match(response.header('date') ?? '', / GMT$/)
  assert.ok(response.clean, 'the answer is whole')
  const { jsonrpc, id: answered, error } = JSON.parse(text)
  assert.equal(jsonrpc, '2.0')
  assert.equal(answered, id)
  const codes = typeof code === 'string' ? [code] : code
  assert.ok(codes.includes(error.data.type), `${error.data.type} is none of ${codes}`)
  const row = FAILURES[error.data.type as keyof typeof FAILURES]
  assert.equal(error.code, row.rpc)
  assert.equal(response.status, row.status)
  assert.equal(error.data.source, row.source)
  assert.deepEqual(Object.keys(error).sort(), ['code', 'data', 'message'])
  assertDiscreet(text)
}

/** No address, no stack, no cause. */
export function assertDiscreet(text: string): void {
  assert.doesNotMatch(text, /127\.0\.0\.1|ECONN|HPE_|UND_ERR|\bat .*:\d+:\d+|node:|undici|cause|stack/)
}
