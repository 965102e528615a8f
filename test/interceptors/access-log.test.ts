/** The access-log line of real exchanges: who called what, and where the time went. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sessionTag } from '../../src/telemetry/access-log.ts'
import { gateway, inFrontOf, type LogLine } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type Behaviour, rawOrigin } from '../support/raw-origin.ts'

const CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"}}'
const PHASES = ['request_read_ms', 'interceptors_ms', 'pool_wait_ms', 'connect_ms', 'response_head_ms']

/** Sends one request after the other and returns their lines. `onText` sees what came so far of each response. */
async function linesOf(
  t: TestContext,
  behaviour: Behaviour,
  requests: readonly RequestInit[],
  onText: (text: string) => void = () => {},
): Promise<LogLine[]> {
  const origin = await rawOrigin({ behaviour })
  t.after(() => origin.close())
  const g = await gateway(inFrontOf(`${origin.url}/mcp`))
  t.after(() => g.close())
  for (const [i, request] of requests.entries()) {
    const type = { 'content-type': 'application/json' }
    const response = await fetch(`${g.url}/mcp`, {
      method: 'POST',
      ...request,
      headers: { ...type, ...request.headers },
    })
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      onText(text)
    }
    await settles(() => g.exchanges.length === i + 1)
  }
  return [...g.exchanges]
}

const number = (line: LogLine | undefined, name: string): number => {
  const value = line?.[name]
  assert.ok(typeof value === 'number' && value >= 0, `${name} is ${value}`)
  return value
}

describe('the line of an exchange', { timeout: 30_000 }, () => {
  it('says how long each phase took, and they fit into the whole', async (t) => {
    const slowly: Behaviour = async (exchange) => {
      await exchange.body()
      await delay(60)
      await exchange.respond({ body: '{"jsonrpc":"2.0","id":7,"result":{}}' })
    }
    const [first, second] = await linesOf(t, slowly, [{ body: CALL }, { body: CALL }])
    const sum = PHASES.reduce((total, name) => total + number(first, name), 0)
    // Each is rounded to a microsecond.
    assert.ok(sum <= number(first, 'duration_ms') + 0.01, JSON.stringify(first))
    assert.ok(number(first, 'response_head_ms') >= 55, JSON.stringify(first))
    assert.match(String(first?.endpoint), /127\.0\.0\.1:\d+/)
    assert.equal(second?.connect_ms, undefined, 'the connection was there already')
    assert.deepEqual(
      [first?.first_event_ms, first?.stream_ms, first?.['operation.duration_ms']],
      [undefined, undefined, undefined],
    )
  })

  it('says of a stream when its first event came, and when the call was answered', async (t) => {
    const progress = Promise.withResolvers<void>()
    const result = Promise.withResolvers<void>()
    const onText = (text: string) => {
      if (text.includes('progress')) progress.resolve()
      if (text.includes('result')) result.resolve()
    }
    const streamed: Behaviour = async (exchange) => {
      await exchange.body()
      await exchange.openStream()
      await exchange.chunk('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n')
      await progress.promise
      await delay(60)
      await exchange.chunk('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n')
      await result.promise
      await delay(60)
      await exchange.lastChunk()
    }
    const [line] = await linesOf(t, streamed, [{ body: CALL }], onText)
    const [event, answer, stream, all] = [
      number(line, 'first_event_ms'),
      number(line, 'operation.duration_ms'),
      number(line, 'stream_ms'),
      number(line, 'duration_ms'),
    ]
    assert.ok(event < answer && answer < all - 50 && stream > 110 && stream <= all, JSON.stringify(line))
  })

  it('names the downstream and the session from initialize on, and never the id', async (t) => {
    const id = 'b2b7c2a0-0000-4000-8000-1234567890ab'
    const serves: Behaviour = async (exchange) => {
      const { id: rpcId } = JSON.parse((await exchange.body()).toString()) as { id: number }
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } }
      const headers = [
        ['Mcp-Session-Id', id],
        ['Content-Type', 'application/json'],
      ] as const
      await exchange.respond({ headers, body: JSON.stringify({ jsonrpc: '2.0', id: rpcId, result }) })
    }
    const clientInfo = { name: `down"stream ${'x'.repeat(100)}`, version: '2.12.0' }
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
    const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    const lines = await linesOf(t, serves, [{ body: initialize }, { body: CALL, headers: { 'mcp-session-id': id } }])
    for (const line of lines) {
      assert.equal(line['mcp.client.name'], clientInfo.name.slice(0, 64))
      assert.equal(line['mcp.client.version'], '2.12.0')
      assert.equal(line['mcp.session.id'], sessionTag(id))
      assert.equal(line['mcp.protocol.version'], '2025-11-25')
      assert.ok(!JSON.stringify(line).includes(id))
    }
    assert.deepEqual([lines[1]?.['gen_ai.tool.name'], lines[1]?.['jsonrpc.request.id']], ['echo', '7'])
  })

  it('leaves out the phases that were not reached', async (t) => {
    const [line] = await linesOf(t, async (exchange) => exchange.respond({}), [{ body: '{' }])
    assert.equal(line?.outcome, 'refused')
    number(line, 'request_read_ms')
    for (const name of [...PHASES.slice(2), 'first_event_ms', 'stream_ms', 'endpoint'])
      assert.equal(line?.[name], undefined, name)
  })
})
