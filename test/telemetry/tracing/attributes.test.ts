/** What spans say of resources, of results that are no result yet, and of streams, as a real OTLP receiver gets it. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { traced } from '../../interceptors/traced-gateway.ts'
import type { Settings } from '../../support/gateway.ts'
import type { HeaderList } from '../../support/http-head.ts'
import { rawClient } from '../../support/raw-client.ts'
import { type Behaviour, rawOrigin } from '../../support/raw-origin.ts'
import { answerTo } from '../../support/rpc-answer.ts'
import type { AttributeValue } from './receiver.ts'

const SERVER = 2

const message = (method: string, params: object = {}, id = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

const saying =
  (result: object): Behaviour =>
  async (exchange) =>
    exchange.respond({ body: answerTo(await exchange.body(), result) })

/** Everything on the spans of one exchange, the server's first, and all bytes that the receiver got. */
async function spansOf(
  t: TestContext,
  body: string,
  behaviour: Behaviour,
  { traces = {}, headers = [] }: { traces?: Settings; headers?: HeaderList } = {},
) {
  const origin = await rawOrigin({ behaviour })
  t.after(() => origin.close())
  const { g, spans, receiver } = await traced(t, `${origin.url}/mcp`, { traces })
  const client = await rawClient(g.url)
  t.after(() => client.close())
  await client.ask({ body, headers })
  const both = [...(await spans(2))].sort((a, b) => a.kind - b.kind)
  assert.deepEqual(
    both.map(({ kind }) => kind),
    [SERVER, SERVER + 1],
  )
  const [server = {}, upstream = {}] = both.map(({ attributes }) => attributes)
  return { server, upstream, names: both.map(({ name }) => name), bytes: receiver.bytes() }
}

describe('mcp.resource.uri', { timeout: 60_000 }, () => {
  const URI = 'file:///home/ada/canary.txt'
  const read = message('resources/read', { uri: URI })

  it('is nowhere on spans, nor is any part of it in their names', async (t) => {
    const { server, upstream, bytes } = await spansOf(t, read, saying({ contents: [] }))
    assert.equal(server['mcp.method.name'], 'resources/read')
    for (const attributes of [server, upstream]) assert.ok(!('mcp.resource.uri' in attributes))
    assert.ok(!bytes.includes('canary'))
  })

  it('is on both spans, and in no name, with telemetry.traces.resourceUris', async (t) => {
    const told = await spansOf(t, read, saying({ contents: [] }), { traces: { resourceUris: true } })
    assert.deepEqual([told.server['mcp.resource.uri'], told.upstream['mcp.resource.uri']], [URI, URI])
    assert.deepEqual(told.names, ['resources/read', 'resources/read'])
    assert.ok(told.bytes.includes(URI), 'the receiver would have seen it')
  })

  it('is never what a tool or a prompt is called', async (t) => {
    for (const method of ['tools/call', 'prompts/get']) {
      const { server } = await spansOf(t, message(method, { name: 'x' }), saying({}), {
        traces: { resourceUris: true },
      })
      assert.equal(server['mcp.method.name'], method)
      assert.ok(!('mcp.resource.uri' in server), method)
    }
  })
})

describe('mcp.result.type', { timeout: 60_000 }, () => {
  for (const [said, told] of [
    ['input_required', 'input_required'],
    ['of-the-future', '_other'],
    ['complete', undefined],
    [undefined, undefined],
  ] as const)
    it(`is ${told ?? 'not there'} where the result says ${said ?? 'nothing'}`, async (t) => {
      const call = message('tools/call', { name: 'echo' })
      const { server } = await spansOf(t, call, saying({ content: [], ...(said && { resultType: said }) }))
      assert.equal(server.outcome, 'ok')
      assert.equal(server['mcp.result.type'], told)
    })

  it('is fallback_probe where a legacy upstream does not know server/discover', async (t) => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    const legacy: Behaviour = async (exchange) => {
      await exchange.body()
      await exchange.respond({
        body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}',
      })
    }
    const headers: HeaderList = [
      ['Mcp-Protocol-Version', '2026-07-28'],
      ['Mcp-Method', 'server/discover'],
    ]
    const { server } = await spansOf(t, message('server/discover', { _meta }), legacy, { headers })
    assert.deepEqual([server.outcome, server['mcp.result.type']], ['ok', 'fallback_probe'])
  })
})

describe('mcp.stream.events', { timeout: 60_000 }, () => {
  const streaming =
    (...events: readonly string[]): Behaviour =>
    async (exchange) => {
      const answer = `data: ${answerTo(await exchange.body())}\n\n`
      await exchange.openStream()
      for (const event of [...events, answer]) await exchange.chunk(event)
      await exchange.lastChunk()
    }
  const NOTIFICATION = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'

  const of = async (t: TestContext, behaviour: Behaviour): Promise<[AttributeValue, AttributeValue]> => {
    const { server, upstream } = await spansOf(t, message('ping'), behaviour)
    return [server['mcp.stream.events'], upstream['mcp.stream.events']]
  }

  it('counts the events with data, on the span of the exchange alone', async (t) => {
    const behaviour = streaming(NOTIFICATION, ': a comment\n\n', 'id: 1\nretry: 5\n\n', NOTIFICATION)
    assert.deepEqual(await of(t, behaviour), [3, undefined])
  })

  it('is 0 for a stream without any', async (t) => {
    const silent: Behaviour = async (exchange) => {
      await exchange.body()
      await exchange.openStream()
      await exchange.chunk(': nothing\n\n')
      await exchange.lastChunk()
    }
    assert.deepEqual(await of(t, silent), [0, undefined])
  })

  it('is not there where there is no stream', async (t) => {
    assert.deepEqual(await of(t, saying({})), [undefined, undefined])
  })
})
