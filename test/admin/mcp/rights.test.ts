/** Who may call which tool, and what the tools refuse. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gateway, type TestGateway } from '../../support/gateway.ts'

const READER = 'reader-token-0123456789'
const WRITER = 'writer-token-0123456789'

interface Called {
  readonly text: string
  readonly failed: boolean
}

describe('tools and rights', () => {
  let g: TestGateway
  before(async () => {
    const tokens = [
      { name: 'reader', token: READER, rights: ['read'] },
      { name: 'writer', token: WRITER, rights: ['read', 'write'] },
    ]
    const upstreams = { u: { url: 'http://127.0.0.1:9/mcp', required: false, probe: { enabled: false } } }
    g = await gateway({ upstreams, admin: { tokens } })
  })
  after(() => g.close())

  const post = (token: string | undefined, message: object, headers = {}) =>
    fetch(`${g.adminUrl}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    })

  async function call(token: string, name: string, args: object = {}): Promise<Called> {
    const response = await post(token, { method: 'tools/call', params: { name, arguments: args } })
    const { result } = (await response.json()) as { result: { content: { text: string }[]; isError?: boolean } }
    return { text: result.content[0]?.text ?? '', failed: result.isError === true }
  }

  const components = async () => {
    const response = await fetch(`${g.adminUrl}/components`, { headers: { authorization: `Bearer ${READER}` } })
    return ((await response.json()) as { components: { name: string; status: string }[] }).components
  }

  it('without a token, or with a wrong one, nothing is said', async () => {
    for (const token of [undefined, 'another-token-0123456789']) {
      const response = await post(token, { method: 'tools/list' })
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
    }
  })

  it('a token that may only read may not set, and is told which right it lacks', async () => {
    const { text, failed } = await call(READER, 'set_component_health', { name: 'db', status: 'unhealthy' })
    assert.equal(failed, true)
    assert.match(text, /"write"/)
    assert.ok((await components()).every(({ name }) => name !== 'db'))
    assert.equal((await call(READER, 'get_health')).failed, false)
  })

  it('a token that may write sets a component, and the health report shows it', async () => {
    const args = { name: 'db', status: 'degraded', message: 'slow disk', for: '10m' }
    assert.equal((await call(WRITER, 'set_component_health', args)).failed, false)
    assert.equal((await components()).find(({ name }) => name === 'db')?.status, 'degraded')
    assert.match((await call(READER, 'get_health')).text, /slow disk/)
    assert.ok(
      g.log.some(
        ({ msg, component, caller }) => msg === 'component set by MCP' && component === 'db' && caller === 'writer',
      ),
    )
  })

  const REFUSED: readonly (readonly [tool: string, args: object, why: RegExp])[] = [
    ['set_component_health', { name: 'db' }, /status is missing/],
    ['set_component_health', { status: 'healthy' }, /name is missing/],
    ['set_component_health', { name: 'db', status: 'fine' }, /status must be one of/],
    ['set_component_health', { name: 'db', status: 'healthy', for: 'soon' }, /for must be a duration/],
    ['set_component_health', { name: 'upstream:u', status: 'healthy' }, /name/],
    ['set_component_health', { name: 'db', status: 'healthy', required: 'yes' }, /required must be/],
    ['get_errors', { limit: 1000 }, /limit must be/],
    ['get_errors', { outcome: 'bad' }, /outcome must be one of/],
    // As a component of the health report is called.
    ['get_errors', { upstream: 'upstream:u' }, /no upstream upstream:u; there are u$/],
    ['get_slow_calls', { upstream: 'v' }, /no upstream v; there are u$/],
    ['get_sessions', { upstream: 'v' }, /no upstream v; there are u$/],
    ['get_metrics', { upstream: 'v' }, /no upstream v; there are u$/],
    ['get_sessions', { cursor: 'x' }, /cursor/],
    ['get_metrics', { format: 'xml' }, /format must be one of/],
    ['get_health', { verbose: true }, /There is no argument verbose/],
    ['echo', {}, /message is missing/],
    ['echo', { message: 'x'.repeat(5000) }, /at most 4096/],
  ]
  for (const [tool, args, why] of REFUSED)
    it(`${tool} ${JSON.stringify(args).slice(0, 60)} is an error that says why`, async () => {
      const { text, failed } = await call(WRITER, tool, args)
      assert.equal(failed, true)
      assert.match(text, why)
    })

  it('a body that is too large is refused', async () => {
    const response = await post(READER, { method: 'tools/call', params: { text: 'x'.repeat(300_000) } })
    assert.equal(response.status, 413)
  })

  it('only POST is served: there are no streams and no sessions', async () => {
    for (const method of ['GET', 'DELETE']) {
      const headers = { authorization: `Bearer ${READER}`, accept: 'text/event-stream' }
      const response = await fetch(`${g.adminUrl}/mcp`, { method, headers })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), 'POST')
    }
  })
})
