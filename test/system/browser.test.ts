/** A page in a real browser speaks MCP through the gateway, as the browser-based inspector does. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { browserIsMissing, type Page, page } from '../support/browser.ts'
import { gateway, type Settings } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

/** What a server says that lets one page in. */
const cors = (origin: string): HeaderList => [
  ['Access-Control-Allow-Origin', origin],
  ['Access-Control-Expose-Headers', 'Mcp-Session-Id'],
]

const preflight = (origin: string): HeaderList => [
  ['Access-Control-Allow-Origin', origin],
  ['Access-Control-Allow-Methods', 'GET, POST, DELETE'],
  ['Access-Control-Allow-Headers', 'content-type, mcp-protocol-version, mcp-session-id'],
]

/** In the page: sends one MCP request, and tells all that a script may know of the answer. */
const ASK = `
async function ask(url, method, headers = {}) {
  try {
    const body = method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"ping"}' : undefined
    const response = await fetch(url + '/mcp', { method, headers, body })
    const { status } = response
    const shown = [...response.headers.keys()]
    return { status, session: response.headers.get('mcp-session-id'), shown, text: await response.text() }
  } catch (error) {
    return { failed: error.name }
  }
}
const modern = { 'content-type': 'application/json', 'mcp-protocol-version': '2025-11-25' }`

interface Told {
  readonly status?: number
  readonly session?: string | null
  readonly shown?: readonly string[]
  readonly text?: string
  readonly failed?: string
}

describe('a browser', { timeout: 90_000, skip: browserIsMissing && 'no chromium' }, () => {
  let shown: Page
  let origin: RawOrigin
  before(async () => {
    shown = await page()
    const serves: Behaviour = async (exchange) => {
      const { method } = exchange.request
      if (method === 'OPTIONS') return exchange.respond({ status: 204, headers: preflight(shown.origin) })
      if (method === 'GET') {
        await exchange.openStream(cors(shown.origin))
        await exchange.chunk('data: 1\n\n')
        await exchange.chunk('data: 2\n\n')
        return void (await exchange.lastChunk())
      }
      return exchange.respond({ headers: [...cors(shown.origin), ['Mcp-Session-Id', 'abc']], body: `"${method}"` })
    }
    origin = await rawOrigin({ behaviour: serves })
  })
  after(async () => {
    shown.close()
    await origin.close()
  })

  async function front(t: TestContext, listen: Settings = {}, url = `${origin.url}/mcp`): Promise<string> {
    const g = await gateway({ listen, upstreams: { upstream: { url, probe: { enabled: false } } } })
    t.after(() => g.close())
    return g.url
  }

  const run = (script: string): Promise<readonly Told[]> => shown.run(`${ASK}\n${script}`)

  it('sends every method of MCP and reads the session, wherever the gateway listens', async (t) => {
    const urls = [await front(t), await front(t, { host: '0.0.0.0' }), await front(t, { origins: [shown.origin] })]
    const told = await run(`
      const told = []
      for (const url of ${JSON.stringify(urls)}) {
        told.push(await ask(url, 'POST', modern))
        told.push(await ask(url, 'GET', { accept: 'text/event-stream', 'mcp-session-id': 'abc' }))
        told.push(await ask(url, 'DELETE', { 'mcp-session-id': 'abc' }))
      }
      report(told)`)
    const each = told.map(({ status, session, text }) => [status, session, text])
    const once = [
      [200, 'abc', '"POST"'],
      [200, null, 'data: 1\n\ndata: 2\n\n'],
      [200, 'abc', '"DELETE"'],
    ]
    assert.deepEqual(each, [...once, ...once, ...once])
    const asked = origin.requests.filter(({ method }) => method === 'OPTIONS')
    assert.ok(asked.length >= 3, 'each gateway passed preflights on')
    assert.deepEqual([...new Set(asked.map((request) => request.header('origin')))], [shown.origin])
  })

  it('is told why the gateway could not ask', async (t) => {
    const gone = await rawOrigin()
    await gone.close()
    const [away, reset] = [await front(t, {}, `${gone.url}/mcp`), await front(t)]
    const serves = origin.behaviour
    t.after(() => {
      origin.behaviour = serves
    })
    origin.behaviour = (exchange) => (exchange.request.method === 'OPTIONS' ? serves(exchange) : exchange.reset())
    const [simple, withPreflight, afterPreflight] = await run(`
      report([
        await ask('${away}', 'GET'),
        await ask('${away}', 'POST', modern),
        await ask('${reset}', 'POST', modern),
      ])`)
    assert.equal(simple?.status, 502)
    assert.match(simple?.text ?? '', /upstream_unreachable/)
    assert.ok(simple?.shown?.includes('x-correlation-id'))
    assert.deepEqual(withPreflight, { failed: 'TypeError' }, 'nobody but the upstream may answer the preflight')
    assert.equal(afterPreflight?.status, 502)
    assert.match(afterPreflight?.text ?? '', /upstream_reset/)
  })

  it('is told nothing where its origin is not allowed, by the gateway or by the server', async (t) => {
    const closed = await front(t, { origins: ['https://app.example.com'] })
    const silent = await rawOrigin()
    t.after(() => silent.close())
    const without = await front(t, {}, `${silent.url}/mcp`)
    const before = origin.requests.length
    const told = await run(`
      report([await ask('${closed}', 'GET'), await ask('${closed}', 'POST', modern), await ask('${without}', 'GET')])`)
    assert.deepEqual(told, [{ failed: 'TypeError' }, { failed: 'TypeError' }, { failed: 'TypeError' }])
    assert.equal(origin.requests.length, before)
    assert.equal(silent.requests.length, 1)
  })
})

it('a browser was there to speak through the gateway', { skip: !browserIsMissing || 'it was' }, () => {
  console.log('NOT RUN: chromium is not installed')
  assert.equal(process.env.CI, undefined, 'chromium must be installed where CI is set')
})
